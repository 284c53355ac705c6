"""验收销号 with a third person and a whole proof, the fast lane, and 满意, 没解决, 反弹."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from models.hazard import actions as hazards
from models.hazard import closing, holding
from models.hazard.rules import FIVE, Measure, Plate
from models.hazard.tables import Proof
from models.people.rules import Role
from models.people.tables import Post, Region
from models.policy import Policy
from models.refused import Refused
from models.report.rules import Severity, Status
from models.report.tables import Photo
from models.task import actions as tasks
from models.task.tables import Task
from tests.cast import POLICY, Cast, on_postgresql
from tests.hazard.steps import (
    DAY,
    assigned,
    closed,
    does,
    facts,
    fixed,
    hazard,
    held,
    leaves,
    mends,
    on_the_spot,
    report,
    secret,
    status,
    verbs,
    waits,
)
from tests.village import COUNTY, MORNING, TOWN


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


# 销号


async def test_a_third_person_closes_it_and_nothing_waits_any_more(cast: Cast) -> None:
    await cast.joins("bob", "lena", "olga")
    report_id = await fixed(cast)
    await closes(cast, "oscar", report_id, at=MORNING + DAY)
    found = await hazard(cast, report_id)
    assert await status(cast, report_id) is Status.CLOSED
    assert (found.closed_at, found.closer_id, found.revisit_at) == (MORNING + DAY, cast.ids["oscar"], None)
    assert (await report(cast, report_id)).ended_at == MORNING + DAY
    assert await waits(cast, report_id) == []
    assert (await verbs(cast, report_id))[-2:] == ["fixed", "closed"]
    assert (await cast.sent("report.screen"))[-1] == "bob", "who hears the outcome"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("bob", "hazard.not_yours"),
        ("lena", "hazard.not_yours"),
        ("nina", "hazard.not_yours"),
        ("otto", "hazard.not_yours"),
        ("oscar", "hazard.own_work"),
    ],
)
async def test_nobody_else_closes_it(cast: Cast, name: str, why: str) -> None:
    report_id = await fixed(cast, "oscar")
    with pytest.raises(Refused) as refused:
        await closes(cast, name, report_id)
    assert reason(refused) == why
    assert await held(cast, report_id) == (holding.CHECK, TOWN)


async def test_who_mends_as_the_townships_only_officer_is_checked_by_the_county(cast: Cast) -> None:
    await cast.joins("carol")
    report_id = await assigned(cast, "oscar")
    await leaves(cast, "olga")
    await mends(cast, "oscar", report_id)
    assert await held(cast, report_id) == (holding.CHECK, COUNTY)
    assert (await cast.sent("hazard.card"))[-1] == "carol"
    await closes(cast, "carol", report_id)


async def test_what_is_not_handed_in_is_not_closed(cast: Cast) -> None:
    report_id = await assigned(cast)
    with pytest.raises(Refused, match=r"report\.moved_on"):
        await closes(cast, "olga", report_id)


@pytest.mark.parametrize("lost", ["photos", "measure", "proof"])
async def test_a_proof_that_lost_something_closes_nothing(cast: Cast, lost: str) -> None:
    """The rows are asked again at 销号, whatever was there when it was handed in."""
    report_id = await fixed(cast)
    async with cast.database.transaction() as session:
        for photo in (await session.exec(select(Photo).where(Photo.after_round == 1))).all():
            if lost == "photos":
                await session.delete(photo)
        found = (await session.exec(select(Proof))).one()
        if lost == "measure":
            found.measure = None
        if lost == "proof":
            await session.delete(found)
    with pytest.raises(Refused, match=r"hazard\.(no_photo|no_measure)"):
        await closes(cast, "olga", report_id)
    assert await status(cast, report_id) is Status.FIXED


@on_postgresql
async def test_of_one_who_closes_and_one_who_sends_back_the_slower_is_told(cast: Cast) -> None:
    report_id = await fixed(cast)
    olga = await cast.me("olga")
    async with cast.database.transaction() as session:
        await closing.close(session, MORNING, NONE, olga, report_id)
        slower = asyncio.create_task(does(cast, "oscar", closing.send_back, report_id, "no"))
        await asyncio.sleep(0.2)
        assert not slower.done()
    with pytest.raises(Refused) as refused:
        await slower
    assert (reason(refused), refused.value.facts["status"]) == ("report.moved_on", Status.CLOSED)


# 重大


async def test_a_major_one_wants_its_five_fixes_and_its_plate(cast: Cast) -> None:
    report_id = await fixed(cast, severity=Severity.M)
    with pytest.raises(Refused, match=r"hazard\.five_missing"):
        await closes(cast, "olga", report_id)
    for name in FIVE:
        await does(cast, "oscar", closing.fill, report_id, {name: f" {name} said "})
    assert (await hazard(cast, report_id)).five == {name: f"{name} said" for name in FIVE}
    with pytest.raises(Refused, match=r"hazard\.no_plate"):
        await closes(cast, "olga", report_id)
    await does(cast, "oscar", closing.plate, report_id, Plate.TOWNSHIP, at=MORNING + DAY)
    assert await facts(cast, report_id, "plate") == {"level": "township"}
    await closes(cast, "olga", report_id, at=MORNING + 2 * DAY)
    found = await hazard(cast, report_id)
    assert (found.plated_at, found.unplated_at) == (MORNING + DAY, MORNING + 2 * DAY)


@pytest.mark.parametrize("fields", [{}, {"duty": " "}, {"other": "x"}])
async def test_only_the_five_are_filled_in(cast: Cast, fields: dict[str, str]) -> None:
    report_id = await fixed(cast, severity=Severity.M)
    with pytest.raises(Refused, match=r"hazard\.five_missing"):
        await does(cast, "olga", closing.fill, report_id, fields)


async def test_what_is_not_major_has_neither(cast: Cast) -> None:
    report_id = await fixed(cast)
    for verb, args in ((closing.fill, {"duty": "x"}), (closing.plate, Plate.TOWNSHIP)):
        with pytest.raises(Refused, match=r"hazard\.not_major"):
            await does(cast, "olga", verb, report_id, args)


async def test_a_plate_of_the_county_is_hung_by_the_county_over_this_place(cast: Cast) -> None:
    report_id = await fixed(cast, severity=Severity.M)
    async with cast.database.transaction() as session:
        session.add(Region(code="330825", name="龙游县", level=6, parent_code=None, path="/330825/"))
        await session.flush()
        session.add(Post(person_id=cast.ids["olga"], role=Role.COUNTY_ADMIN, region_code="330825", started_at=MORNING))
    for level in (Plate.COUNTY, Plate.CITY):
        with pytest.raises(Refused, match=r"hazard\.level_above"):
            await does(cast, "olga", closing.plate, report_id, level)
    await does(cast, "carol", closing.plate, report_id, Plate.CITY)


# The fast lane


async def test_what_its_finder_mended_on_the_spot_is_closed_by_one_tap_of_another(cast: Cast) -> None:
    await cast.joins("bob", "olga")
    report_id = await on_the_spot(cast)
    await does(cast, "olga", closing.settle, report_id, policy=NONE)
    assert (await verbs(cast, report_id))[1:] == ["submitted", "accepted", "registered", "assigned", "fixed", "closed"]
    assert (await report(cast, report_id)).rectifier_id == cast.ids["bob"]
    found = await hazard(cast, report_id)
    assert (found.closer_id, found.round) == (cast.ids["olga"], 1)
    assert await facts(cast, report_id, "fixed") == {"round": 1, "photos": 1, "metres": None, "measure": "on_spot"}
    async with cast.database.reading() as session:
        proof = (await session.exec(select(Proof))).one()
    assert (proof.by_id, proof.measure) == (cast.ids["bob"], Measure.ON_SPOT)
    assert await waits(cast, report_id) == []


@pytest.mark.parametrize(
    ("name", "severity", "after", "why"),
    [
        ("bob", Severity.G, True, "hazard.not_yours"),
        ("otto", Severity.G, True, "hazard.not_yours"),
        ("olga", Severity.L, True, "hazard.no_fast_lane"),
        ("olga", Severity.G, False, "hazard.no_photo"),
    ],
)
async def test_the_fast_lane_is_no_way_round(cast: Cast, name: str, severity: Severity, after: bool, why: str) -> None:
    report_id = await on_the_spot(cast, severity, after)
    with pytest.raises(Refused) as refused:
        await does(cast, name, closing.settle, report_id)
    assert reason(refused) == why
    assert await status(cast, report_id) is Status.SUBMITTED


# 满意, 没解决, 反弹


async def test_the_reporter_is_content(cast: Cast) -> None:
    report_id = await closed(cast)
    await does(cast, "bob", closing.answer, report_id, True)
    assert (await hazard(cast, report_id)).satisfied is True
    assert await status(cast, report_id) is Status.CLOSED
    with pytest.raises(Refused, match=r"hazard\.answered_already"):
        await does(cast, "bob", closing.answer, report_id, False)
    assert (await verbs(cast, report_id))[-1] == "satisfied"


async def test_unsolved_it_goes_to_another_officer_than_who_closed_it(cast: Cast) -> None:
    await cast.joins("olga", "oscar")
    report_id = await closed(cast, by="oscar")
    await does(cast, "bob", closing.answer, report_id, False, " it still slides ", at=MORNING + 2 * DAY)
    found = await hazard(cast, report_id)
    assert (found.reopened, found.relapsed, found.barred_id) == (1, True, cast.ids["oscar"])
    assert (found.due_at, found.satisfied) == (None, False)
    row = await report(cast, report_id)
    assert (row.status, row.rectifier_id, row.ended_at) == (Status.REGISTERED, None, None)
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)
    assert (await cast.sent("hazard.card"))[-1] == "olga"
    assert await facts(cast, report_id, "unsolved") == {"why": "it still slides"}
    assert await facts(cast, report_id, "reopen") == {"why": "unsolved", "relapsed": True}
    with pytest.raises(Refused, match=r"hazard\.another_officer"):
        await does(cast, "oscar", hazards.assign, report_id, cast.ids["lena"])
    await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])


async def test_with_no_other_officer_in_the_township_the_county_takes_it(cast: Cast) -> None:
    await cast.joins("oscar", "carol")
    report_id = await closed(cast, by="oscar")
    await leaves(cast, "olga")
    await does(cast, "bob", closing.answer, report_id, False)
    assert await held(cast, report_id) == (holding.ASSIGN, COUNTY)
    assert (await cast.sent("hazard.card"))[-1] == "carol"


async def test_where_there_is_nobody_else_at_all_the_same_officer_goes_on(cast: Cast) -> None:
    report_id = await secret(cast)
    await does(cast, "carol", hazards.assign, report_id, cast.ids["lena"])
    await mends(cast, "lena", report_id)
    await closes(cast, "carol", report_id)
    await does(cast, "bob", closing.answer, report_id, False)
    assert (await hazard(cast, report_id)).barred_id is None
    await does(cast, "carol", hazards.assign, report_id, cast.ids["lena"])


async def test_after_a_week_it_is_a_report_of_its_own(cast: Cast) -> None:
    report_id = await closed(cast)
    with pytest.raises(Refused, match=r"hazard\.answered_late"):
        await does(cast, "bob", closing.answer, report_id, False, at=MORNING + timedelta(days=7, seconds=1))
    for name in ("lena", "olga", "charlie"):
        with pytest.raises(Refused, match=r"hazard\.not_yours"):
            await does(cast, name, closing.answer, report_id, False)


async def test_closed_again_it_can_be_answered_again(cast: Cast) -> None:
    report_id = await closed(cast, by="oscar")
    await does(cast, "bob", closing.answer, report_id, False)
    await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])
    await mends(cast, "lena", report_id)
    await closes(cast, "olga", report_id)
    await does(cast, "bob", closing.answer, report_id, False)
    assert (await hazard(cast, report_id)).barred_id == cast.ids["olga"]
    assert (await hazard(cast, report_id)).reopened == 2
