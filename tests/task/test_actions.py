"""What waits on a post reminds it, climbs when nobody acts, and falls silent when it is done."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from models.outbox import Lane, Outgoing
from models.people.rules import Role
from models.people.tables import Account, Person
from models.policy import Ladder
from models.task import actions as tasks
from models.task.rules import Status
from models.task.tables import Task
from tests.cast import POLICY, Cast, later
from tests.village import CAST, COUNTY, MORNING, TOWN, VILLAGE

KIND = "report.verify"
PLACE = f"/{COUNTY}/{TOWN}/{VILLAGE}/"
VERIFY = POLICY.ladder[KIND]
CLIMBING = Ladder.model_validate(
    {
        "rungs": [
            {"after": "1h", "to": "holder"},
            {"after": "2h", "to": "lead"},
            {"after": "3h", "to": "township"},
            {"after": "4h", "to": "county"},
        ],
        "due": "8h",
        "again": "2h",
    }
)


async def opened(
    cast: Cast,
    *,
    subject: int = 7,
    at: datetime = MORNING,
    role: Role = Role.TOWNSHIP_OFFICER,
    region: str = TOWN,
    ladder: Ladder = VERIFY,
) -> int | None:
    async with cast.database.transaction() as session:
        return await tasks.open_task(
            session, at, KIND, subject, role=role, region_code=region, place_path=PLACE, ladder=ladder
        )


async def ticked(cast: Cast, at: datetime) -> list[str]:
    """What the ticker does at this moment. → the names of those told."""
    async with cast.database.reading() as session:
        found = await tasks.due(session, at)
    told: list[int] = []
    for task_id in found:
        async with cast.database.transaction() as session:
            told += await tasks.fire(session, at, POLICY, task_id)
    return cast.names(told)


async def task(cast: Cast, subject: int = 7) -> Task:
    async with cast.database.reading() as session:
        rows = await session.exec(select(Task).where(Task.subject_id == subject).order_by(col(Task.round).desc()))
        found = rows.first()
    assert found is not None
    return found


async def waiting(cast: Cast, name: str) -> list[int]:
    """The subjects of the tasks that wait on somebody, as their list shows them."""
    me = await cast.me(name)
    async with cast.database.reading() as session:
        return [each.subject_id for each in await tasks.waiting_on(session, me)]


async def test_a_matter_is_open_once_at_a_time(cast: Cast) -> None:
    first = await opened(cast)
    assert first is not None
    assert await opened(cast) is None
    async with cast.database.transaction() as session:
        assert await tasks.finish(session, MORNING, KIND, 7, cast.ids["olga"])
    second = await opened(cast, at=MORNING + later(days=1))
    assert second not in (None, first), "what was done can come again"
    assert (await task(cast)).round == 1
    assert await cast.deeds("task", first) == ["open"]
    assert await cast.deeds("task", f"{KIND}:7") == ["done"]


async def test_its_times_are_written_when_it_opens(cast: Cast) -> None:
    await opened(cast)
    found = await task(cast)
    assert (found.status, found.role, found.region_code) == (Status.OPEN, Role.TOWNSHIP_OFFICER, TOWN)
    assert (found.due_at, found.next_at) == (MORNING + later(hours=24), MORNING + later(minutes=30))


async def test_both_officers_are_reminded_and_only_when_it_is_time(cast: Cast) -> None:
    await cast.joins("olga", "oscar", "otto", "carol", "lena")
    await opened(cast)
    assert await ticked(cast, MORNING + later(minutes=29, seconds=59)) == []
    assert await ticked(cast, MORNING + later(minutes=30)) == ["olga", "oscar"]
    assert await ticked(cast, MORNING + later(minutes=30)) == [], "a second tick finds nothing"
    assert await cast.sent("report.verify.due") == ["olga", "oscar"]
    found = await task(cast)
    assert (found.rung, found.next_at) == (1, MORNING + later(hours=2))
    async with cast.database.reading() as session:
        row = (await session.exec(select(Outgoing))).first()
    assert row is not None
    assert (row.lane, row.args) == (Lane.TASK, {"task": found.id, "absent": []})


async def test_it_climbs_to_the_county_and_returns(cast: Cast) -> None:
    await cast.joins("olga", "carol")
    await opened(cast)
    told = {hours: await ticked(cast, MORNING + later(hours=hours)) for hours in (1, 2, 12, 23, 24, 36)}
    assert told == {1: ["olga"], 2: ["olga"], 12: ["carol"], 23: [], 24: ["carol"], 36: ["carol"]}


async def test_after_an_outage_rungs_come_one_by_one(cast: Cast) -> None:
    await cast.joins("olga", "carol")
    await opened(cast)
    noon = MORNING + later(days=3)
    assert await ticked(cast, noon) == ["olga"]
    assert await ticked(cast, noon) == []
    assert await ticked(cast, noon + later(minutes=5)) == ["olga"]
    assert await ticked(cast, noon + later(minutes=10)) == ["carol"]


async def test_a_changed_policy_moves_no_running_task(cast: Cast) -> None:
    await opened(cast, ladder=VERIFY)
    before = await task(cast)
    assert await opened(cast, ladder=CLIMBING) is None
    after = await task(cast)
    assert (after.ladder, after.next_at) == (before.ladder, MORNING + later(minutes=30))


async def test_where_nobody_can_be_reached_the_post_above_hears_it(cast: Cast) -> None:
    await cast.joins("carol")
    task_id = await opened(cast)
    assert await ticked(cast, MORNING + later(minutes=30)) == ["carol"]
    assert (await task(cast)).reached is Role.COUNTY_ADMIN
    assert await waiting(cast, "carol") == [7]
    async with cast.database.reading() as session:
        row = (await session.exec(select(Outgoing))).one()
    assert row.args["absent"] == ["Olga", "Oscar"]
    assert task_id is not None
    assert await cast.deeds("task", task_id) == ["open", "remind"]


async def test_a_deputy_stands_in(cast: Cast) -> None:
    await cast.joins("olga", "lena")
    async with cast.database.transaction() as session:
        (await session.get_one(Person, cast.ids["oscar"])).deputy_id = cast.ids["lena"]
    await opened(cast)
    assert await ticked(cast, MORNING + later(minutes=30)) == ["olga", "lena"]


async def test_somebody_who_blocked_the_bot_counts_as_absent(cast: Cast) -> None:
    await cast.joins("olga", "oscar")
    async with cast.database.transaction() as session:
        (await session.get_one(Account, CAST["olga"][0])).unreachable_at = MORNING
    await opened(cast)
    assert await ticked(cast, MORNING + later(minutes=30)) == ["oscar"]


async def test_with_nobody_there_at_all_it_goes_on_trying(cast: Cast) -> None:
    await opened(cast)
    assert await ticked(cast, MORNING + later(minutes=30)) == []
    assert (await task(cast)).rung == 1
    await cast.joins("olga")
    assert await ticked(cast, MORNING + later(hours=2)) == ["olga"]


@pytest.mark.parametrize(("end", "status"), [(tasks.finish, Status.DONE), (tasks.drop, Status.DROPPED)])
async def test_once_over_it_is_silent(cast: Cast, end: object, status: Status) -> None:
    await cast.joins("olga")
    await opened(cast)
    for expected in (True, False):
        async with cast.database.transaction() as session:
            over = await (tasks.finish if end is tasks.finish else tasks.drop)(
                session, MORNING, KIND, 7, cast.ids["olga"]
            )
        assert over is expected
    found = await task(cast)
    assert (found.status, found.next_at, found.ended_at, found.ended_by) == (status, None, MORNING, cast.ids["olga"])
    assert await ticked(cast, MORNING + later(days=9)) == []
    assert await waiting(cast, "olga") == []
    async with cast.database.reading() as session:
        assert await tasks.find(session, KIND, 7) is None
        assert await tasks.next_due(session) is None


async def test_a_rung_in_hand_comes_to_nothing_when_the_task_was_done(cast: Cast) -> None:
    await cast.joins("olga")
    task_id = await opened(cast)
    assert task_id is not None
    async with cast.database.transaction() as session:
        await tasks.finish(session, MORNING, KIND, 7, None)
    async with cast.database.transaction() as session:
        assert await tasks.fire(session, MORNING + later(hours=9), POLICY, task_id) == []
        assert await tasks.fire(session, MORNING, POLICY, 4711) == []


async def test_two_replicas_tick_at_once_and_nobody_hears_it_twice(cast: Cast) -> None:
    await cast.joins("olga", "oscar")
    task_id = await opened(cast)
    assert task_id is not None

    async def replica() -> int:
        async with cast.database.transaction() as session:
            return len(await tasks.fire(session, MORNING + later(hours=1), POLICY, task_id))

    assert sorted(await asyncio.gather(*(replica() for _ in range(4)))) == [0, 0, 0, 2]
    assert await cast.sent("report.verify.due") == ["olga", "oscar"]
    assert (await task(cast)).rung == 1


async def test_the_list_shows_what_waits_on_me_most_urgent_first(cast: Cast) -> None:
    await opened(cast, subject=1, at=MORNING + later(hours=3))
    await opened(cast, subject=2)
    await opened(cast, subject=3)
    assert await waiting(cast, "olga") == [2, 3, 1]
    for name in ("otto", "bob", "lena", "charlie", "carol"):
        assert await waiting(cast, name) == [], f"{name} has nothing to do with it yet"


async def test_whom_it_passed_on_its_way_up_still_sees_it(cast: Cast) -> None:
    await cast.joins("bob", "lena", "olga", "carol", "otto", "nina")
    await opened(cast, role=Role.GRID_WORKER, region=VILLAGE, ladder=CLIMBING)
    seen = {}
    for hour in range(1, 5):
        told = await ticked(cast, MORNING + later(hours=hour))
        seen[told[0]] = [name for name in cast.ids if await waiting(cast, name)]
    assert seen == {
        "bob": ["bob"],
        "lena": ["bob", "lena"],
        "olga": ["bob", "lena", "olga", "oscar"],
        "carol": ["bob", "lena", "olga", "oscar", "carol"],
    }


async def test_what_one_person_took_no_longer_waits_on_the_others(cast: Cast) -> None:
    await opened(cast)
    async with cast.database.transaction() as session:
        found = await tasks.find(session, KIND, 7)
        assert found is not None
        found.person_id = cast.ids["olga"]
    await cast.joins("olga", "oscar")
    assert (await waiting(cast, "olga"), await waiting(cast, "oscar")) == ([7], [])
    assert await ticked(cast, MORNING + later(hours=1)) == ["olga"]


async def test_the_ticker_sleeps_until_the_next_rung_of_any_task(cast: Cast) -> None:
    async with cast.database.reading() as session:
        assert await tasks.next_due(session) is None
    await opened(cast, subject=1, at=MORNING + later(hours=1))
    await opened(cast, subject=2)
    async with cast.database.reading() as session:
        assert await tasks.next_due(session) == MORNING + later(minutes=30)
        assert await tasks.due(session, MORNING + later(hours=4), most=1) == [(await task(cast, 2)).id]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_due_is_found_by_its_index(cast: Cast) -> None:
    async with cast.database.reading() as session:
        plan = await session.exec(  # type: ignore[call-overload]  # sqlmodel knows no EXPLAIN
            text("EXPLAIN QUERY PLAN SELECT id FROM task WHERE next_at <= '2026-07-01' ORDER BY next_at, id LIMIT 100")
        )
        assert "ix_task_next" in str(plan.all())


async def test_what_should_have_gone_and_did_not_is_noticed(cast: Cast) -> None:
    task_id = await opened(cast)
    async with cast.database.reading() as session:
        assert await tasks.stuck(session, MORNING + later(minutes=35)) == []
        assert await tasks.stuck(session, MORNING + later(minutes=36)) == [task_id]
