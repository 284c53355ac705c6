"""Who reads which list in which order: the queue of a township, one's own reports, the months of what was closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import col, select

from models.hazard import actions as hazards
from models.hazard import fixing, register
from models.hazard.register import Page, Pick, Scope, Wanted
from models.people import actions as people
from models.people.rules import Role
from models.people.tables import Post
from models.refused import Refused
from models.report import rules as report_rules
from models.report import views
from models.report.rules import OPEN, Severity, Status
from models.report.tables import Report
from models.task.tables import Task
from tests.cast import Cast, later
from tests.hazard import steps
from tests.hazard.steps import assigned, changed, closed, does, fixed, incomplete, registered, secret, waits
from tests.report.steps import sends, some_words
from tests.village import COUNTY, MORNING, NEXT_VILLAGE, OTHER_TOWN, OTHER_VILLAGE, TOWN, VILLAGE

AREAS = {"bob": VILLAGE, "lena": VILLAGE, "nina": NEXT_VILLAGE, "olga": TOWN, "oscar": TOWN, "carol": COUNTY}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
E, M, L, G = Severity.E, Severity.M, Severity.L, Severity.G


async def submitted(cast: Cast, name: str = "bob", severity: Severity = L, kind: str = "A1") -> int:
    """A whole report; what its reporter sends next is another one."""
    return await changed(cast, await steps.submitted(cast, name, severity, kind), last_part_at=LONG_AGO)


def of(code: str, pick: Pick = Pick.OPEN, **more: Any) -> Wanted:
    return Wanted(Scope.AREA, pick, code, **more)


async def page(cast: Cast, name: str, wanted: Wanted, at: datetime = MORNING, **more: Any) -> Page:
    me = await cast.me(name)
    async with cast.database.reading() as session:
        return await register.page(session, at, me, wanted, **more)


async def ids(cast: Cast, name: str, wanted: Wanted, at: datetime = MORNING, **more: Any) -> list[int]:
    return [row.id for row in (await page(cast, name, wanted, at, **more)).rows]


async def counts(cast: Cast, name: str, wanted: Wanted, at: datetime = MORNING) -> dict[str, int]:
    """What the filters say, noughts left out."""
    me = await cast.me(name)
    async with cast.database.reading() as session:
        found = await register.counts(session, at, me, wanted)
    return {each.value: found.of(each) for each in Pick if found.of(each)}


async def due(cast: Cast, report_id: int, at: datetime) -> None:
    """The step it waits in ends then."""
    (task,) = await waits(cast, report_id)
    async with cast.database.transaction() as session:
        (await session.get_one(Task, task.id)).due_at = at


# --- who sees what ----------------------------------------------------------------------------------------------------


async def everything(cast: Cast) -> None:
    """A case of Bob's and one of Olga's in every state, open to all and confidential."""
    for status in Status:
        for name in ("bob", "olga"):
            for confidential in (False, True):
                report_id = await sends(cast, name, words=some_words("x"), at=MORNING)
                hands = {"rectifier_id": cast.ids["lena"]} if name == "bob" else {"visitor_id": cast.ids["nina"]}
                await changed(cast, report_id, status=status, confidential=confidential, last_part_at=LONG_AGO, **hands)


async def readable(cast: Cast, name: str) -> dict[int, tuple[Report, str]]:
    """Every report whose card this person may open, with its stored path."""
    me, found = await cast.me(name), {}
    async with cast.database.reading() as session:
        for report in (await session.exec(select(Report).order_by(col(Report.id)))).all():
            path = (await people.place(session, report.region_code)).path
            try:
                report_rules.may_see(me, views.concern_of(report, path))
            except Refused:
                continue
            found[report.id or 0] = (report, path)
    return found


async def test_a_list_holds_what_its_reader_may_open_and_nothing_else(cast: Cast) -> None:
    await everything(cast)
    for name, code in AREAS.items():
        async with cast.database.reading() as session:
            top = (await people.place(session, code)).path
        county = name == "carol"
        expected = {
            report_id
            for report_id, (report, path) in (await readable(cast, name)).items()
            if path.startswith(top) and report.status is not Status.DRAFT and (county or not report.confidential)
        }
        assert set(await ids(cast, name, of(code, Pick.ALL), most=100)) == expected, name


async def test_charlie_and_otto_see_nothing_of_the_next_township(cast: Cast) -> None:
    await everything(cast)
    for name in ("charlie", "otto"):
        for code in (VILLAGE, TOWN, COUNTY):
            for read in (register.page, register.counts):
                with pytest.raises(Refused, match=r"people\.not_your_region"):
                    async with cast.database.reading() as session:
                        await read(session, MORNING, await cast.me(name), of(code))
    assert await ids(cast, "otto", of(OTHER_TOWN, Pick.ALL)) == []
    for scope in (Scope.MINE, Scope.MEND):
        assert await ids(cast, "charlie", Wanted(scope, Pick.ALL)) == []


async def test_a_confidential_case_is_in_the_lists_of_the_county_its_reporter_and_its_rectifier(cast: Cast) -> None:
    report_id = await secret(cast)
    await does(cast, "carol", hazards.accept, report_id)
    await does(cast, "carol", hazards.assign, report_id, cast.ids["lena"])
    for name, code in AREAS.items():
        assert await ids(cast, name, of(code, Pick.ALL)) == ([report_id] if name == "carol" else []), name
        if name != "carol":
            assert await counts(cast, name, of(code)) == {}
    assert await ids(cast, "bob", Wanted(Scope.MINE, Pick.ALL)) == [report_id]
    assert await ids(cast, "lena", Wanted(Scope.MEND, Pick.OPEN)) == [report_id]


async def test_the_areas_are_those_of_ones_posts_without_what_lies_inside(cast: Cast) -> None:
    async with cast.database.transaction() as session:
        for role, code in ((Role.VILLAGE_LEAD, VILLAGE), (Role.GRID_WORKER, OTHER_VILLAGE)):
            session.add(Post(person_id=cast.ids["olga"], role=role, region_code=code, started_at=MORNING))
    me = await cast.me("olga")
    async with cast.database.reading() as session:
        assert [place.code for place in await register.areas(session, me)] == [TOWN, OTHER_VILLAGE]


# --- in which order ---------------------------------------------------------------------------------------------------


async def test_what_waits_for_the_officers_comes_first_then_emergencies_then_the_overdue(cast: Cast) -> None:
    mending, soon, late = await assigned(cast, severity=E), await submitted(cast), await submitted(cast, "lena")
    grave, many = await registered(cast, severity=E), await submitted(cast, "nina")
    await does(cast, "olga", hazards.join, await submitted(cast, "oscar"), many)
    await due(cast, late, MORNING + later(hours=1))
    await due(cast, soon, MORNING + later(hours=3))
    await due(cast, many, MORNING + later(hours=5))
    await due(cast, grave, MORNING + later(hours=6))
    await due(cast, mending, MORNING + later(hours=7))
    found = await page(cast, "olga", of(TOWN), MORNING + later(hours=2))
    assert [row.id for row in found.rows] == [grave, late, many, soon, mending]
    assert [row.waits for row in found.rows] == [True, True, True, True, False]
    assert [row.late for row in found.rows] == [False, True, False, False, False]
    assert [row.supporters for row in found.rows] == [0, 0, 1, 0, 0]
    assert await ids(cast, "lena", of(VILLAGE), MORNING + later(hours=2)) == [grave, mending, late, soon]


async def test_what_was_handed_up_waits_for_the_county_and_not_for_the_township(cast: Cast) -> None:
    up, here = await submitted(cast), await submitted(cast, "lena")
    await does(cast, "olga", hazards.escalate, up)
    assert [(row.id, row.waits) for row in (await page(cast, "olga", of(TOWN))).rows] == [(here, True), (up, False)]
    assert [(row.id, row.waits) for row in (await page(cast, "carol", of(COUNTY))).rows] == [(up, True), (here, False)]


async def test_more_time_asked_for_waits_for_a_decision_as_well(cast: Cast) -> None:
    first, second = await assigned(cast), await assigned(cast)
    await due(cast, second, MORNING + later(days=20))
    await does(cast, "lena", fixing.wish, second, later(days=3), "weather")
    assert await ids(cast, "olga", of(TOWN)) == [second, first]


async def many(cast: Cast, count: int) -> list[int]:
    return [await submitted(cast) for _ in range(count)]


async def test_pages_follow_one_another_and_lead_back(cast: Cast) -> None:
    all_of = await many(cast, 7)
    for wanted in (of(TOWN), of(TOWN, Pick.ALL), Wanted(Scope.MINE, Pick.ALL)):
        name = "bob" if wanted.scope is Scope.MINE else "olga"
        pages = [await page(cast, name, wanted, most=3)]
        while pages[-1].after:
            pages.append(await page(cast, name, wanted, key=pages[-1].last, most=3))
        assert sorted(row.id for each in pages for row in each.rows) == all_of
        assert [len(each.rows) for each in pages] == [3, 3, 1]
        assert [each.before for each in pages] == [False, True, True]
        back = await page(cast, name, wanted, key=pages[2].first, back=True, most=3)
        assert (back.rows, back.before, back.after) == (pages[1].rows, True, True)
        back = await page(cast, name, wanted, key=back.first, back=True, most=3)
        assert (back.rows, back.before) == (pages[0].rows, False)


async def test_nothing_is_left_out_when_a_case_was_dealt_with_between_two_pages(cast: Cast) -> None:
    all_of = await many(cast, 5)
    first = await page(cast, "olga", of(TOWN, Pick.VERIFY), most=2)
    await does(cast, "oscar", hazards.accept, first.rows[-1].id)
    assert await ids(cast, "olga", of(TOWN, Pick.VERIFY), key=first.last) == all_of[2:]


async def test_a_key_of_another_list_begins_at_the_top(cast: Cast) -> None:
    all_of = await many(cast, 3)
    assert await ids(cast, "olga", of(TOWN), key=(all_of[1],)) == all_of


# --- filters ----------------------------------------------------------------------------------------------------------


async def test_each_filter_shows_what_its_number_says(cast: Cast) -> None:
    shown = {
        Pick.VERIFY: [await submitted(cast)],
        Pick.ASSIGN: [await registered(cast), await incomplete(cast, "nina")],
        Pick.PASSED: [await registered(cast)],
        Pick.MEND: [await assigned(cast)],
        Pick.CHECK: [await fixed(cast)],
    }
    await does(cast, "olga", hazards.accept, shown[Pick.ASSIGN][1])
    await does(cast, "olga", hazards.transfer, shown[Pick.PASSED][0], "水利局", cast.ids["nina"])
    await due(cast, shown[Pick.MEND][0], MORNING - later(hours=1))
    shown[Pick.LATE] = shown[Pick.MEND]
    shown[Pick.OPEN] = [each for pick in Pick if pick not in (Pick.LATE, Pick.OPEN) for each in shown.get(pick, [])]
    for pick, cases in shown.items():
        assert sorted(await ids(cast, "olga", of(TOWN, pick))) == sorted(cases), pick
    expected = {pick.value: len(cases) for pick, cases in shown.items()}
    assert await counts(cast, "olga", of(TOWN)) == expected | {"all": expected["open"]}


async def test_by_grade_and_by_kind(cast: Cast) -> None:
    grave, mild = await submitted(cast, severity=M, kind="B2"), await submitted(cast, severity=G)
    assert await ids(cast, "olga", of(TOWN, grade=M)) == [grave]
    assert await ids(cast, "olga", of(TOWN, kinds=("A1", "A2"))) == [mild]
    assert await ids(cast, "olga", of(TOWN, grade=M, kinds=("A1",))) == []
    assert await counts(cast, "olga", of(TOWN, grade=M)) == {"all": 1, "open": 1, "verify": 1}


async def test_what_was_closed_stands_in_its_month(cast: Cast) -> None:
    july = {"since": datetime(2026, 6, 30, 16, tzinfo=UTC), "until": datetime(2026, 7, 31, 16, tzinfo=UTC)}
    june, first, second = [await closed(cast) for _ in range(3)]
    await submitted(cast)
    await changed(cast, june, ended_at=datetime(2026, 6, 30, 15, 59, tzinfo=UTC))
    await changed(cast, first, ended_at=datetime(2026, 6, 30, 16, tzinfo=UTC))
    assert await ids(cast, "olga", of(TOWN, Pick.CLOSED, **july)) == [second, first]
    assert await counts(cast, "olga", of(TOWN, Pick.CLOSED, **july)) == {
        "all": 3, "open": 1, "verify": 1, "closed": 2,
    }  # fmt: skip
    newest = await page(cast, "olga", of(TOWN, Pick.CLOSED, **july), most=1)
    assert await ids(cast, "olga", of(TOWN, Pick.CLOSED, **july), key=newest.last) == [first]


async def test_mine_holds_what_was_joined_to_anothers_case_and_says_what_became_of_that(cast: Cast) -> None:
    main, joined, draft = (
        await assigned(cast),
        await submitted(cast, "nina"),
        await sends(cast, "nina", words=some_words("x")),
    )
    await does(cast, "olga", hazards.join, joined, main)
    found = (await page(cast, "nina", Wanted(Scope.MINE, Pick.ALL))).rows
    number = (await page(cast, "bob", Wanted(Scope.MINE, Pick.ALL))).rows[0].number
    assert {(row.id, row.status, row.into) for row in found} >= {(joined, Status.DUPLICATE, (number, Status.ASSIGNED))}
    assert draft in [row.id for row in found]
    assert await ids(cast, "olga", of(TOWN)) == [main]


async def test_to_mend_is_what_one_has_now_and_what_one_had(cast: Cast) -> None:
    now, done = await assigned(cast), await closed(cast)
    assert await ids(cast, "lena", Wanted(Scope.MEND, Pick.OPEN)) == [now]
    assert await ids(cast, "lena", Wanted(Scope.MEND, Pick.CLOSED)) == [done]
    assert await counts(cast, "lena", Wanted(Scope.MEND, Pick.OPEN)) == {"all": 2, "open": 1, "mend": 1, "closed": 1}


async def test_the_places_below_with_what_is_open_there(cast: Cast) -> None:
    late = await submitted(cast)
    await submitted(cast, "nina")
    await submitted(cast, "charlie")
    await secret(cast)
    await due(cast, late, MORNING - later(hours=1))

    async def below(name: str, code: str) -> list[tuple[str, int, int]]:
        me = await cast.me(name)
        async with cast.database.reading() as session:
            found = await register.below(session, MORNING, me, code)
        return [(place.code, open_, late) for place, open_, late in found]

    assert await below("olga", TOWN) == [(VILLAGE, 1, 1), (NEXT_VILLAGE, 1, 0)]
    assert await below("carol", COUNTY) == [(TOWN, 3, 1), (OTHER_TOWN, 1, 0)]
    with pytest.raises(Refused, match=r"people\.not_your_region"):
        await below("otto", TOWN)


def test_open_means_the_same_everywhere() -> None:
    steps: Sequence[Pick] = (Pick.VERIFY, Pick.ASSIGN, Pick.PASSED, Pick.MEND, Pick.CHECK)
    assert sorted(status for pick in steps for status in register.STATES[pick]) == sorted(OPEN)
