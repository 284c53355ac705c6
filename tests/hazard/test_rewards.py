"""Rewards (M031): nothing of them while they are off; approved by one, paid by another, told to nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import func, select

from models.hazard import actions as hazards
from models.hazard import rewards
from models.hazard.rules import Payment
from models.hazard.tables import Reward
from models.outbox import Lane, Outgoing
from models.people.rules import Me, Role
from models.people.tables import Post
from models.policy import Policy, RewardPolicy
from models.refused import Refused
from models.report.rules import RejectReason, Severity
from models.task import actions as tasks
from models.task.tables import Task
from tests.cast import POLICY, Cast, later
from tests.hazard.steps import does, secret, submitted
from tests.village import COUNTY, MORNING, OTHER_TOWN

ON: Policy = POLICY.model_copy(
    update={"reward": RewardPolicy(on=True, amounts={"E": 5000, "M": 3000}, decide=later(days=30), pay=later(days=30))}
)


async def counted(cast: Cast, table: type = Reward) -> int:
    async with cast.database.reading() as session:
        return (await session.exec(select(func.count()).select_from(table))).one()


async def reward(cast: Cast, report_id: int) -> Reward:
    async with cast.database.reading() as session:
        return await session.get_one(Reward, report_id)


async def major(cast: Cast, name: str = "bob", severity: Severity = Severity.M, policy: Policy = ON) -> int:
    """A major hazard, verified by Olga."""
    report_id = await submitted(cast, name, severity)
    await does(cast, "olga", hazards.accept, report_id, policy=policy)
    return report_id


async def carla(cast: Cast) -> Me:
    """A second administrator of the county."""
    async with cast.database.transaction() as session:
        person_id = await cast.another(session, Role.COUNTY_ADMIN, COUNTY)
    cast.ids["carla"] = person_id
    return await cast.me("carla")


async def county(
    cast: Cast, name: str, verb: Callable[..., Awaitable[Any]], report_id: int, *args: Any, at: datetime = MORNING
) -> None:
    """The county decides."""
    await does(cast, name, verb, report_id, *args, at=at, policy=ON)


# --- off --------------------------------------------------------------------------------------------------------------


async def test_off_by_default_nothing_is_written_and_nothing_seen(cast: Cast) -> None:
    assert not POLICY.reward.on
    report_id = await major(cast, policy=POLICY)
    me = await cast.me("carol")
    async with cast.database.reading() as session:
        for look in (rewards.listed(session, POLICY, me, None), rewards.look(session, POLICY, me, report_id)):
            with pytest.raises(Refused, match=r"reward\.not_found"):
                await look
    assert await counted(cast) == 0
    async with cast.database.reading() as session:
        assert not [task for task in await session.exec(select(Task)) if task.kind.startswith("reward.")]


async def test_switched_off_again_it_is_gone_from_sight(cast: Cast) -> None:
    report_id = await major(cast)
    with pytest.raises(Refused, match=r"reward\.not_found"):
        await does(cast, "carol", rewards.approve, report_id, policy=POLICY)


# --- proposed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("grade", "amount"), [(Severity.E, 5000), (Severity.M, 3000)])
async def test_a_verified_major_hazard_opens_one_for_its_reporter(cast: Cast, grade: Severity, amount: int) -> None:
    report_id = await major(cast, severity=grade)
    found = await reward(cast, report_id)
    assert (found.person_id, found.amount, found.state) == (cast.ids["bob"], amount, Payment.PROPOSED)
    assert await cast.deeds("reward", report_id) == ["propose"]
    assert await cast.sent("reward.told") == [], "a proposal is no promise"


@pytest.mark.parametrize("grade", [Severity.G, Severity.L])
async def test_lesser_ones_open_none(cast: Cast, grade: Severity) -> None:
    await major(cast, severity=grade)
    assert await counted(cast) == 0


async def test_a_report_nobody_verified_opens_none(cast: Cast) -> None:
    report_id = await submitted(cast, severity=Severity.M)
    await does(cast, "olga", hazards.regrade, report_id, Severity.E, "close to houses", policy=ON)
    assert await counted(cast) == 0
    await does(cast, "olga", hazards.accept, report_id, policy=ON)
    assert (await reward(cast, report_id)).amount == 5000


async def test_graded_major_later_it_opens_one_and_only_one(cast: Cast) -> None:
    report_id = await major(cast, severity=Severity.L)
    for grade in (Severity.M, Severity.L, Severity.E):
        await does(cast, "olga", hazards.regrade, report_id, grade, "looked at it", policy=ON)
    assert await counted(cast) == 1
    assert (await reward(cast, report_id)).amount == 3000, "as it was proposed; the county may change it"


async def test_a_rejected_report_and_a_joined_one_get_nothing(cast: Cast) -> None:
    main = await major(cast)
    joined, rejected = await submitted(cast, "nina", Severity.M), await submitted(cast, "lena", Severity.M)
    await does(cast, "olga", hazards.join, joined, main, policy=ON)
    await does(cast, "olga", hazards.reject, rejected, RejectReason.NOT_FOUND, policy=ON)
    assert await counted(cast) == 1
    assert (await reward(cast, main)).person_id == cast.ids["bob"]


async def test_it_is_for_who_sent_it_first_though_theirs_was_joined_to_another(cast: Cast) -> None:
    first, main = await submitted(cast, "nina", Severity.M), await submitted(cast, "bob", Severity.M)
    await does(cast, "olga", hazards.join, first, main, policy=ON)
    await does(cast, "olga", hazards.accept, main, policy=ON)
    assert (await reward(cast, main)).person_id == cast.ids["nina"]


async def test_a_case_that_was_rejected_after_all_is_not_rewarded(cast: Cast) -> None:
    report_id = await major(cast)
    await does(cast, "olga", hazards.reject, report_id, RejectReason.NOT_FOUND, policy=ON)
    with pytest.raises(Refused, match=r"reward\.not_major"):
        await county(cast, "carol", rewards.approve, report_id)
    await county(cast, "carol", rewards.refuse, report_id, "nothing there")
    assert (await reward(cast, report_id)).state is Payment.REFUSED


async def test_nor_one_that_was_graded_down(cast: Cast) -> None:
    report_id = await major(cast)
    await does(cast, "olga", hazards.regrade, report_id, Severity.L, "smaller than it looked", policy=ON)
    with pytest.raises(Refused, match=r"reward\.not_major"):
        await county(cast, "carol", rewards.approve, report_id)


# --- decided and paid -------------------------------------------------------------------------------------------------


async def test_one_approves_another_pays_and_the_reporter_hears_both(cast: Cast) -> None:
    report_id = await major(cast)
    await carla(cast)
    await county(cast, "carol", rewards.approve, report_id)
    await county(cast, "carla", rewards.pay, report_id, at=MORNING + later(days=3))
    found = await reward(cast, report_id)
    assert (found.state, found.decided_by, found.paid_by) == (Payment.PAID, cast.ids["carol"], cast.ids["carla"])
    assert await cast.sent("reward.told") == ["bob", "bob"]
    assert await cast.deeds("reward", report_id) == ["propose", "approved", "paid"]


async def test_who_approved_does_not_pay(cast: Cast) -> None:
    report_id = await major(cast)
    await county(cast, "carol", rewards.approve, report_id)
    with pytest.raises(Refused, match=r"reward\.four_eyes"):
        await county(cast, "carol", rewards.pay, report_id)


async def test_nobody_decides_about_their_own(cast: Cast) -> None:
    """Bob is an administrator of the county as well."""
    report_id = await major(cast)
    async with cast.database.transaction() as session:
        session.add(Post(person_id=cast.ids["bob"], role=Role.COUNTY_ADMIN, region_code=COUNTY, started_at=MORNING))
    for verb, args in ((rewards.approve, ()), (rewards.change, (100,)), (rewards.refuse, ("no",))):
        with pytest.raises(Refused, match=r"reward\.own"):
            await county(cast, "bob", verb, report_id, *args)
    await county(cast, "carol", rewards.approve, report_id)
    with pytest.raises(Refused, match=r"reward\.own"):
        await county(cast, "bob", rewards.pay, report_id)


@pytest.mark.parametrize("name", ["bob", "lena", "olga", "otto", "charlie"])
async def test_nobody_below_the_county_sees_or_decides(cast: Cast, name: str) -> None:
    report_id = await major(cast)
    me = await cast.me(name)
    async with cast.database.reading() as session:
        for look in (rewards.listed(session, ON, me, None), rewards.look(session, ON, me, report_id)):
            with pytest.raises(Refused, match=r"reward\.not_found"):
                await look
    for verb, args in ((rewards.approve, ()), (rewards.change, (1,)), (rewards.refuse, ("no",)), (rewards.pay, ())):
        with pytest.raises(Refused, match=r"reward\.(not_found|own)"):
            await county(cast, name, verb, report_id, *args)


async def test_the_amount_changes_within_the_table(cast: Cast) -> None:
    report_id = await major(cast)
    await county(cast, "carol", rewards.change, report_id, 800)
    for amount in (0, 3001, -5):
        with pytest.raises(Refused, match=r"reward\.not_in_table"):
            await county(cast, "carol", rewards.change, report_id, amount)
    await county(cast, "carol", rewards.approve, report_id)
    assert (await reward(cast, report_id)).amount == 800
    with pytest.raises(Refused, match=r"reward\.moved_on"):
        await county(cast, "carol", rewards.change, report_id, 900)


async def test_a_refusal_wants_its_reason_and_stays_with_the_county(cast: Cast) -> None:
    report_id = await major(cast)
    with pytest.raises(Refused, match=r"report\.reason_needed"):
        await county(cast, "carol", rewards.refuse, report_id, "  ")
    await county(cast, "carol", rewards.refuse, report_id, "known for years")
    assert await cast.sent("reward.told") == []
    with pytest.raises(Refused, match=r"reward\.moved_on"):
        await county(cast, "carol", rewards.approve, report_id)


async def test_the_cases_own_story_tells_nothing_of_it(cast: Cast) -> None:
    report_id = await major(cast)
    before = await cast.deeds("report", report_id)
    await county(cast, "carol", rewards.approve, report_id)
    assert await cast.deeds("report", report_id) == before


async def test_it_is_said_quietly_by_day(cast: Cast) -> None:
    """At 22:00 in Kaihua nobody is woken for money."""
    report_id = await major(cast)
    await county(cast, "carol", rewards.approve, report_id, at=MORNING + later(hours=13))
    async with cast.database.reading() as session:
        (row,) = (await session.exec(select(Outgoing).where(Outgoing.kind == "reward.told"))).all()
    assert (row.lane, row.send_at) == (Lane.DIGEST, MORNING + later(hours=21, minutes=30))


async def test_the_receiver_of_a_joined_report_reads_their_own_number(cast: Cast) -> None:
    first, main = await submitted(cast, "nina", Severity.M), await submitted(cast, "bob", Severity.M)
    await does(cast, "olga", hazards.join, first, main, policy=ON)
    await does(cast, "olga", hazards.accept, main, policy=ON)
    await county(cast, "carol", rewards.approve, main)
    async with cast.database.reading() as session:
        number, amount = await rewards.own(session, ON, await cast.me("nina"), main)
        with pytest.raises(Refused, match=r"reward\.not_found"):
            await rewards.own(session, ON, await cast.me("bob"), main)
    assert (number.split("-")[3], amount) == ("0001", 3000)


# --- what waits on the county -----------------------------------------------------------------------------------------


async def waiting(cast: Cast, name: str) -> list[str]:
    async with cast.database.reading() as session:
        return [task.kind for task in await tasks.waiting_on(session, await cast.me(name)) if "reward" in task.kind]


async def test_it_stands_in_the_countys_list_and_in_no_other(cast: Cast) -> None:
    report_id = await major(cast)
    assert [await waiting(cast, name) for name in ("carol", "olga", "lena", "bob")] == [[rewards.DECIDE], [], [], []]
    await county(cast, "carol", rewards.approve, report_id)
    await carla(cast)
    assert await waiting(cast, "carla") == [rewards.PAY]
    await county(cast, "carla", rewards.pay, report_id)
    assert await waiting(cast, "carla") == []


async def test_nobody_is_reminded_before_the_policys_time(cast: Cast) -> None:
    await cast.joins("bob", "olga", "carol")
    await major(cast)
    async with cast.database.reading() as session:
        (task,) = [task for task in await session.exec(select(Task)) if task.kind == rewards.DECIDE]
    assert task.next_at == MORNING + later(days=30)


# --- the list ---------------------------------------------------------------------------------------------------------


async def test_the_register_by_state_names_the_reporter_of_a_confidential_case_too(cast: Cast) -> None:
    first, hidden = await major(cast), await secret(cast, "nina")
    await does(cast, "carol", hazards.regrade, hidden, Severity.M, "it is", policy=ON)
    await does(cast, "carol", hazards.accept, hidden, policy=ON)
    await county(cast, "carol", rewards.approve, first)
    me = await cast.me("carol")
    async with cast.database.reading() as session:
        found = await rewards.listed(session, ON, me, None)
        proposed = await rewards.listed(session, ON, me, Payment.PROPOSED)
    assert [(each.person, each.confidential, each.state) for each in found] == [
        ("Nina", True, Payment.PROPOSED), ("Bob", False, Payment.APPROVED),
    ]  # fmt: skip
    assert [each.report_id for each in proposed] == [hidden]


async def test_another_countys_administrator_sees_none_of_it(cast: Cast) -> None:
    """A seat in the tree decides; one over the neighbouring township only sees that."""
    report_id = await major(cast)
    async with cast.database.transaction() as session:
        cast.ids["gina"] = await cast.another(session, Role.COUNTY_ADMIN, OTHER_TOWN)
    me = await cast.me("gina")
    async with cast.database.reading() as session:
        assert await rewards.listed(session, ON, me, None) == []
        with pytest.raises(Refused, match=r"reward\.not_found"):
            await rewards.look(session, ON, me, report_id)
