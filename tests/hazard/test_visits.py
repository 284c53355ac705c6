"""回头看 after a month and after three, and the second look of somebody from another village, drawn by lot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.hazard import actions as hazards
from models.hazard import closing, holding
from models.hazard.tables import Hazard
from models.people.rules import Role
from models.people.tables import Post
from models.policy import Policy
from models.refused import Refused
from models.report.rules import Severity, Status
from models.task import actions as tasks
from models.task.tables import Task
from tests.cast import POLICY, Cast
from tests.hazard.steps import (
    DAY,
    closed,
    does,
    facts,
    hazard,
    held,
    mends,
    report,
    secret,
    status,
    ticks,
)
from tests.village import MORNING, NEXT_VILLAGE, TOWN


def share(per_cent: int) -> Policy:
    """The policy with another share of closures that are looked at again."""
    return POLICY.model_copy(update={"hazard": POLICY.hazard.model_copy(update={"recheck_share": per_cent})})


ALL, NONE = share(100), share(0)


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.reason


async def task(cast: Cast, kind: str, report_id: int) -> Task | None:
    async with cast.database.reading() as session:
        return await tasks.find(session, kind, report_id)


async def closes(cast: Cast, name: str, report_id: int, **more: Any) -> None:
    await does(cast, name, closing.close, report_id, **{"policy": NONE, **more})


# 回头看


async def test_a_major_one_is_looked_at_again_after_a_month_and_after_three(cast: Cast) -> None:
    await cast.joins("olga", "oscar")
    report_id = await closed(cast, severity=Severity.M, policy=NONE)
    assert (await hazard(cast, report_id)).revisit_at == MORNING + 30 * DAY
    with pytest.raises(Refused, match=r"hazard\.no_visit"):
        await does(cast, "olga", closing.revisit, report_id, True)
    for days, nothing_before in ((30, True), (90, True)):
        at = MORNING + days * DAY
        await ticks(cast, at - timedelta(seconds=1))
        assert (await task(cast, holding.REVISIT, report_id) is None) is nothing_before
        await ticks(cast, at)
        found = await task(cast, holding.REVISIT, report_id)
        assert found is not None
        assert (found.region_code, found.due_at) == (TOWN, at + 3 * DAY)
        assert (await cast.sent("hazard.card"))[-2:] == ["olga", "oscar"]
        await does(cast, "oscar", closing.revisit, report_id, True, at=at)
        assert await facts(cast, report_id, "revisit") == {"fine": True}
    assert (await hazard(cast, report_id)).revisit_at is None
    await ticks(cast, MORNING + 400 * DAY)
    assert await task(cast, holding.REVISIT, report_id) is None


async def test_found_again_it_is_open_again_and_goes_to_another(cast: Cast) -> None:
    report_id = await closed(cast, by="oscar", severity=Severity.M, policy=NONE)
    await ticks(cast, MORNING + 30 * DAY)
    await does(cast, "oscar", closing.revisit, report_id, False, at=MORNING + 31 * DAY)
    found = await hazard(cast, report_id)
    assert (found.reopened, found.relapsed, found.revisit_at) == (1, True, None)
    assert found.unplated_at is None, "its plate hangs again"
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)
    with pytest.raises(Refused, match=r"hazard\.another_officer"):
        await does(cast, "oscar", hazards.assign, report_id, cast.ids["lena"])
    assert await task(cast, holding.REVISIT, report_id) is None


async def test_a_visit_that_fell_due_while_it_was_open_again_is_none(cast: Cast) -> None:
    report_id = await closed(cast, severity=Severity.M, policy=NONE)
    async with cast.database.transaction() as session:
        (await session.get_one(Hazard, report_id)).revisit_at = MORNING
    await does(cast, "bob", closing.answer, report_id, False)
    await ticks(cast, MORNING + DAY)
    assert await task(cast, holding.REVISIT, report_id) is None


@pytest.mark.parametrize("severity", [Severity.G, Severity.L])
async def test_what_came_again_is_looked_at_too_and_what_is_ordinary_is_not(cast: Cast, severity: Severity) -> None:
    report_id = await closed(cast, by="oscar", severity=severity)
    assert (await hazard(cast, report_id)).revisit_at is None
    await does(cast, "bob", closing.answer, report_id, False)
    await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])
    await mends(cast, "lena", report_id)
    await closes(cast, "olga", report_id)
    assert (await hazard(cast, report_id)).revisit_at == MORNING + 30 * DAY


# A second look by lot


async def test_somebody_of_another_village_of_the_township_is_drawn(cast: Cast) -> None:
    await cast.joins("bob", "nina", "charlie")
    report_id = await closed(cast, policy=ALL)
    assert (await report(cast, report_id)).visitor_id == cast.ids["nina"], "Charlie's village is another township's"
    found = await task(cast, holding.RECHECK, report_id)
    assert found is not None
    assert (found.person_id, found.region_code, found.due_at) == (cast.ids["nina"], NEXT_VILLAGE, MORNING + 3 * DAY)
    assert (await cast.sent("hazard.card"))[-1] == "nina"
    with pytest.raises(Refused, match=r"hazard\.not_yours"):
        await does(cast, "olga", closing.recheck, report_id, True)
    await does(cast, "nina", closing.recheck, report_id, True)
    assert await task(cast, holding.RECHECK, report_id) is None
    assert (await report(cast, report_id)).visitor_id is None
    assert await status(cast, report_id) is Status.CLOSED
    assert await facts(cast, report_id, "recheck") == {"fine": True}
    with pytest.raises(Refused, match=r"hazard\.not_yours"):
        await does(cast, "nina", closing.recheck, report_id, False)


async def test_not_mended_at_all_says_the_second_look(cast: Cast) -> None:
    await cast.joins("nina")
    report_id = await closed(cast, by="oscar", policy=ALL)
    await does(cast, "nina", closing.recheck, report_id, False)
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)
    assert (await hazard(cast, report_id)).barred_id == cast.ids["oscar"]
    assert await facts(cast, report_id, "reopen") == {"why": "recheck", "relapsed": True}


async def test_who_closed_it_is_not_drawn_whatever_posts_they_hold(cast: Cast) -> None:
    await cast.joins("oscar")
    async with cast.database.transaction() as session:
        session.add(
            Post(person_id=cast.ids["oscar"], role=Role.GRID_WORKER, region_code=NEXT_VILLAGE, started_at=MORNING)
        )
    report_id = await closed(cast, by="oscar", policy=ALL)
    assert (await report(cast, report_id)).visitor_id is None
    other = await closed(cast, by="olga", policy=ALL)
    assert (await report(cast, other)).visitor_id == cast.ids["oscar"]


@pytest.mark.parametrize("there", [["bob"], ["charlie"], []])
async def test_with_nobody_to_draw_it_stays_closed_without(cast: Cast, there: list[str]) -> None:
    await cast.joins(*there)
    report_id = await closed(cast, policy=ALL)
    assert (await report(cast, report_id)).visitor_id is None
    assert await task(cast, holding.RECHECK, report_id) is None


async def test_a_confidential_one_is_shown_to_nobody_by_lot(cast: Cast) -> None:
    await cast.joins("nina")
    report_id = await secret(cast)
    await does(cast, "carol", hazards.assign, report_id, cast.ids["lena"])
    await mends(cast, "lena", report_id)
    await closes(cast, "carol", report_id, policy=ALL)
    assert (await report(cast, report_id)).visitor_id is None
