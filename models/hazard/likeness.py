"""What may be the same: offered to who reports and who decides, flagged when it came again. It joins nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.base import swap
from models.hazard import rules
from models.hazard.finding import Hit, hits
from models.hazard.tables import Hazard
from models.people import actions as people
from models.people.rules import OFFICERS, Me, Role, decides
from models.policy import Policy
from models.refused import Refused
from models.report import views
from models.report.rules import OPEN, Form, Status
from models.report.tables import Photo, Report

NOT_SAME = "not_same"
RELAPSE = "relapse"


@dataclass(frozen=True)
class Match:
    """A case that may be the same as another, and by what: `metres` of distance, `bits` by which pictures differ.

    `since` is when it was reported, `ended_at` when it was closed: then it may have come again. `photo` is Telegram's
    id of its first photo, `thumb` a picture file made small. `joinable`: this reader may join the other to it.
    """

    id: int
    number: str
    kind: str | None
    status: Status
    since: datetime
    ended_at: datetime | None
    metres: float | None
    bits: int | None
    photo: str | None
    thumb: str | None
    joinable: bool


# --- for people -------------------------------------------------------------------------------------------------------


async def alike(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, kinds: Collection[str] = ()
) -> tuple[Match, ...]:
    """Open cases, and ones closed lately, that may be the same as this report, the best first.

    `kinds` stand for a kind that is not named yet; without them any will do. A report joined to another leads to that
    one; confidential cases are for the county alone (M032).
    """
    report = await _report(session, report_id)
    found = []
    for hit in await hits(session, now, policy, report, kinds):
        path = (await people.place(session, hit.case.region_code)).path
        if not hit.case.confidential or decides(me, path, Role.COUNTY_ADMIN):
            found.append(await _match(session, me, report, hit, path))
    return tuple(found)


async def offer(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, kinds: Collection[str] = ()
) -> Match | None:
    """What a reporter is asked about an unfinished report: 是同一处吗? None when nothing is alike, or it was denied.

    Not about a confidential one: joined to a case of the village it would be one no longer.
    """
    report = await session.get(Report, report_id)
    if report is None or report.reporter_id != me.id or report.status is not Status.DRAFT or report.confidential:
        return None
    found = [match for match in await alike(session, now, policy, me, report_id, kinds) if match.joinable]
    denied = await _denied(session, report_id) if found else set()
    return next((match for match in found if match.id not in denied), None)


async def deny(session: AsyncSession, now: datetime, me: Me, report_id: int, other: int) -> None:
    """不是: the reporter knows better, and is not asked about this case again."""
    await views.own_open(session, me, report_id)
    if other not in await _denied(session, report_id):
        await journal.write(session, now, me.id, NOT_SAME, "report", report_id, other=other)
    await views.show(session, now, me.id, report_id)


async def _denied(session: AsyncSession, report_id: int) -> set[int]:
    entries = await journal.read(session, "report", report_id)
    return {int(entry.facts["other"]) for entry in entries if entry.verb == NOT_SAME}


async def may_join_own(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, into: int) -> None:
    """A reporter joins their own report to nothing but what may be the same. Refused otherwise, or if it moved on."""
    found = await alike(session, now, policy, me, report_id)
    if not any(match.id == into and match.joinable for match in found):
        raise Refused("hazard.cannot_join")


async def _match(session: AsyncSession, me: Me, report: Report, hit: Hit, path: str) -> Match:
    case = hit.case
    assert case.id is not None
    photo, thumb = await _first_photo(session, case.id)
    return Match(
        id=case.id, number=case.number, kind=case.kind, status=case.status,
        since=case.submitted_at or case.created_at, ended_at=case.ended_at, metres=hit.metres, bits=hit.bits,
        photo=photo, thumb=thumb, joinable=case.status in OPEN and _may_join(me, report, case, path),
    )  # fmt: skip


def _may_join(me: Me, report: Report, case: Report, path: str) -> bool:
    """What models/hazard/actions will not refuse: the reporter within the township, officers where both are theirs."""
    if case.confidential and not report.confidential:
        return False
    own = report.reporter_id == me.id and report.township_code == case.township_code
    return own or decides(me, path, *OFFICERS)


async def _first_photo(session: AsyncSession, report_id: int) -> tuple[str | None, str | None]:
    rows = await session.exec(
        select(Photo.form, Photo.file_id, Photo.thumb)
        .where(
            Photo.report_id == report_id,
            Photo.form != Form.VOICE,
            col(Photo.after_round).is_(None),
            col(Photo.purged_at).is_(None),
        )
        .order_by(col(Photo.id))
        .limit(1)
    )
    form, file_id, thumb = rows.first() or (None, None, None)
    return (file_id if form is Form.PHOTO else None), thumb


# --- for the case itself ----------------------------------------------------------------------------------------------


async def flag_relapse(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
    """反弹: what is registered now was closed lately at the same place, or shows the same picture (domain 5.5)."""
    report = await _report(session, report_id)
    for hit in await hits(session, now, policy, report):
        # That the county had a confidential case here is nothing a card of the township may tell.
        hidden = hit.case.confidential and not report.confidential
        if hit.case.status is Status.CLOSED and not hidden:
            if await swap(session, Hazard, {"report_id": report_id, "relapsed": False}, {"relapsed": True}):
                metres = round(hit.metres) if hit.metres is not None else None
                facts = {"of": hit.case.id, "metres": metres, "bits": hit.bits}
                await journal.write(session, now, None, RELAPSE, "report", report_id, **facts)
            return


async def noticed(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
    """A photo was kept, and only now its likeness is known: screens on which it makes a difference are shown anew."""
    report = await _report(session, report_id)
    undecided = report.status in (Status.DRAFT, *rules.QUEUED)
    if undecided and any(hit.bits is not None for hit in await hits(session, now, policy, report)):
        await views.show_everywhere(session, now, report_id)


async def _report(session: AsyncSession, report_id: int) -> Report:
    report = await session.get(Report, report_id, populate_existing=True)
    if report is None:
        raise Refused("report.not_found")
    return report
