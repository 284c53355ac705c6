"""What officers do with a case, and that it always waits on exactly one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from models.hazard import actions as hazards
from models.hazard import holding
from models.refused import Refused
from models.report import actions as reports
from models.report.rules import PlaceSource, RejectReason, Severity, Status
from tests.cast import POLICY, Cast, later, on_postgresql
from tests.hazard.steps import (
    assigned,
    does,
    facts,
    fixed,
    hazard,
    held,
    incomplete,
    report,
    status,
    submitted,
    verbs,
    waits,
)
from tests.report.steps import KINDS, seen, withdraws
from tests.village import COUNTY, MORNING, TOWN

UNCLEAR = RejectReason.UNCLEAR


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.reason


async def accepts(cast: Cast, name: str, report_id: int, at: datetime = MORNING) -> None:
    await does(cast, name, hazards.accept, report_id, at=at)


async def rejects(cast: Cast, name: str, report_id: int, at: datetime = MORNING) -> None:
    await does(cast, name, hazards.reject, report_id, UNCLEAR, at=at)


Decide = Callable[[Cast, str, int], Awaitable[None]]
DECIDE = pytest.mark.parametrize("decide", [accepts, rejects])

# 核实, 入库上图


async def test_one_tap_accepts_and_registers_and_everybody_sees_it_where_they_saw_it_before(cast: Cast) -> None:
    await cast.joins("bob", "olga", "oscar")
    report_id = await submitted(cast)
    assert await held(cast, report_id) == (reports.VERIFY, TOWN)
    await accepts(cast, "olga", report_id, at=MORNING + later(minutes=5))
    view = await seen(cast, report_id)
    assert (view.status, view.decided_by, view.decided_at) == (Status.REGISTERED, "Olga", MORNING + later(minutes=5))
    assert (await hazard(cast, report_id)).registered_at == MORNING + later(minutes=5)
    assert set(await cast.sent("hazard.card", "edit")) == {"olga", "oscar"}
    assert (await cast.sent("report.screen", "edit"))[-1] == "bob"
    assert await verbs(cast, report_id) == ["begin", "submitted", "accepted", "registered"]
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)


async def test_an_incomplete_one_is_accepted_and_registered_once_kind_and_place_are_named(cast: Cast) -> None:
    report_id = await incomplete(cast)
    await accepts(cast, "olga", report_id)
    assert await status(cast, report_id) is Status.ACCEPTED
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)
    await does(cast, "oscar", hazards.describe, report_id, "B2", KINDS, Severity.M)
    assert await status(cast, report_id) is Status.ACCEPTED
    assert await facts(cast, report_id, "name_kind") == {"kind": "B2", "before": None}
    await does(cast, "olga", hazards.at_village, report_id)
    found = await report(cast, report_id)
    assert (found.status, found.severity, found.place_source) == (Status.REGISTERED, Severity.M, PlaceSource.VILLAGE)
    assert not found.incomplete
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)


async def test_a_corrected_kind_says_what_it_was_before(cast: Cast) -> None:
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.describe, report_id, "B2", KINDS, Severity.L)
    assert await facts(cast, report_id, "name_kind") == {"kind": "B2", "before": "A1"}
    with pytest.raises(Refused, match=r"report\.no_kind"):
        await does(cast, "olga", hazards.describe, report_id, "Z9", KINDS, Severity.L)


async def test_naming_the_kind_of_an_accepted_one_that_has_a_place_registers_it(cast: Cast) -> None:
    report_id = await incomplete(cast)
    await does(cast, "olga", hazards.at_village, report_id)
    assert await status(cast, report_id) is Status.SUBMITTED, "it is not accepted by that"
    await accepts(cast, "olga", report_id)
    await does(cast, "olga", hazards.describe, report_id, "A1", KINDS, Severity.G)
    assert await status(cast, report_id) is Status.REGISTERED


async def test_a_rejection_has_a_reason_the_reporter_reads(cast: Cast) -> None:
    report_id = await submitted(cast)
    await does(cast, "oscar", hazards.reject, report_id, RejectReason.OTHER, "  不在本镇  ")
    view = await seen(cast, report_id, by="bob")
    assert (view.status, view.reject_reason, view.reject_words) == (Status.REJECTED, RejectReason.OTHER, "不在本镇")
    assert view.decided_by == "Oscar"
    assert await waits(cast, report_id) == []


async def test_other_reasons_want_words(cast: Cast) -> None:
    report_id = await submitted(cast)
    with pytest.raises(Refused, match=r"report\.reason_needed"):
        await does(cast, "olga", hazards.reject, report_id, RejectReason.OTHER, " ")
    assert await status(cast, report_id) is Status.SUBMITTED


@DECIDE
@pytest.mark.parametrize("name", ["otto", "lena", "bob", "charlie"])
async def test_others_decide_nothing(cast: Cast, decide: Decide, name: str) -> None:
    report_id = await submitted(cast)
    with pytest.raises(Refused, match=r"hazard\.not_yours"):
        await decide(cast, name, report_id)
    assert await status(cast, report_id) is Status.SUBMITTED


@DECIDE
async def test_nobody_decides_about_their_own(cast: Cast, decide: Decide) -> None:
    report_id = await submitted(cast, "olga")
    with pytest.raises(Refused, match=r"hazard\.own_report"):
        await decide(cast, "olga", report_id)
    await decide(cast, "carol", report_id)


@DECIDE
async def test_what_is_withdrawn_or_decided_is_not_decided(cast: Cast, decide: Decide) -> None:
    given_up, decided = await submitted(cast, "lena"), await submitted(cast, "nina")
    await withdraws(cast, "lena", given_up)
    await rejects(cast, "oscar", decided)
    for report_id, there in ((given_up, Status.WITHDRAWN), (decided, Status.REJECTED)):
        with pytest.raises(Refused) as refused:
            await decide(cast, "olga", report_id)
        by = {} if there is Status.WITHDRAWN else {"by": "Oscar"}  # a reporter is never named
        assert (reason(refused), refused.value.facts) == ("report.moved_on", {"status": there, **by})
    with pytest.raises(Refused, match=r"report\.not_found"):
        await decide(cast, "olga", 4711)


async def test_of_two_officers_at_once_exactly_one_wins(cast: Cast) -> None:
    report_id = await submitted(cast)
    outcomes = await asyncio.gather(
        accepts(cast, "olga", report_id), accepts(cast, "oscar", report_id), return_exceptions=True
    )
    lost = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    quicker = "Oscar" if outcomes.index(lost[0]) == 0 else "Olga"
    there = {"status": Status.REGISTERED, "by": quicker}
    assert [(each.reason, each.facts) for each in lost] == [("report.moved_on", there)]
    assert (await verbs(cast, report_id))[2:] == ["accepted", "registered"]
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)


Rival = tuple[str, Callable[..., Awaitable[Any]], tuple[Any, ...]]
RIVALS: list[tuple[Rival, Rival, str]] = [
    (("olga", hazards.accept, ()), ("oscar", hazards.reject, (UNCLEAR, "", Status.SUBMITTED)), "report.moved_on"),
    (("olga", hazards.reject, (UNCLEAR,)), ("oscar", hazards.accept, ()), "report.moved_on"),
    (("olga", hazards.escalate, ()), ("oscar", hazards.accept, ()), "hazard.not_yours"),
    (("olga", hazards.assign, ("lena",)), ("oscar", hazards.assign, ("nina", "", 0)), "report.moved_on"),
    (("olga", hazards.transfer, ("林业局", "nina")), ("oscar", hazards.assign, ("lena", "", 0)), "report.moved_on"),
    (("olga", hazards.transfer, ("林业局", None)), ("oscar", hazards.transfer, ("水利局", None)), "report.moved_on"),
    (("olga", hazards.nudge, ()), ("oscar", hazards.nudge, ()), "hazard.nudged_just_now"),
    (("olga", hazards.regrade, (Severity.M, "grows")), ("oscar", hazards.regrade, (Severity.M, "grows")),
     "hazard.same_grade"),
]  # fmt: skip


@on_postgresql
@pytest.mark.parametrize(("first", "second", "answer"), RIVALS)
async def test_the_slower_officer_waits_and_is_told_what_is_true_now(
    cast: Cast, first: Rival, second: Rival, answer: str
) -> None:
    """The second presses while the first one's transaction is open."""
    report_id = await submitted(cast)

    def args(rival: Rival) -> list[Any]:
        return [cast.ids.get(each, each) if isinstance(each, str) else each for each in rival[2]]

    olga = await cast.me("olga")
    async with cast.database.transaction() as session:
        await first[1](session, MORNING, POLICY, olga, report_id, *args(first))
        slower = asyncio.create_task(does(cast, second[0], second[1], report_id, *args(second)))
        await asyncio.sleep(0.2)
        assert not slower.done()
    with pytest.raises(Refused) as refused:
        await slower
    assert reason(refused) == answer
    assert len(await waits(cast, report_id)) == (await status(cast, report_id) is not Status.REJECTED)
    await verbs(cast, report_id)


