"""A confidential report waits on the county alone (M032): its reminders, its lists, and its reporter who takes part."""

from __future__ import annotations

import pytest

from models.hazard import closing, fixing
from models.report.rules import Severity, Status
from models.task import actions as tasks
from tests.cast import Cast, later
from tests.hazard.steps import does, ticks
from tests.privacy.confidence import (
    BELOW,
    STEPS,
    Step,
    accepted,
    all_rungs,
    finds,
    given,
    just_told,
    mended,
    number_of,
    put_out_for,
    told,
    view_of,
)
from tests.village import CAST, COUNTY, MORNING

# --- reminders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "who"), [(just_told, {"carol"}), (accepted, {"carol"}), (mended, {"carol"})])
async def test_its_reminders_climb_the_county_alone(cast: Cast, step: Step, who: set[str]) -> None:
    await cast.joins(*CAST)
    await step(cast, await told(cast))
    assert set(await all_rungs(cast)) == who


async def test_and_who_mends_it_is_reminded_without_their_village(cast: Cast) -> None:
    await cast.joins(*CAST)
    await given(cast, await told(cast))
    assert set(await all_rungs(cast)) == {"charlie", "carol"}


async def test_an_emergency_told_in_confidence_wakes_the_county_alone(cast: Cast) -> None:
    await cast.joins(*CAST)
    await told(cast, Severity.E)
    assert set(await all_rungs(cast, 1)) == {"carol"}
    for name in BELOW:
        assert await put_out_for(cast, name) == []


async def test_more_time_is_asked_of_the_county(cast: Cast) -> None:
    await cast.joins(*CAST)
    secret = await told(cast)
    await given(cast, secret)
    await does(cast, "charlie", fixing.wish, secret, later(days=3), "it rains")
    assert set(await all_rungs(cast)) == {"charlie", "carol"}


async def test_with_the_county_away_nobody_below_it_stands_in(cast: Cast) -> None:
    """Better late than to the wrong person; the phone numbers stand in /help."""
    await cast.joins(*(name for name in CAST if name != "carol"))
    secret = await told(cast)
    assert await all_rungs(cast) == []
    for name in BELOW:
        assert await put_out_for(cast, name) == []
    assert (await view_of(cast, "bob", secret)).status is Status.SUBMITTED


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.__name__))
async def test_it_stands_in_nobodys_list_of_tasks_below_the_county(cast: Cast, step: Step) -> None:
    await cast.joins(*CAST)
    await step(cast, await told(cast))
    for day in (1, 2, 5, 20):
        await ticks(cast, MORNING + later(days=day, hours=1))
    async with cast.database.reading() as session:
        for name in ("lena", "nina", "olga", "oscar", "otto"):
            assert await tasks.waiting_on(session, await cast.me(name)) == [], name


# --- its reporter -----------------------------------------------------------------------------------------------------


async def test_its_reporter_takes_part_like_any_other(cast: Cast) -> None:
    await cast.joins(*CAST)
    secret = await told(cast)
    assert (await view_of(cast, "bob", secret)).reporter == "Bob"
    assert await finds(cast, "bob", await number_of(cast, secret)) == secret
    await mended(cast, secret)
    await does(cast, "carol", closing.close, secret)
    async with cast.database.transaction() as session:
        another = await cast.another(session, (await cast.me("carol")).seats[0].role, COUNTY)
    await does(cast, "bob", closing.answer, secret, False, "it is as it was")
    assert (await view_of(cast, "bob", secret)).status is Status.REGISTERED
    assert cast.names([another]), "somebody else of the county may lead it now"


async def test_the_county_sees_all_of_it(cast: Cast) -> None:
    secret = await told(cast)
    view = await view_of(cast, "carol", secret)
    assert (view.reporter, view.files, view.voices) == ("Bob", ("secret-file",), ("secret-voice",))
