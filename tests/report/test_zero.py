"""今日无异常: one tap, once a day, asked of nobody; the township can look who said it."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlmodel import select

from models import journal
from models.people.rules import Role
from models.refused import Refused
from models.report import intake, marks, zero
from models.report.tables import Patrol
from models.report.zero import Clear, Day
from tests.cast import ZONE, Cast, later
from tests.report.steps import SLOPE, a_photo, sends, submits, submitted, withdraws
from tests.village import COUNTY, MORNING, NEXT_VILLAGE, TOWN, VILLAGE


async def says(cast: Cast, name: str, at: datetime = MORNING, patrol: int = 0) -> Clear:
    """Somebody presses ✅."""
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        return await zero.say_clear(session, at, ZONE, me, patrol)


async def patrols(cast: Cast) -> list[Patrol]:
    async with cast.database.reading() as session:
        return list(await session.exec(select(Patrol)))


async def looks(cast: Cast, name: str, code: str, at: datetime = MORNING) -> Day:
    """An officer looks at the day."""
    me = await cast.me(name)
    async with cast.database.reading() as session:
        return await zero.day(session, at, ZONE, me, code)


async def goes_round(cast: Cast, name: str, ends: bool = True) -> int:
    """A round without a photo. → its id"""
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await intake.start_patrol(session, MORNING, me)
    patrol = (await patrols(cast))[-1]
    if ends:
        async with cast.database.transaction() as session:
            await intake.end_patrol(session, MORNING + later(hours=1), me)
    return patrol.id or 0


async def test_one_tap_is_a_round_without_findings(cast: Cast) -> None:
    assert await says(cast, "bob") == Clear(MORNING, again=False, reports=0)
    (patrol,) = await patrols(cast)
    assert (patrol.clear, patrol.started_at, patrol.ended_at) == (True, MORNING, MORNING)
    assert await cast.deeds("patrol", patrol.id or 0) == ["clear"]


async def test_twice_a_day_is_answered_and_written_once(cast: Cast) -> None:
    await says(cast, "bob")
    again = await says(cast, "bob", MORNING + later(hours=5))
    assert again == Clear(MORNING, again=True, reports=0)
    assert len(await patrols(cast)) == 1


async def test_the_next_day_on_the_countys_clock_is_another(cast: Cast) -> None:
    """09:00 in Kaihua; its day ends at 16:00 UTC."""
    await says(cast, "bob")
    assert (await says(cast, "bob", MORNING + later(hours=14, minutes=59))).again
    assert not (await says(cast, "bob", MORNING + later(hours=15))).again
    assert len(await patrols(cast)) == 2


async def test_a_report_of_the_day_stands_beside_it_and_the_books_tell_both(cast: Cast) -> None:
    await submitted(cast)
    assert (await says(cast, "bob", MORNING + later(hours=1))).reports == 1
    (patrol,) = await patrols(cast)
    async with cast.database.reading() as session:
        (entry,) = await journal.read(session, "patrol", patrol.id or 0)
    assert entry.facts == {"reports": 1}
    await submitted(cast, at=MORNING + later(hours=2))
    assert await says(cast, "bob", MORNING + later(hours=3)) == Clear(MORNING + later(hours=1), True, 2)


async def test_a_round_under_way_ends_with_it(cast: Cast) -> None:
    patrol = await goes_round(cast, "bob", ends=False)
    await says(cast, "bob", MORNING + later(hours=1))
    (found,) = await patrols(cast)
    assert (found.id, found.clear, found.ended_at) == (patrol, True, MORNING + later(hours=1))


async def test_a_round_under_way_with_findings_goes_on(cast: Cast) -> None:
    patrol = await goes_round(cast, "bob", ends=False)
    await sends(cast, "bob", photo=a_photo())
    await says(cast, "bob", MORNING + later(hours=1))
    assert [(each.id == patrol, each.clear, each.ended_at is None) for each in await patrols(cast)] == [
        (True, False, True), (False, True, False),
    ]  # fmt: skip


async def test_the_round_that_just_ended_becomes_the_zero_report(cast: Cast) -> None:
    patrol = await goes_round(cast, "bob")
    await says(cast, "bob", MORNING + later(hours=1), patrol)
    (found,) = await patrols(cast)
    assert (found.id, found.clear) == (patrol, True)


async def test_a_round_with_findings_or_of_another_does_not(cast: Cast) -> None:
    hers, his = await goes_round(cast, "lena"), await goes_round(cast, "bob", ends=False)
    await sends(cast, "bob", photo=a_photo())
    for patrol in (hers, his):
        with pytest.raises(Refused, match=r"report\.not_clear"):
            await says(cast, "bob", MORNING + later(hours=1), patrol)


@pytest.mark.parametrize("name", ["olga", "carol"])
async def test_officers_have_no_round_to_report(cast: Cast, name: str) -> None:
    with pytest.raises(Refused, match=r"people\.not_your_post"):
        await says(cast, name)


# --- the township's look ----------------------------------------------------------------------------------------------


async def test_the_township_sees_who_said_so_by_village(cast: Cast) -> None:
    await says(cast, "bob")
    await submitted(cast, "nina")
    day = await looks(cast, "olga", TOWN)
    assert {place.code: [each.name for each in people] for place, people in day.below} == {
        VILLAGE: ["Bob", "Lena"], NEXT_VILLAGE: ["Nina"],
    }  # fmt: skip
    assert [(each.name, each.clear_at, each.reported) for each in day.people] == [
        ("Bob", MORNING, False), ("Lena", None, False), ("Nina", None, True),
    ]  # fmt: skip


async def test_of_one_village_the_names(cast: Cast) -> None:
    day = await looks(cast, "oscar", VILLAGE)
    assert (day.below, [(each.name, each.role) for each in day.people]) == (
        (), [("Bob", Role.GRID_WORKER), ("Lena", Role.VILLAGE_LEAD)],
    )  # fmt: skip


async def test_yesterday_and_what_was_taken_back_do_not_count(cast: Cast) -> None:
    await says(cast, "bob", MORNING - later(days=1))
    await withdraws(cast, "lena", await submitted(cast, "lena"))
    day = await looks(cast, "olga", VILLAGE)
    assert [(each.clear_at, each.reported) for each in day.people] == [(None, False), (None, False)]


async def test_what_was_told_in_confidence_is_not_to_be_seen_here(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        await marks.confide(session, MORNING, me, report_id, True)
    await submits(cast, "bob", report_id)
    assert not any(each.reported for each in (await looks(cast, "olga", VILLAGE)).people)
    assert (await says(cast, "bob")).reports == 0, "nor in the books of his rounds"


@pytest.mark.parametrize(("name", "code"), [("otto", TOWN), ("lena", VILLAGE), ("bob", VILLAGE), ("olga", COUNTY)])
async def test_others_do_not_look(cast: Cast, name: str, code: str) -> None:
    with pytest.raises(Refused, match=r"people\.not_your_region"):
        await looks(cast, name, code)


async def test_the_county_sees_its_townships(cast: Cast) -> None:
    await says(cast, "charlie")
    day = await looks(cast, "carol", COUNTY)
    assert [(place.name, [each.name for each in people if each.clear_at]) for place, people in day.below] == [
        ("桐村镇", []), ("杨林镇", ["Charlie"]),
    ]  # fmt: skip