# 升级, 分级


async def test_escalating_takes_it_to_the_county_for_good(cast: Cast) -> None:
    await cast.joins("olga", "carol")
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.escalate, report_id)
    assert await held(cast, report_id) == (reports.VERIFY, COUNTY)
    assert await cast.sent("hazard.card", "send") == ["olga", "carol"]
    for name, why in (("olga", "hazard.not_yours"), ("carol", "hazard.county_already")):
        with pytest.raises(Refused) as refused:
            await does(cast, name, hazards.escalate, report_id)
        assert reason(refused) == why
    with pytest.raises(Refused, match=r"hazard\.not_yours"):
        await accepts(cast, "olga", report_id)
    await accepts(cast, "carol", report_id)
    assert await held(cast, report_id) == (holding.ASSIGN, COUNTY)


async def test_another_grade_wants_a_reason_and_moves_the_deadline(cast: Cast) -> None:
    report_id = await assigned(cast)
    assert (await hazard(cast, report_id)).due_at == MORNING + later(days=7)
    with pytest.raises(Refused, match=r"report\.reason_needed"):
        await does(cast, "olga", hazards.regrade, report_id, Severity.G, " ")
    with pytest.raises(Refused, match=r"hazard\.same_grade"):
        await does(cast, "olga", hazards.regrade, report_id, Severity.L, "as it was")
    noon = MORNING + later(days=1)
    await does(cast, "olga", hazards.regrade, report_id, Severity.E, "it moves", at=noon)
    (task,) = await waits(cast, report_id)
    assert (await hazard(cast, report_id)).due_at == task.due_at == noon + later(minutes=30)
    assert (task.opened_at, task.ladder["patient"]) == (noon, False)
    assert await facts(cast, report_id, "regrade") == {"before": "L", "after": "E", "why": "it moves"}
    await does(cast, "olga", hazards.regrade, report_id, Severity.M, "it stands", at=noon)
    assert (await hazard(cast, report_id)).due_at == MORNING + later(days=30), "counted from 交办"


async def test_grading_gains_no_time_where_the_grade_sets_none(cast: Cast) -> None:
    report_id = await fixed(cast)
    (before,) = await waits(cast, report_id)
    await does(cast, "olga", hazards.regrade, report_id, Severity.M, "graver", at=MORNING + later(hours=40))
    assert [task.id for task in await waits(cast, report_id)] == [before.id]


async def test_a_new_report_found_to_be_an_emergency_gets_the_emergencys_clock(cast: Cast) -> None:
    await cast.joins("olga", "lena")
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.regrade, report_id, Severity.E, "it moves")
    assert await held(cast, report_id) == (reports.EMERGENCY, TOWN)
    await does(cast, "olga", hazards.regrade, report_id, Severity.L, "it does not")
    assert await held(cast, report_id) == (reports.VERIFY, TOWN)
