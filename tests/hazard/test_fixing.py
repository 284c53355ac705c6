"""整改: the proof in any order, 退回, 提交验收, and more time from the level above."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.hazard import actions as hazards
from models.hazard import closing, fixing, holding
from models.hazard.rules import Evidence, Measure
from models.hazard.tables import Proof
from models.refused import Refused
from models.report import intake
from models.report.intake import PhotoPart, PlacePart
from models.report.rules import Form, Severity, Status
from models.task import actions as tasks
from models.task.tables import Task
from tests.cast import Cast, later
from tests.hazard.steps import (
    DAY,
    assigned,
    changed,
    does,
    facts,
    fixed,
    hazard,
    held,
    mends,
    proves,
    registered,
    report,
    secret,
    status,
    verbs,
    waits,
)
from tests.report.steps import SLOPE, a_photo, seen
from tests.village import COUNTY, MORNING, TOWN

FAR = PlacePart(29.14, 118.41, 8.0)


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.reason


async def evidence(cast: Cast, report_id: int, round_: int = 1) -> Evidence:
    async with cast.database.reading() as session:
        return await fixing.evidence(session, report_id, round_)


async def proof(cast: Cast, report_id: int, round_: int = 1) -> Proof:
    async with cast.database.reading() as session:
        found = await holding.proof_of(session, report_id, round_)
    assert found is not None
    return found


async def wish_task(cast: Cast, report_id: int) -> Task | None:
    async with cast.database.reading() as session:
        return await tasks.find(session, holding.WISH, report_id)


# The proof

PARTS: list[tuple[Callable[..., Awaitable[Any]], tuple[Any, ...]]] = [
    (fixing.add_photo, (a_photo(),)),
    (fixing.add_place, (SLOPE,)),
    (fixing.say_measure, (Measure.OTHER, " propped up ")),
]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_its_parts_come_in_any_order_and_the_card_follows(cast: Cast, order: tuple[int, ...]) -> None:
    await cast.joins("lena", "olga", "oscar")
    report_id = await assigned(cast)
    for number in order:
        verb, args = PARTS[number]
        await does(cast, "lena", verb, report_id, *args)
        assert (await cast.sent("hazard.card"))[-1] == "lena"
    found = await evidence(cast, report_id)
    assert found == Evidence(1, Measure.OTHER, "propped up", placed=True, distance=0.0)
    await does(cast, "lena", fixing.hand_in, report_id, at=MORNING + DAY)
    assert await status(cast, report_id) is Status.FIXED
    assert await held(cast, report_id) == (holding.CHECK, TOWN)
    assert (await cast.sent("hazard.card"))[-2:] == ["olga", "oscar"]
    assert (await hazard(cast, report_id)).round == 1
    assert (await proof(cast, report_id)).handed_in_at == MORNING + DAY
    assert await facts(cast, report_id, "fixed") == {"round": 1, "photos": 1, "metres": 0, "measure": "other"}


async def test_what_is_missing_is_asked_for_and_nothing_moves(cast: Cast) -> None:
    report_id = await assigned(cast)
    await does(cast, "lena", fixing.begin, report_id)
    for lacks, verb, args in (
        ("hazard.no_photo", fixing.add_photo, (a_photo(),)),
        ("hazard.no_place", fixing.add_place, (FAR,)),
        ("hazard.too_far", fixing.excuse, ("the road was closed",)),
        ("hazard.no_measure", fixing.say_measure, (Measure.CLEARED,)),
    ):
        with pytest.raises(Refused) as refused:
            await does(cast, "lena", fixing.hand_in, report_id)
        assert reason(refused) == lacks
        assert await held(cast, report_id) == (holding.FIX, "lena")
        await does(cast, "lena", verb, report_id, *args)
    await does(cast, "lena", fixing.hand_in, report_id)
    assert (await facts(cast, report_id, "fixed"))["metres"] == round((await proof(cast, report_id)).distance or 0)


async def test_a_voice_or_the_finders_own_photo_is_no_photo_after_mending(cast: Cast) -> None:
    report_id = await assigned(cast)
    await does(cast, "lena", fixing.add_photo, report_id, PhotoPart("v", "voice-1", None, Form.VOICE))
    old = a_photo()
    async with cast.database.transaction() as session:
        await intake.add_photo(session, MORNING, report_id, old)
    with pytest.raises(Refused, match=r"hazard\.same_photo"):
        await does(cast, "lena", fixing.add_photo, report_id, old)
    assert (await evidence(cast, report_id)).photos == 0


async def test_another_place_needs_another_excuse(cast: Cast) -> None:
    report_id = await assigned(cast)
    with pytest.raises(Refused, match=r"report\.reason_needed"):
        await does(cast, "lena", fixing.excuse, report_id, " ")
    await does(cast, "lena", fixing.excuse, report_id, "no signal there")
    assert (await evidence(cast, report_id)).excuse == "no signal there"
    await does(cast, "lena", fixing.add_place, report_id, FAR)
    assert (await evidence(cast, report_id)).excuse == ""
    with pytest.raises(Refused, match=r"report\.bad_place"):
        await does(cast, "lena", fixing.add_place, report_id, replace(SLOPE, latitude=91.0))


async def test_where_only_the_village_is_known_no_distance_is_made_up(cast: Cast) -> None:
    report_id = await changed(cast, await registered(cast), latitude=None, longitude=None)
    await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])
    await mends(cast, "lena", report_id)
    assert (await evidence(cast, report_id)).distance is None
    assert (await facts(cast, report_id, "fixed"))["metres"] is None


@pytest.mark.parametrize("name", ["bob", "olga", "oscar", "otto", "carol", "nina"])
async def test_nobody_else_proves_anything(cast: Cast, name: str) -> None:
    report_id = await assigned(cast)
    for verb, args in (*PARTS, (fixing.begin, ()), (fixing.excuse, ("rain",)), (fixing.hand_in, ()),
                       (fixing.hand_back, ("no",)), (fixing.wish, (3 * DAY, "rain"))):  # fmt: skip
        with pytest.raises(Refused, match=r"hazard\.not_yours"):
            await does(cast, name, verb, report_id, *args)
    assert await evidence(cast, report_id) == Evidence(0, None)


async def test_handed_in_it_is_no_longer_changed(cast: Cast) -> None:
    report_id = await fixed(cast)
    for verb, args in (*PARTS, (fixing.hand_in, ()), (fixing.hand_back, ("no",))):
        with pytest.raises(Refused, match=r"report\.moved_on"):
            await does(cast, "lena", verb, report_id, *args)


# 退回


async def test_it_is_not_hers_to_mend(cast: Cast) -> None:
    await cast.joins("bob", "olga", "oscar")
    report_id = await assigned(cast)
    await does(cast, "lena", fixing.hand_back, report_id, "the road is the county's")
    assert await status(cast, report_id) is Status.REGISTERED
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)
    assert (await report(cast, report_id)).rectifier_id is None
    assert (await cast.sent("hazard.card"))[-2:] == ["olga", "oscar"]
    assert (await verbs(cast, report_id))[-1] == "hand_back"


async def test_what_does_not_convince_goes_back_to_the_same_person_for_a_new_round(cast: Cast) -> None:
    await cast.joins("lena")
    report_id = await fixed(cast)
    with pytest.raises(Refused, match=r"report\.reason_needed"):
        await does(cast, "olga", closing.send_back, report_id, " ")
    later_on = MORNING + 5 * DAY
    await does(cast, "olga", closing.send_back, report_id, " the crack is still there ", at=later_on)
    assert await status(cast, report_id) is Status.ASSIGNED
    assert await held(cast, report_id) == (holding.FIX, "lena")
    assert (await hazard(cast, report_id)).due_at == later_on + 7 * DAY
    assert await facts(cast, report_id, "send_back") == {"why": "the crack is still there"}
    assert (await cast.sent("hazard.card"))[-1] == "lena"
    with pytest.raises(Refused, match=r"hazard\.no_photo"):
        await does(cast, "lena", fixing.hand_in, report_id)
    await mends(cast, "lena", report_id, at=later_on)
    assert (await hazard(cast, report_id)).round == 2
    assert ((await evidence(cast, report_id, 1)).photos, (await evidence(cast, report_id, 2)).photos) == (1, 1)
    assert len((await seen(cast, report_id)).after) == 1, "the card shows the last round"


async def test_photos_of_a_round_another_began_do_not_count(cast: Cast) -> None:
    report_id = await assigned(cast)
    await proves(cast, "lena", report_id)
    await does(cast, "lena", fixing.hand_back, report_id, "too heavy")
    await does(cast, "olga", hazards.assign, report_id, cast.ids["nina"])
    assert await does(cast, "nina", fixing.begin, report_id) == 2
    await mends(cast, "nina", report_id)
    found = await proof(cast, report_id, 2)
    assert (found.by_id, (await evidence(cast, report_id, 2)).photos) == (cast.ids["nina"], 1)


async def test_who_gets_it_again_goes_on_where_they_stood(cast: Cast) -> None:
    report_id = await assigned(cast)
    await proves(cast, "lena", report_id)
    await does(cast, "olga", hazards.take_back, report_id)
    await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])
    await does(cast, "lena", fixing.hand_in, report_id)
    assert (await hazard(cast, report_id)).round == 1


# More time


async def test_the_township_grants_the_village_more_time(cast: Cast) -> None:
    await cast.joins("lena", "olga", "oscar", "carol")
    report_id = await assigned(cast)
    with pytest.raises(Refused, match=r"report\.reason_needed"):
        await does(cast, "lena", fixing.wish, report_id, 3 * DAY, " ")
    await does(cast, "lena", fixing.wish, report_id, 3 * DAY, "rain", at=MORNING + DAY)
    asked = await wish_task(cast, report_id)
    assert asked is not None
    assert (asked.region_code, asked.due_at) == (TOWN, MORNING + 3 * DAY)
    assert (await cast.sent("hazard.card"))[-2:] == ["olga", "oscar"]
    assert await held(cast, report_id) == (holding.FIX, "lena"), "the clock goes on meanwhile"
    with pytest.raises(Refused, match=r"hazard\.wished_already"):
        await does(cast, "lena", fixing.wish, report_id, 7 * DAY, "more rain")
    await does(cast, "oscar", fixing.grant, report_id, True, at=MORNING + 2 * DAY)
    found = await hazard(cast, report_id)
    assert (found.due_at, found.extended, found.wished_at) == (MORNING + 10 * DAY, 1, None)
    (task,) = await waits(cast, report_id)
    assert task.due_at == MORNING + 10 * DAY
    assert await wish_task(cast, report_id) is None
    assert await facts(cast, report_id, "grant") == {"days": 3, "due": (MORNING + 10 * DAY).isoformat()}
    assert (await cast.sent("hazard.card"))[-1] == "lena"
    with pytest.raises(Refused, match=r"hazard\.no_wish"):
        await does(cast, "olga", fixing.grant, report_id, True)


async def test_a_no_leaves_the_deadline_and_is_told(cast: Cast) -> None:
    await cast.joins("lena")
    report_id = await assigned(cast)
    await does(cast, "lena", fixing.wish, report_id, 3 * DAY, "rain")
    (before,) = await waits(cast, report_id)
    await does(cast, "olga", fixing.grant, report_id, False)
    found = await hazard(cast, report_id)
    assert (found.due_at, found.extended, found.wished_at) == (MORNING + 7 * DAY, 0, None)
    assert [task.id for task in await waits(cast, report_id)] == [before.id]
    assert (await verbs(cast, report_id))[-1] == "refuse_time"
    assert (await cast.sent("hazard.card"))[-1] == "lena"
    await does(cast, "lena", fixing.wish, report_id, 3 * DAY, "still rain")


async def test_an_officer_who_mends_asks_the_county(cast: Cast) -> None:
    report_id = await assigned(cast, "oscar")
    await does(cast, "oscar", fixing.wish, report_id, 3 * DAY, "rain")
    asked = await wish_task(cast, report_id)
    assert asked is not None
    assert asked.region_code == COUNTY
    for name, why in (("olga", "hazard.level_above"), ("oscar", "hazard.own_work"), ("otto", "hazard.not_yours")):
        with pytest.raises(Refused) as refused:
            await does(cast, name, fixing.grant, report_id, True)
        assert reason(refused) == why
    await does(cast, "carol", fixing.grant, report_id, True)


async def test_nobody_gets_more_than_a_year(cast: Cast) -> None:
    report_id = await assigned(cast)
    with pytest.raises(Refused, match=r"hazard\.too_long"):
        await does(cast, "lena", fixing.wish, report_id, 359 * DAY, "rain")
    assert await wish_task(cast, report_id) is None


async def test_a_wish_is_void_once_it_is_mended(cast: Cast) -> None:
    report_id = await assigned(cast)
    await does(cast, "lena", fixing.wish, report_id, 3 * DAY, "rain")
    await mends(cast, "lena", report_id)
    assert await wish_task(cast, report_id) is None
    assert (await hazard(cast, report_id)).wished_at is None


async def test_an_emergency_has_half_an_hour(cast: Cast) -> None:
    report_id = await assigned(cast, severity=Severity.E)
    (task,) = await waits(cast, report_id)
    assert (task.due_at, task.ladder["patient"]) == (MORNING + timedelta(minutes=30), False)


async def test_of_a_confidential_case_only_the_county_and_who_mends_it_hear(cast: Cast) -> None:
    await cast.joins("bob", "lena", "nina", "olga", "oscar", "carol")
    report_id = await secret(cast)
    for name in ("olga", "lena"):
        with pytest.raises(Refused, match=r"hazard\.not_yours"):
            await does(cast, name, hazards.accept, report_id)
    await does(cast, "carol", hazards.assign, report_id, cast.ids["nina"])
    assert await held(cast, report_id) == (holding.FIX, "nina")
    await mends(cast, "nina", report_id, at=MORNING + later(days=1))
    await does(cast, "carol", closing.close, report_id)
    assert set(await cast.sent("hazard.card")) == {"nina", "carol"}
