"""重复: reports of one hazard become one case; everybody who found it follows that one, and nothing is lost."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import col, select

from models import journal
from models.hazard import actions as hazards
from models.hazard import closing, holding
from models.hazard.tables import Supporter
from models.refused import Refused
from models.report.rules import RejectReason, Severity, Status
from models.report.tables import Report
from tests.cast import Cast, on_postgresql
from tests.hazard.steps import (
    DAY,
    assigned,
    closed,
    does,
    facts,
    hazard,
    held,
    leaves,
    mends,
    registered,
    report,
    secret,
    status,
    submitted,
    verbs,
    waits,
)
from tests.report.steps import a_photo, seen, sends, withdraws
from tests.village import MORNING, TOWN


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.reason


async def supporters(cast: Cast, report_id: int) -> list[tuple[int, str]]:
    """Which reports were joined to a case, and whose they are."""
    async with cast.database.reading() as session:
        rows = await session.exec(
            select(Supporter.joined_id, Supporter.person_id)
            .where(Supporter.report_id == report_id)
            .order_by(col(Supporter.joined_id))
        )
        return [(joined, cast.names([person])[0]) for joined, person in rows]


async def test_an_officer_joins_what_is_known_and_its_reporter_follows_the_case(cast: Cast) -> None:
    await cast.joins("bob", "lena", "olga", "oscar")
    main, other = await registered(cast), await submitted(cast, "lena")
    await does(cast, "olga", hazards.join, other, main)
    found = await report(cast, other)
    assert (found.status, found.duplicate_of, found.ended_at) == (Status.DUPLICATE, main, None)
    assert await waits(cast, other) == []
    assert await held(cast, main) == (holding.ASSIGN, TOWN)
    assert await supporters(cast, main) == [(other, "lena")]
    assert len((await seen(cast, main)).photos) == 2
    assert await facts(cast, main, "supported") == {"joined": other}
    assert await facts(cast, other, "duplicate") == {"into": main}
    await verbs(cast, main), await verbs(cast, other)


async def test_every_reporter_hears_each_step_until_the_end(cast: Cast) -> None:
    await cast.joins("bob", "nina", "charlie")
    main, other = await assigned(cast), await submitted(cast, "nina")
    await does(cast, "olga", hazards.join, other, main)
    for step in (
        lambda: mends(cast, "lena", main),
        lambda: does(cast, "oscar", closing.close, main),
        lambda: does(cast, "bob", closing.answer, main, False),
    ):
        before = len(await cast.sent("report.screen"))
        await step()
        assert set((await cast.sent("report.screen"))[before:]) == {"bob", "nina"}
    assert (await report(cast, other)).ended_at is None, "open again"
    await does(cast, "olga", hazards.assign, main, cast.ids["lena"])
    await mends(cast, "lena", main)
    await does(cast, "olga", closing.close, main, at=MORNING + DAY)
    assert (await report(cast, other)).ended_at == MORNING + DAY


async def test_its_files_are_kept_as_long_as_the_case_is_open(cast: Cast) -> None:
    main, other = await assigned(cast), await submitted(cast, "nina")
    await does(cast, "olga", hazards.join, other, main)
    await mends(cast, "lena", main)
    await does(cast, "oscar", closing.close, main, at=MORNING + DAY)
    assert (await report(cast, main)).ended_at == (await report(cast, other)).ended_at == MORNING + DAY
    assert (await hazard(cast, main)).revisit_at == MORNING + 31 * DAY, "several reported it: it is looked at again"


async def test_the_graver_grade_counts_and_its_deadline(cast: Cast) -> None:
    main, other = await assigned(cast), await submitted(cast, "nina", Severity.E)
    await does(cast, "olga", hazards.join, other, main)
    assert (await report(cast, main)).severity is Severity.E
    (task,) = await waits(cast, main)
    assert ((task.due_at - MORNING).total_seconds(), task.ladder["patient"]) == (1800, False)
    assert await facts(cast, main, "regrade") == {"before": "L", "after": "E"}
    lesser = await submitted(cast, "lena", Severity.G)
    await does(cast, "olga", hazards.join, lesser, main)
    assert (await report(cast, main)).severity is Severity.E


async def test_who_had_joined_the_joined_one_comes_along(cast: Cast) -> None:
    first, second, third = await submitted(cast), await submitted(cast, "nina"), await submitted(cast, "lena")
    await does(cast, "olga", hazards.join, first, second)
    await does(cast, "olga", hazards.join, second, third)
    assert [(await report(cast, each)).duplicate_of for each in (first, second)] == [third, third]
    assert await supporters(cast, third) == [(first, "bob"), (second, "nina")]
    assert await supporters(cast, second) == []


async def test_no_circle_no_self_and_nothing_that_has_ended(cast: Cast) -> None:
    over, first, second = await closed(cast), await submitted(cast), await submitted(cast, "nina")
    await does(cast, "olga", hazards.join, first, second)
    third = await submitted(cast, "lena")
    for into in (third, first, over):
        with pytest.raises(Refused, match=r"hazard\.cannot_join"):
            await does(cast, "oscar", hazards.join, third, into)
    with pytest.raises(Refused, match=r"hazard\.cannot_join"):
        await does(cast, "oscar", hazards.join, second, first)
    with pytest.raises(Refused, match=r"report\.moved_on"):
        await does(cast, "oscar", hazards.join, first, third)
    with pytest.raises(Refused, match=r"report\.not_found"):
        await does(cast, "oscar", hazards.join, third, 4711)
    assert await status(cast, third) is Status.SUBMITTED


async def test_what_is_mended_already_is_not_joined_elsewhere(cast: Cast) -> None:
    main, busy = await submitted(cast, "nina"), await assigned(cast)
    with pytest.raises(Refused, match=r"report\.moved_on"):
        await does(cast, "olga", hazards.join, busy, main)


async def test_officers_join_nothing_to_a_case_of_another_township(cast: Cast) -> None:
    """Not even where they see it because they mend it."""
    theirs, ours = await submitted(cast, "charlie"), await submitted(cast)
    with pytest.raises(Refused, match=r"report\.not_found"):
        await does(cast, "olga", hazards.join, ours, theirs)
    await does(cast, "otto", hazards.assign, theirs, cast.ids["olga"])
    with pytest.raises(Refused, match=r"hazard\.cannot_join"):
        await does(cast, "olga", hazards.join, ours, theirs)
    await does(cast, "carol", hazards.join, ours, theirs)


async def test_the_reporter_says_it_is_the_same_place(cast: Cast) -> None:
    main = await submitted(cast)
    draft = await sends(cast, "lena", photo=a_photo(), place=None)
    sent = await submitted(cast, "nina")
    async with cast.database.transaction() as session:
        found = await session.get_one(Report, draft)
        first = await session.get_one(Report, main)
        found.latitude, found.longitude, found.place_source = first.latitude, first.longitude, first.place_source
        found.kind = first.kind
    for name, other in (("lena", draft), ("nina", sent)):
        await does(cast, name, hazards.join_own, other, main)
        assert (await report(cast, other)).duplicate_of == main
        assert (await report(cast, other)).nudge_at is None
    assert await supporters(cast, main) == [(draft, "lena"), (sent, "nina")]


async def test_but_only_of_their_own_undecided_report_and_in_their_township(cast: Cast) -> None:
    main, other, far = await submitted(cast), await submitted(cast, "lena"), await submitted(cast, "charlie")
    with pytest.raises(Refused, match=r"report\.not_found"):
        await does(cast, "nina", hazards.join_own, other, main)
    with pytest.raises(Refused, match=r"hazard\.cannot_join"):
        await does(cast, "charlie", hazards.join_own, far, main)
    await does(cast, "olga", hazards.accept, other)
    with pytest.raises(Refused, match=r"report\.moved_on"):
        await does(cast, "lena", hazards.join_own, other, main)


async def test_an_open_report_does_not_vanish_into_a_confidential_case(cast: Cast) -> None:
    hidden, plain = await secret(cast), await submitted(cast, "nina")
    for name, verb, why in (
        ("olga", hazards.join, "report.not_found"),
        ("carol", hazards.join, "hazard.cannot_join"),
        ("nina", hazards.join_own, "hazard.cannot_join"),
    ):
        with pytest.raises(Refused) as refused:
            await does(cast, name, verb, plain, hidden)
        assert reason(refused) == why


async def test_a_confidential_report_joined_to_an_open_case_leaves_no_name_there(cast: Cast) -> None:
    hidden, plain = await secret(cast, "lena"), await submitted(cast, "nina")
    await does(cast, "carol", hazards.join, hidden, plain)
    assert await facts(cast, plain, "supported") == {}
    async with cast.database.reading() as session:
        entries = await journal.read(session, "report", plain)
    assert [entry.actor_id for entry in entries if entry.verb == "supported"] == [None]


@pytest.mark.parametrize("post", ["olga", "oscar"])
async def test_the_case_goes_on_when_who_led_it_has_left(cast: Cast, post: str) -> None:
    main, other = await registered(cast), await submitted(cast, "nina")
    await leaves(cast, post)
    rest = "oscar" if post == "olga" else "olga"
    await does(cast, rest, hazards.join, other, main)
    assert await held(cast, main) == (holding.ASSIGN, TOWN)


@on_postgresql
@pytest.mark.parametrize("crossed", [False, True])
async def test_two_officers_join_at_once_and_one_case_goes_on(cast: Cast, crossed: bool) -> None:
    """Each into the other's: whoever is slower finds that there is nothing left to join to."""
    first, second = await submitted(cast), await submitted(cast, "nina")
    pairs = [(first, second), (second, first) if crossed else (first, second)]
    outcomes = await asyncio.gather(
        *(does(cast, name, hazards.join, *pair) for name, pair in zip(("olga", "oscar"), pairs, strict=True)),
        return_exceptions=True,
    )
    lost = [each for each in outcomes if each is not None]
    assert len(lost) == 1
    assert isinstance(lost[0], Refused)
    there = {await status(cast, first), await status(cast, second)}
    assert there == {Status.SUBMITTED, Status.DUPLICATE}


async def test_the_one_that_others_joined_is_not_withdrawn(cast: Cast) -> None:
    main, other = await submitted(cast), await submitted(cast, "nina")
    await does(cast, "olga", hazards.join, other, main)
    with pytest.raises(Refused, match=r"report\.joined"):
        await withdraws(cast, "bob", main)
    await does(cast, "olga", hazards.reject, main, RejectReason.NOT_FOUND)
