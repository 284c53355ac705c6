"""A month's numbers on small literal histories, each of which can be reckoned by hand from the deeds above it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import swap
from models.hazard import closing, figures
from models.hazard.figures import Middle, Month, Week
from models.hazard.rules import Measure
from models.people import actions as people
from models.people.rules import Me, Role
from models.people.tables import Region
from models.refused import Refused
from models.report.rules import Form, Severity
from models.report.tables import Photo, Report
from tests.cast import POLICY, ZONE, Cast
from tests.stats.histories import JULY, Story, at, month
from tests.village import COUNTY, NEXT_VILLAGE, OTHER_TOWN, OTHER_VILLAGE, REGIONS, TOWN, VILLAGE

JUNE, AUGUST = date(2026, 6, 1), date(2026, 8, 1)
RECHECKED = POLICY.model_copy(update={"hazard": POLICY.hazard.model_copy(update={"recheck_share": 100})})


async def sent(cast: Cast, day: int, hour: float = 9, by: str = "bob", month: int = 7) -> Story:
    """A report handed in an hour after its first photo."""
    return await Story.begins(cast, at(day, hour - 1, month), at(day, hour, month), by)


async def done(cast: Cast, day: int, closed: int, by: str = "bob") -> Story:
    """A case given and mended on its first day, closed on another at nine."""
    story = await sent(cast, day, by=by)
    await (await story.given(at(day, 10))).mended(at(day, 12))
    return await story.closed(at(closed))


def counted(found: Month) -> list[tuple[int, int, int]]:
    return [(week.reported, week.closed, week.open) for week in found.weeks]


# --- reported, closed, open -------------------------------------------------------------------------------------------


async def test_each_report_is_counted_in_its_week_and_leaves_by_one_door(cast: Cast) -> None:
    old = await (await sent(cast, 20, month=6)).given(at(1))
    await (await (await sent(cast, 2)).given(at(6))).mended(at(7))
    await (await sent(cast, 3)).rejected(at(7))
    at_midnight = await (await (await sent(cast, 8)).given(at(9))).mended(at(10))
    left = await sent(cast, 13)
    await (await sent(cast, 14)).withdrawn(at(14, 9.05))
    await (await sent(cast, 15)).joined(at(16), left)
    await (await old.mended(at(4))).closed(at(5, 23.99))
    await at_midnight.closed(at(13, 0))
    await sent(cast, 31, 23.99)
    await sent(cast, 1, 1, month=8)

    july = await month(cast)
    assert july.weeks == (
        Week(date(2026, 7, 1), date(2026, 7, 5), 2, 1, 2),
        Week(date(2026, 7, 6), date(2026, 7, 12), 1, 0, 2),
        Week(date(2026, 7, 13), date(2026, 7, 19), 3, 1, 2),
        Week(date(2026, 7, 20), date(2026, 7, 26), 0, 0, 2),
        Week(date(2026, 7, 27), date(2026, 7, 31), 1, 0, 3),
    )
    assert (july.reported, july.closed, july.otherwise, july.again, july.open) == (7, 2, 3, 0, 3)
    june = await month(cast, JUNE)
    assert (june.reported, june.closed, june.open) == (1, 0, 1)
    assert july.open == june.open + july.reported + july.again - july.closed - july.otherwise


async def test_an_unfinished_report_is_none_yet(cast: Cast) -> None:
    story = await sent(cast, 2)
    async with cast.database.transaction() as session:
        await swap(session, Report, {"id": story.id}, {"submitted_at": None, "status": "draft"})
    assert await month(cast) == await month(cast, code=OTHER_VILLAGE)


async def test_nothing_at_all_is_nought_and_no_data(cast: Cast) -> None:
    nothing = await month(cast)
    assert counted(nothing) == [(0, 0, 0)] * 5
    assert (nothing.found, nothing.mended) == (Middle(None, 0), Middle(None, 0))
    assert (nothing.reported, nothing.mending, nothing.came_again, nothing.looked) == (0, 0, 0, 0)


async def test_a_month_under_way_ends_today(cast: Cast) -> None:
    await sent(cast, 2)
    await sent(cast, 14, 8)
    july = await month(cast, now=at(14))
    assert [(week.first.day, week.last.day) for week in july.weeks] == [(1, 5), (6, 12), (13, 14)]
    assert counted(july) == [(1, 0, 1), (0, 0, 1), (1, 0, 2)]


@pytest.mark.parametrize(
    ("first", "days"),
    [
        (date(2026, 2, 1), [(1, 1), (2, 8), (9, 15), (16, 22), (23, 28)]),
        (date(2027, 2, 1), [(1, 7), (8, 14), (15, 21), (22, 28)]),
        (date(2026, 8, 1), [(1, 2), (3, 9), (10, 16), (17, 23), (24, 30), (31, 31)]),
    ],
)
def test_weeks_begin_on_monday_and_stay_in_the_month(first: date, days: list[tuple[int, int]]) -> None:
    weeks = figures.weeks_of(first, date(2027, 12, 31))
    assert [(begin.day, end.day) for begin, end in weeks] == days
    assert {begin.month for week in weeks for begin in week} == {first.month}


# --- 发现及时, 处置高效 -----------------------------------------------------------------------------------------------


async def test_time_to_report_is_the_one_in_the_middle(cast: Cast) -> None:
    for day, hours in ((2, 0.5), (6, 30), (10, 2)):
        await Story.begins(cast, at(day), at(day) + timedelta(hours=hours))
    assert (await month(cast)).found == Middle(2.0, 3)
    await Story.begins(cast, at(15), at(15, 13))
    assert (await month(cast)).found == Middle(3.0, 4), "the mean of two and four hours"


async def test_time_to_mend_runs_from_the_first_assignment_to_the_proof_that_convinced(cast: Cast) -> None:
    story = await (await sent(cast, 1)).given(at(2))
    await (await story.mended(at(3))).sent_back(at(4))
    await story.given(at(5), to="nina")
    await (await story.mended(at(8), by="nina")).closed(at(20))
    july = await month(cast)
    assert july.mended == Middle(6 * 24.0, 1)
    assert july.on_spot == 0


async def test_time_to_mend_is_counted_when_closed_and_not_before(cast: Cast) -> None:
    for closed in (10, 31):
        story = await (await sent(cast, closed - 8)).given(at(closed - 7))
        await (await story.mended(at(closed - 6))).closed(at(closed))
    await (await (await sent(cast, 20)).given(at(20, 10))).mended(at(21))
    assert (await month(cast)).mended == Middle(24.0, 2)
    assert (await month(cast, AUGUST)).mended == Middle(None, 0)


async def test_what_its_finder_mended_on_the_spot_was_given_to_nobody(cast: Cast) -> None:
    story = await sent(cast, 2)
    olga = await cast.me("olga")
    async with cast.database.transaction() as session:
        await swap(session, Report, {"id": story.id}, {"on_spot": True, "severity": Severity.G})
        after = Photo(
            report_id=story.id, file_id="after", unique_id="after", form=Form.PHOTO, nth=9, after_round=1,
            received_at=at(2),
        )  # fmt: skip
        session.add(after)
        await session.flush()
        await closing.settle(session, at(2, 11), POLICY, olga, story.id)
    july = await month(cast)
    assert (july.closed, july.on_spot, july.mended) == (1, 1, Middle(None, 0))


# --- 管控到位 ---------------------------------------------------------------------------------------------------------


async def test_overdue_and_under_control_are_counted_when_the_month_ends(cast: Cast) -> None:
    """Seven days for 较大: given on the 20th or before is overdue at the end of July."""
    await (await sent(cast, 28)).given(at(28, 10))
    await (await sent(cast, 2)).given(at(2, 10))
    for day, measure in ((3, Measure.FENCED), (4, Measure.STOPPED), (5, Measure.MOVED), (6, Measure.REPAIRED)):
        await (await (await sent(cast, day)).given(at(day, 10))).says(at(day, 11), measure)
    await (await (await sent(cast, 7)).given(at(7, 10))).says(at(1, month=8), Measure.FENCED)
    await (await (await sent(cast, 8)).given(at(8, 10))).mended(at(25))
    await (await (await sent(cast, 9)).given(at(9, 10))).granted(at(15), 30)
    july = await month(cast)
    assert (july.mending, july.overdue, july.controlled) == (8, 6, 3)
    assert (july.mended, july.open) == (Middle(None, 0), 9)


async def test_a_plate_or_all_five_fixes_keep_it_under_control(cast: Cast) -> None:
    stories = [await (await (await sent(cast, day)).major(at(day, 9.5))).given(at(day, 10)) for day in (2, 3, 4)]
    await stories[0].plated(at(5))
    await stories[1].fixes(at(5))
    await stories[2].fixes(at(5), "duty", "money")
    july = await month(cast)
    assert (july.mending, july.overdue) == (3, 0), "thirty days for 重大"
    august = await month(cast, AUGUST, now=at(6, month=8))
    assert (august.mending, august.overdue, august.controlled) == (3, 3, 2)


async def test_a_measure_of_the_life_before_keeps_nobody_safe_now(cast: Cast) -> None:
    story = await (await sent(cast, 1)).given(at(1, 10))
    await (await story.mended(at(2), Measure.FENCED)).closed(at(3))
    await story.answered(at(4), satisfied=False)
    await story.given(at(5), by="oscar")
    assert (await month(cast)).overdue == 1
    assert (await month(cast)).controlled == 0


# --- 解决彻底 ---------------------------------------------------------------------------------------------------------


async def test_reopened_is_a_share_of_the_lives_closed_in_the_month(cast: Cast) -> None:
    twice = await done(cast, 1, 2)
    await twice.answered(at(4), satisfied=False)
    await (await (await twice.given(at(5), by="oscar")).mended(at(6))).closed(at(7), by="oscar")
    for day in (9, 11):
        await done(cast, day, day + 1)
    later = await done(cast, 27, 28)
    july = await month(cast, now=at(31))
    assert (july.closed, july.came_again, july.again, july.open) == (5, 1, 1, 0)
    assert (july.satisfied, july.unsolved) == (0, 1)
    assert july.mended == Middle(2.0, 5), "two, two, two, two and, in its second life, twenty-four hours"
    assert counted(july) == [(1, 1, 1), (2, 3, 0), (0, 0, 0), (0, 0, 0), (1, 1, 0)]

    await later.answered(at(2, month=8), satisfied=False)
    july, august = await month(cast), await month(cast, AUGUST)
    assert (july.closed, july.came_again, july.again, july.open) == (5, 2, 1, 0), "it was closed when July ended"
    assert (august.closed, august.again, august.open) == (0, 1, 1)


async def test_what_reporters_said_and_who_looked_again_belong_to_the_closing(cast: Cast) -> None:
    await cast.joins("nina")
    stories = []
    for day in (2, 4, 6):
        story = await Story.begins(cast, at(day, 8), at(day), policy=RECHECKED)
        await (await (await story.given(at(day, 10))).mended(at(day, 12))).closed(at(31))
        stories.append(story)
    await stories[0].answered(at(1, month=8), satisfied=True)
    await stories[1].looked_at(at(2, month=8), fine=True)
    await stories[2].looked_at(at(2, month=8), fine=False)
    july = await month(cast)
    assert (july.closed, july.satisfied, july.unsolved, july.looked, july.came_again) == (3, 1, 0, 2, 1)
    august = await month(cast, AUGUST)
    assert (august.closed, august.satisfied, august.looked, august.again) == (0, 0, 0, 1)


# --- the past stays as it was -----------------------------------------------------------------------------------------


async def test_what_happens_later_changes_nothing_of_a_month_but_what_came_again(cast: Cast) -> None:
    ended, open_ = await done(cast, 1, 3), await (await sent(cast, 6)).given(at(7))
    late = await sent(cast, 20)
    before = await month(cast, now=at(1, month=8))
    await open_.mended(at(2, month=8))
    await (await open_.sent_back(at(3, month=8))).mended(at(4, month=8))
    await open_.closed(at(5, month=8))
    await late.rejected(at(6, month=8))
    await ended.answered(at(9), satisfied=True)
    after = await month(cast, now=at(20, month=9))
    assert (after.satisfied, before.satisfied) == (1, 0)
    assert {**vars(after), "satisfied": 0} == vars(before)
    assert (before.overdue, before.mending, before.open) == (1, 1, 2)


# --- whose figures ----------------------------------------------------------------------------------------------------


async def test_an_area_holds_what_lies_below_it(cast: Cast) -> None:
    for day, who in enumerate(("bob", "nina", "charlie"), 1):
        await sent(cast, day, by=who)
    async with cast.database.transaction() as session:
        path = f"/{COUNTY}/{TOWN}/{VILLAGE}/{VILLAGE}001/"
        session.add(Region(code=f"{VILLAGE}001", name="3", level=15, parent_code=VILLAGE, path=path))
        await session.flush()
        report = (await session.exec(select(Report.id).order_by(Report.id))).first()  # type: ignore[arg-type]  # a column
        await swap(session, Report, {"id": report}, {"region_code": f"{VILLAGE}001"})
    reported = [
        (await month(cast, code=code)).reported
        for code in (VILLAGE, NEXT_VILLAGE, OTHER_VILLAGE, TOWN, OTHER_TOWN, COUNTY)
    ]
    assert reported == [1, 1, 1, 2, 1, 3]


async def test_a_confidential_case_is_counted_for_the_county_alone(cast: Cast) -> None:
    story = await sent(cast, 1)
    async with cast.database.transaction() as session:
        await swap(session, Report, {"id": story.id}, {"confidential": True})
    assert (await month(cast)).reported == 0
    async with cast.database.reading() as session:
        july = await figures.month(session, at(3, month=8), ZONE, VILLAGE, JULY, confidential=True)
    assert (july.reported, july.open) == (1, 1)


SEEN = {
    "bob": {VILLAGE}, "lena": {VILLAGE}, "nina": {NEXT_VILLAGE}, "charlie": {OTHER_VILLAGE},
    "olga": {TOWN, VILLAGE, NEXT_VILLAGE}, "otto": {OTHER_TOWN, OTHER_VILLAGE},
    "carol": {COUNTY, TOWN, OTHER_TOWN, VILLAGE, NEXT_VILLAGE, OTHER_VILLAGE},
}  # fmt: skip


async def test_everybody_reads_of_their_own_area_and_what_lies_below(cast: Cast) -> None:
    for name, expected in SEEN.items():
        me = await cast.me(name)
        async with cast.database.reading() as session:
            own = await figures.own(session, me)
            seen = {code for code in REGIONS if await _may_read(session, me, code)}
        assert seen == expected, name
        assert [place.code for place in own] == [min(seen, key=len)], name


async def _may_read(session: AsyncSession, me: Me, code: str) -> bool:
    try:
        return (await figures.area(session, me, code)).code == code
    except Refused as refused:
        return refused.reason != "stats.elsewhere"


async def test_somebody_of_a_grid_reads_of_its_village(cast: Cast) -> None:
    async with cast.database.transaction() as session:
        path = f"/{COUNTY}/{TOWN}/{VILLAGE}/{VILLAGE}001/"
        session.add(Region(code=f"{VILLAGE}001", name="3", level=15, parent_code=VILLAGE, path=path))
        await session.flush()
        me = await people.person(session, await cast.another(session, Role.GRID_WORKER, f"{VILLAGE}001"))
        assert me is not None
        assert [place.code for place in await figures.own(session, me)] == [VILLAGE]
        assert await _may_read(session, me, VILLAGE)
        assert not await _may_read(session, me, NEXT_VILLAGE)
        assert not await _may_read(session, me, TOWN)


def test_moments_are_those_of_the_wall_clock() -> None:
    assert at(1, 0) == datetime(2026, 7, 1, tzinfo=ZONE)
