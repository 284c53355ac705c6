"""The register of rewards for verified major hazards (M031): proposed, approved by the county, paid. Off by default.

Nothing here is said to anybody below the county but the receiver, and the case's own story tells nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.base import insert_once, swap
from models.hazard import rules
from models.hazard.holding import load
from models.hazard.rules import Payment
from models.hazard.tables import Reward
from models.outbox import Lane
from models.people import actions as people
from models.people.rules import Me, Role, county_of, decides
from models.people.tables import Region
from models.policy import Ladder, Policy, Rung
from models.refused import Refused
from models.report.rules import OPEN, Severity, Status
from models.report.tables import Report
from models.task import actions as tasks
from models.task.rules import quiet_until

DECIDE, PAY = "reward.decide", "reward.pay"
UNVERIFIED = (Status.DRAFT, Status.SUBMITTED, Status.ACCEPTED)
VOID = (Status.REJECTED, Status.WITHDRAWN, Status.DUPLICATE)  # such a case has no reward, whatever was proposed


async def propose(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> bool:
    """A case was registered or graded anew: verified as major it opens a reward, once, for who reported it first.

    The amount is that of the policy's table for its grade; a grade that is not in it opens none (domain 5.6).
    """
    report = await session.get(Report, report_id, populate_existing=True)
    if not policy.reward.on or report is None or report.status in UNVERIFIED or report.status not in OPEN:
        return False
    amount = policy.reward.amounts.get((report.severity or Severity.L).value)
    if not rules.major(report.severity) or amount is None:
        return False
    person_id = await _first_reporter(session, report_id)
    values = {
        "report_id": report_id, "person_id": person_id, "amount": amount, "state": Payment.PROPOSED, "proposed_at": now,
    }  # fmt: skip
    if await insert_once(session, Reward, values) is None:
        return False
    await journal.write(session, now, None, "propose", "reward", report_id, amount=amount, grade=report.severity)
    await _wait(session, now, policy, report_id, DECIDE)
    return True


async def _first_reporter(session: AsyncSession, report_id: int) -> int:
    """Of the case's own report and those joined to it the one that was sent first: 首报."""
    sent = func.coalesce(Report.submitted_at, Report.created_at)
    rows = await session.exec(
        select(Report.reporter_id)
        .where(or_(col(Report.id) == report_id, col(Report.duplicate_of) == report_id))
        .order_by(sent, col(Report.id))
    )
    found = rows.first()
    assert found is not None
    return found


async def _wait(session: AsyncSession, now: datetime, policy: Policy, report_id: int, kind: str) -> None:
    """It stands in the county's list of tasks; nobody is told before its time is over."""
    case = (await load(session, report_id)).case
    county = county_of(case.place_path)
    time = policy.reward.decide if kind == DECIDE else policy.reward.pay
    await tasks.open_task(
        session, now, kind, report_id, role=Role.COUNTY_ADMIN, region_code=county.strip("/").split("/")[-1],
        place_path=county, ladder=Ladder(rungs=(Rung(after=time, to="holder"),), due=time, again=time),
    )  # fmt: skip


# --- what the county does ---------------------------------------------------------------------------------------------


async def _allowed(
    session: AsyncSession, policy: Policy, me: Me, report_id: int, state: Payment
) -> tuple[Reward, Report]:
    """A reward in this state that this person may decide about; Refused otherwise, and always while rewards are off."""
    reward, report = await _seen(session, policy, me, report_id)
    if me.id in (reward.person_id, report.reporter_id):
        raise Refused("reward.own")
    if reward.state is not state:
        raise Refused("reward.moved_on")
    return reward, report


async def _seen(session: AsyncSession, policy: Policy, me: Me, report_id: int) -> tuple[Reward, Report]:
    reward = await session.get(Reward, report_id, populate_existing=True) if policy.reward.on else None
    report = await session.get(Report, report_id, populate_existing=True)
    if reward is None or report is None:
        raise Refused("reward.not_found")
    village = await people.place(session, report.region_code)
    if not decides(me, village.path, Role.COUNTY_ADMIN):
        raise Refused("reward.not_found")
    return reward, report


def most(policy: Policy, severity: Severity | None) -> int:
    """The most that may be approved for a grade, in yuan."""
    return policy.reward.amounts.get((severity or Severity.L).value, 0)


async def change(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, amount: int) -> None:
    """Another amount, within the table: not nothing, and not more than its grade has. Refused once it is decided."""
    reward, report = await _allowed(session, policy, me, report_id, Payment.PROPOSED)
    if not 1 <= amount <= most(policy, report.severity):
        raise Refused("reward.not_in_table", most=most(policy, report.severity))
    seen = {"report_id": report_id, "state": Payment.PROPOSED, "amount": reward.amount}
    if not await swap(session, Reward, seen, {"amount": amount}):
        raise Refused("reward.moved_on")
    await journal.write(session, now, me.id, "change", "reward", report_id, before=reward.amount, amount=amount)


