"""What the clock and the roster do to cases: rungs with their marks, who leaves, and cases that lost their task."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from models import response
from models.hazard import actions as hazards
from models.hazard import closing, fixing, holding
from models.people.rules import Role
from models.people.tables import Account
from models.report import actions as reports
from models.report.rules import Severity, Status
from models.task import actions as tasks
from models.task.rules import Status as TaskStatus
from models.task.tables import Task
from tests.cast import POLICY, Cast
from tests.hazard.steps import (
    DAY,
    assigned,
    changed,
    closed,
    does,
    facts,
    fixed,
    hazard,
    held,
    leaves,
    mends,
    report,
    secret,
    status,
    submitted,
    ticks,
    verbs,
    waits,
)
from tests.hazard.test_visits import ALL
from tests.village import COUNTY, MORNING, TOWN


async def test_each_rung_tells_the_next_and_its_mark_stands_in_the_journal_once(cast: Cast) -> None:
    await cast.joins("lena", "olga", "oscar", "carol")
    report_id = await assigned(cast)
    due = MORNING + 7 * DAY
    told = {}
    for name, at in (
        ("before", MORNING + 6 * DAY),  # four fifths of the time are over in the night before
        ("due", due),
        ("a day late", due + DAY),
        ("three days late", due + 3 * DAY),
        ("again", due + 4 * DAY),
    ):
        told[name] = await ticks(cast, at)
        assert await ticks(cast, at + timedelta(hours=12)) == []
    assert told == {
        "before": ["lena"],
        "due": ["lena", "olga", "oscar"],
        "a day late": ["lena", "olga", "oscar"],
        "three days late": ["carol"],
        "again": ["carol"],
    }
    assert (await verbs(cast, report_id))[-3:] == ["remind", "evaluate", "account"]
    assert await facts(cast, report_id, "account") == {"task": "hazard.fix", "told": 1}
    assert (await waits(cast, report_id))[0].next_at == due + 5 * DAY, "and it comes back every day"


async def test_a_confidential_case_is_never_told_below_the_county(cast: Cast) -> None:
    await cast.joins("bob", "lena", "nina", "olga", "oscar", "carol")
    report_id = await secret(cast)
    await ticks(cast, MORNING + 12 * timedelta(hours=1))
    await does(cast, "carol", hazards.assign, report_id, cast.ids["nina"])
    told = [await ticks(cast, MORNING + day * DAY) for day in (6, 7, 8, 10, 11)]
    assert told == [["nina"], ["nina", "carol"], ["nina", "carol"], ["carol"], ["carol"]]
    await does(cast, "nina", fixing.wish, report_id, 3 * DAY, "rain", at=MORNING + 11 * DAY)
    await mends(cast, "nina", report_id, at=MORNING + 11 * DAY)
    await ticks(cast, MORNING + 20 * DAY)
    assert await does(cast, "bob", hazards.nudge, report_id, at=MORNING + 20 * DAY) == 1
    for kind in ("hazard.card", "hazard.nudged", "hazard.fix.due", "hazard.check.due"):
        assert set(await cast.sent(kind)) <= {"nina", "carol"}, kind
    for name in ("olga", "lena"):
        me = await cast.me(name)
        async with cast.database.reading() as session:
            assert await tasks.waiting_on(session, me) == [], "nor does it stand in anybody's list"


async def test_where_the_one_who_mends_a_confidential_case_cannot_be_reached_the_county_hears(cast: Cast) -> None:
    await cast.joins("bob", "lena", "olga", "carol")
    report_id = await secret(cast)
    await does(cast, "carol", hazards.assign, report_id, cast.ids["nina"])
    assert await ticks(cast, MORNING + 6 * DAY) == ["carol"]


async def test_a_rung_of_the_county_tells_the_county_even_of_one_of_its_own(cast: Cast) -> None:
    await cast.joins("carol")
    async with cast.database.transaction() as session:
        second = await cast.another(session, Role.COUNTY_ADMIN, COUNTY)
        session.add(Account(chat_id=77, person_id=second, joined_at=MORNING))
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.assign, report_id, second)
    names = [await ticks(cast, MORNING + day * DAY) for day in (6, 7, 8, 10)]
    other = cast.names([second])[0]
    assert names == [[other], [other, "carol"], [other, "carol"], ["carol", other]]


# Who leaves


@pytest.mark.parametrize("received", [False, True])
async def test_who_leaves_the_roster_gives_back_what_they_had(cast: Cast, received: bool) -> None:
    await cast.joins("olga")
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.transfer, report_id, "林业局", cast.ids["nina"])
    if received:
        await does(cast, "nina", fixing.receive, report_id)
        await does(cast, "nina", fixing.wish, report_id, 3 * DAY, "rain")
    await leaves(cast, "nina")
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)
    assert (await report(cast, report_id)).rectifier_id is None
    assert await facts(cast, report_id, "left_roster") == {"person": cast.ids["nina"]}
    assert (await cast.sent("hazard.card"))[-1] == "olga"


async def test_what_was_mended_by_who_left_is_still_verified_or_given_to_another(cast: Cast) -> None:
    report_id, other = await fixed(cast), await fixed(cast)
    await leaves(cast, "lena")
    assert await held(cast, report_id) == (holding.CHECK, TOWN)
    await does(cast, "olga", closing.close, report_id)
    await does(cast, "olga", closing.send_back, other, "it still leaks")
    assert await held(cast, other) == (holding.ASSIGN, TOWN)
    assert (await verbs(cast, other))[-2:] == ["send_back", "left_roster"]


async def test_who_was_drawn_to_look_again_and_leaves_is_waited_for_no_more(cast: Cast) -> None:
    await cast.joins("nina")
    report_id = await closed(cast, policy=ALL)
    await leaves(cast, "nina")
    assert (await report(cast, report_id)).visitor_id is None
    async with cast.database.reading() as session:
        assert await tasks.find(session, holding.RECHECK, report_id) is None
    assert await status(cast, report_id) is Status.CLOSED


async def test_an_officer_who_leaves_takes_nothing_along(cast: Cast) -> None:
    report_id = await assigned(cast)
    await leaves(cast, "olga")
    await mends(cast, "lena", report_id)
    await does(cast, "oscar", closing.close, report_id)


# What was lost

STAGES = (Status.SUBMITTED, Status.REGISTERED, Status.TRANSFERRED, Status.ASSIGNED, Status.FIXED)


async def at_stage(cast: Cast, stage: Status) -> int:
    report_id = await submitted(cast)
    if stage is Status.REGISTERED:
        await does(cast, "olga", hazards.accept, report_id)
    if stage is Status.TRANSFERRED:
        await does(cast, "olga", hazards.transfer, report_id, "林业局", cast.ids["nina"])
    if stage in (Status.ASSIGNED, Status.FIXED):
        await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])
    if stage is Status.FIXED:
        await mends(cast, "lena", report_id)
    return report_id


@pytest.mark.parametrize("stage", STAGES)
async def test_an_open_case_that_lost_its_task_gets_it_again(cast: Cast, stage: Status) -> None:
    await cast.joins("carol")
    report_id = await at_stage(cast, stage)
    wanted = await held(cast, report_id)
    async with cast.database.transaction() as session:
        for task in (await session.exec(select(Task).where(Task.subject_id == report_id))).all():
            task.status, task.next_at = TaskStatus.DROPPED, None
    at = MORNING + DAY
    async with cast.database.transaction() as session:
        assert await response.strays(session, at) == [report_id]
        await response.mend(session, at, POLICY, report_id)
        assert await response.strays(session, at) == []
    assert await held(cast, report_id) == wanted
    assert await cast.sent("task.stuck") == ["carol"]


async def test_what_has_ended_is_missed_by_nobody(cast: Cast) -> None:
    await closed(cast)
    async with cast.database.reading() as session:
        assert await response.strays(session, MORNING) == []


async def test_holding_twice_opens_nothing_twice(cast: Cast) -> None:
    report_id = await assigned(cast)
    (before,) = await waits(cast, report_id)
    async with cast.database.transaction() as session:
        await holding.hold(session, MORNING + DAY, POLICY, report_id)
    assert [task.id for task in await waits(cast, report_id)] == [before.id]


async def test_a_draft_made_confidential_late_is_the_countys(cast: Cast) -> None:
    """Its row was made while it was not: the desk follows what the report says."""
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.describe, report_id, "B2", ("B2",), Severity.L)
    await changed(cast, report_id, confidential=True)
    async with cast.database.transaction() as session:
        await holding.anew(session, MORNING, POLICY, report_id, None)
    assert await held(cast, report_id) == (reports.VERIFY, COUNTY)
    assert (await hazard(cast, report_id)).desk is Role.COUNTY_ADMIN
