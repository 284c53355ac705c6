"""Several of one kind near and soon after one another: one alarm, to the townships' officers and the county."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import select

from models import response
from models.hazard import actions as hazards
from models.hazard import cluster
from models.outbox import Lane, Outgoing
from models.report import actions as reports
from models.report.intake import PlacePart
from models.report.rules import Severity
from tests.cast import POLICY, Cast, later
from tests.hazard.spots import draft, north
from tests.hazard.steps import changed, does, facts, verbs
from tests.report.steps import KINDS, SLOPE
from tests.village import MORNING

EVERYBODY = ("bob", "lena", "nina", "olga", "oscar", "charlie", "otto", "carol")


async def reported(
    cast: Cast, name: str, place: PlacePart | None = SLOPE, at: datetime = MORNING, kind: str = "A1",
    grade: Severity = Severity.L,
) -> int:  # fmt: skip
    """A whole report, handed in as the bot does it."""
    report_id = await draft(cast, name, place, at)
    if place is None:
        await changed(cast, report_id, place_source="village")
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await response.submit(session, at, POLICY, me, report_id, kind, KINDS, grade)
    return report_id


async def alarms(cast: Cast) -> list[Outgoing]:
    """What was put out for the cluster."""
    async with cast.database.reading() as session:
        return list(await session.exec(select(Outgoing).where(Outgoing.kind == "hazard.cluster")))


async def two(cast: Cast, **how: Any) -> list[int]:
    """Everybody has joined, and Bob and Lena have reported."""
    await cast.joins(*EVERYBODY)
    return [await reported(cast, "bob", **how), await reported(cast, "lena", north(200), **how)]


async def test_the_third_alarms_the_township_and_the_county_and_the_fourth_is_quiet(cast: Cast) -> None:
    first = await two(cast)
    assert await alarms(cast) == []
    third = await reported(cast, "nina", north(400))
    rows = await alarms(cast)
    assert sorted(cast.names([row.person_id or 0 for row in rows])) == ["carol", "olga", "oscar"]
    assert {tuple(row.args["reports"]) for row in rows} == {(*first, third)}
    assert {row.lane for row in rows} == {Lane.TASK}
    for report_id in (*first, third):
        assert await facts(cast, report_id, cluster.CLUSTER) == {"reports": [*first, third]}
    fourth = await reported(cast, "bob", north(100), MORNING + later(hours=1))
    assert len(await alarms(cast)) == 3
    assert cluster.CLUSTER not in await verbs(cast, fourth)


async def test_what_goes_on_after_the_policys_time_alarms_again(cast: Cast) -> None:
    await two(cast)
    await reported(cast, "nina")
    for hours, name in ((20, "bob"), (30, "lena"), (40, "nina")):
        assert len(await alarms(cast)) == 3
        await reported(cast, name, at=MORNING + later(hours=hours))
    assert len(await alarms(cast)) == 6


async def test_a_grave_one_among_them_goes_in_the_lane_of_alarms(cast: Cast) -> None:
    await two(cast)
    await reported(cast, "nina", grade=Severity.M)
    assert {row.lane for row in await alarms(cast)} == {Lane.ALARM}


async def test_at_night_only_the_grave_ones_wake_anybody(cast: Cast) -> None:
    night = MORNING + later(hours=14)  # eleven in the evening
    await two(cast, at=night)
    await reported(cast, "nina", at=night)
    assert {row.send_at for row in await alarms(cast)} == {MORNING + later(hours=21, minutes=30)}
    grave = [await reported(cast, name, north(5000), night, "B2", Severity.M) for name in ("bob", "lena", "nina")]
    woken = [row.send_at for row in await alarms(cast) if row.args["reports"] == grave]
    assert woken == [night] * 3


@pytest.mark.parametrize(
    "how",
    [
        {"place": north(750)},
        {"kind": "B2"},
        {"at": MORNING + later(hours=24)},
        {"place": None},
    ],
    ids=["too far", "another kind", "too late", "nobody knows where"],
)
async def test_this_is_no_cluster(cast: Cast, how: dict[str, Any]) -> None:
    await two(cast)
    await reported(cast, "nina", **how)
    assert await alarms(cast) == []


async def test_confidential_ones_stay_out_of_it(cast: Cast) -> None:
    first, _ = await two(cast)
    await changed(cast, first, confidential=True)
    await reported(cast, "nina")
    assert await alarms(cast) == []


async def test_a_report_that_joins_is_one_of_them(cast: Cast) -> None:
    first, second = await two(cast)
    third = await draft(cast, "nina", north(20))
    await does(cast, "nina", hazards.join_own, third, first)
    assert {tuple(row.args["reports"]) for row in await alarms(cast)} == {(first, second, third)}


async def test_one_that_goes_off_by_itself_counts_once_its_kind_is_named(cast: Cast) -> None:
    first = await two(cast)
    third = await draft(cast, "nina", north(20))
    for minutes in (31, 152):
        async with cast.database.transaction() as session:
            await response.nudge(session, MORNING + later(minutes=minutes), POLICY, third)
    assert await alarms(cast) == []
    at = MORNING + later(hours=3)
    await does(cast, "olga", hazards.accept, third, at=at)
    await does(cast, "olga", hazards.describe, third, "A1", KINDS, Severity.L, at=at)
    assert {tuple(row.args["reports"]) for row in await alarms(cast)} == {(*first, third)}


async def test_over_the_border_both_townships_hear_of_it(cast: Cast) -> None:
    await two(cast)
    theirs = await reported(cast, "charlie", north(100))
    assert sorted(cast.names([row.person_id or 0 for row in await alarms(cast)])) == ["carol", "olga", "oscar", "otto"]
    me = await cast.me("otto")
    async with cast.database.reading() as session:
        members = await cluster.members(session, me, (await alarms(cast))[0].args["reports"])
    assert [member.opens for member in members] == [None, None, theirs], "the others' cases are not his to open"
    middle = cluster.middle(members)
    assert middle == pytest.approx((north(100).latitude, SLOPE.longitude))


async def test_an_alarm_with_a_life_in_danger_counts_once_it_has_a_kind(cast: Cast) -> None:
    await two(cast)
    third = await draft(cast, "nina")
    me = await cast.me("nina")
    async with cast.database.transaction() as session:
        await response.raise_alarm(session, MORNING, POLICY, me, third)
    assert await alarms(cast) == []
    async with cast.database.transaction() as session:
        await response.submit(session, MORNING, POLICY, me, third, "A1", KINDS)
    assert {row.lane for row in await alarms(cast)} == {Lane.ALARM}


async def test_withdrawn_ones_do_not_count(cast: Cast) -> None:
    first, _ = await two(cast)
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        await reports.withdraw(session, MORNING, POLICY, me, first)
    await reported(cast, "nina")
    assert await alarms(cast) == []