async def approve(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """The amount is granted, and its receiver hears it. Refused for a case that is no major hazard any more."""
    reward, report = await _allowed(session, policy, me, report_id, Payment.PROPOSED)
    if report.status in VOID or not rules.major(report.severity):
        raise Refused("reward.not_major")
    if reward.amount > most(policy, report.severity):
        raise Refused("reward.not_in_table", most=most(policy, report.severity))
    await _decide(session, now, me, reward, Payment.APPROVED, amount=reward.amount)
    await _wait(session, now, policy, report_id, PAY)
    await _tell(session, now, policy, reward, Payment.APPROVED)


async def refuse(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, why: str) -> None:
    """No reward, with the reason, which stays with the county: the reporter never heard of a proposal."""
    reward, _report = await _allowed(session, policy, me, report_id, Payment.PROPOSED)
    if not why.strip():
        raise Refused("report.reason_needed")
    await _decide(session, now, me, reward, Payment.REFUSED, why=why.strip()[:400])


async def _decide(
    session: AsyncSession, now: datetime, me: Me, reward: Reward, state: Payment, **facts: object
) -> None:
    seen = {"report_id": reward.report_id, "state": Payment.PROPOSED, "amount": reward.amount}
    values = {"state": state, "decided_at": now, "decided_by": me.id}
    if not await swap(session, Reward, seen, values):
        raise Refused("reward.moved_on")
    await journal.write(session, now, me.id, state, "reward", reward.report_id, **facts)
    await tasks.finish(session, now, DECIDE, reward.report_id, me.id)


async def pay(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """It was paid. Refused for who approved it: money takes two people."""
    reward, _report = await _allowed(session, policy, me, report_id, Payment.APPROVED)
    if reward.decided_by == me.id:
        raise Refused("reward.four_eyes")
    seen = {"report_id": report_id, "state": Payment.APPROVED}
    if not await swap(session, Reward, seen, {"state": Payment.PAID, "paid_at": now, "paid_by": me.id}):
        raise Refused("reward.moved_on")
    await journal.write(session, now, me.id, Payment.PAID, "reward", report_id, amount=reward.amount)
    await tasks.finish(session, now, PAY, report_id, me.id)
    await _tell(session, now, policy, reward, Payment.PAID)


async def _tell(session: AsyncSession, now: datetime, policy: Policy, reward: Reward, state: Payment) -> None:
    """To the receiver alone, by day and after everything else."""
    await outbox.say(
        session, now, "reward.told", person_id=reward.person_id, lane=Lane.DIGEST, report=reward.report_id, state=state,
        send_at=quiet_until(now, policy.quiet.begin, policy.quiet.end, policy.zone()),
        dedupe=f"reward:{reward.report_id}:{state}",
    )  # fmt: skip


# --- looking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RewardView:
    """A reward as the county sees it; names are those of the receiver and of who decided and paid."""

    report_id: int
    number: str
    kind: str | None
    severity: Severity | None
    status: Status
    confidential: bool
    person: str
    amount: int
    most: int
    state: Payment
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    paid_at: datetime | None
    paid_by: str | None
    mine: bool


async def look(session: AsyncSession, policy: Policy, me: Me, report_id: int) -> RewardView:
    """One reward. Refused below the county, and while rewards are off."""
    return await _view(session, policy, me, *(await _seen(session, policy, me, report_id)))


async def _view(session: AsyncSession, policy: Policy, me: Me, reward: Reward, report: Report) -> RewardView:
    async def name(person_id: int | None) -> str | None:
        return await people.name_of(session, person_id) if person_id is not None else None

    return RewardView(
        report_id=reward.report_id, number=report.number, kind=report.kind, severity=report.severity,
        status=report.status, confidential=report.confidential, person=await name(reward.person_id) or "",
        amount=reward.amount, most=most(policy, report.severity), state=reward.state, proposed_at=reward.proposed_at,
        decided_at=reward.decided_at, decided_by=await name(reward.decided_by), paid_at=reward.paid_at,
        paid_by=await name(reward.paid_by),
        mine=me.id in (reward.person_id, report.reporter_id, reward.decided_by),
    )  # fmt: skip


async def listed(
    session: AsyncSession, policy: Policy, me: Me, state: Payment | None, most_rows: int = 50
) -> Sequence[RewardView]:
    """The county's rewards, the newest first, of one state if asked. Refused for others, and while rewards are off."""
    seats = [seat for seat in me.seats if seat.role is Role.COUNTY_ADMIN]
    if not policy.reward.on or not seats:
        raise Refused("reward.not_found")
    mine = or_(*(col(Region.path).startswith(seat.path) for seat in seats))
    query = (
        select(Reward, Report)
        .join(Report, col(Report.id) == col(Reward.report_id))
        .join(Region, col(Region.code) == col(Report.region_code))
        .where(mine)
        .order_by(col(Reward.proposed_at).desc(), col(Reward.report_id).desc())
        .limit(most_rows)
    )
    if state is not None:
        query = query.where(Reward.state == state)
    return [await _view(session, policy, me, *row) for row in (await session.exec(query)).all()]


async def own(session: AsyncSession, policy: Policy, me: Me, report_id: int) -> tuple[str, int]:
    """For the receiver: the number of the case and the amount. Refused for everybody else, and before it is granted."""
    reward = await session.get(Reward, report_id) if policy.reward.on else None
    if reward is None or reward.person_id != me.id or reward.state not in (Payment.APPROVED, Payment.PAID):
        raise Refused("reward.not_found")
    rows = await session.exec(
        select(Report.number)
        .where(
            or_(col(Report.id) == report_id, col(Report.duplicate_of) == report_id), col(Report.reporter_id) == me.id
        )
        .order_by(col(Report.id))
    )
    return rows.first() or "", reward.amount
