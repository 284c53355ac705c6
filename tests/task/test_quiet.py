"""Quiet hours, 知道了 and the auditor: what can wait waits, what was noted is silent, all has a next step."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from models import response
from models.outbox import Delivery, Method, Outgoing
from models.refused import Refused
from models.report.rules import Status
from models.report.tables import Report
from models.task import actions as tasks
from models.task import rules
from models.task.tables import Task
from tests.cast import POLICY, ZONE, Cast, later
from tests.task.test_actions import opened, task, ticked
from tests.village import MORNING, TOWN, VILLAGE

NIGHT = (time(21, 30), time(6, 30))
TEN_AT_NIGHT = datetime(2026, 7, 1, 14, 0, tzinfo=UTC)  # in Kaihua
HALF_PAST_SIX = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # the next morning there


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (TEN_AT_NIGHT, HALF_PAST_SIX),
        (datetime(2026, 7, 1, 20, 0, tzinfo=UTC), HALF_PAST_SIX),
        (HALF_PAST_SIX, None),
        (MORNING, None),
        (datetime(2026, 7, 1, 13, 29, tzinfo=UTC), None),
        (datetime(2026, 7, 1, 13, 30, tzinfo=UTC), HALF_PAST_SIX),
    ],
)
def test_quiet_hours_run_over_midnight(now: datetime, ends: datetime | None) -> None:
    assert rules.quiet_until(now, *NIGHT, ZONE) == ends


async def rows(cast: Cast) -> list[Outgoing]:
    async with cast.database.reading() as session:
        return list((await session.exec(select(Outgoing).order_by(Outgoing.id))).all())  # type: ignore[arg-type]


async def test_what_can_wait_comes_in_one_message_in_the_morning(cast: Cast) -> None:
    await cast.joins("olga")
    for subject in (7, 8, 9):
        await opened(cast, subject=subject, at=TEN_AT_NIGHT)
    assert await ticked(cast, TEN_AT_NIGHT + later(minutes=31)) == []
    assert (await task(cast)).next_at == HALF_PAST_SIX
    assert await ticked(cast, HALF_PAST_SIX) == ["olga"] * 3
    assert [(row.kind, row.person_id) for row in await rows(cast)] == [("task.digest", cast.ids["olga"])]


async def test_an_emergency_knows_no_night(cast: Cast) -> None:
    await cast.joins("olga")
    await opened(cast, at=TEN_AT_NIGHT, ladder=POLICY.ladder["report.emergency"])
    assert await ticked(cast, TEN_AT_NIGHT + later(minutes=2)) == ["olga"]


async def test_noted_is_silent_at_once_and_comes_back_when_due(cast: Cast) -> None:
    await cast.joins("olga", "oscar", "carol")
    task_id = await opened(cast)
    assert task_id is not None
    await ticked(cast, MORNING + later(minutes=30))
    async with cast.database.transaction() as session:
        await tasks.acknowledge(session, MORNING + later(minutes=31), await cast.me("olga"), task_id)
    states = {row.person_id: row.state for row in await rows(cast)}
    assert states == {cast.ids["olga"]: Delivery.SUPERSEDED, cast.ids["oscar"]: Delivery.WAITING}
    assert await ticked(cast, MORNING + later(hours=23)) == []
    assert await ticked(cast, MORNING + later(hours=24)) == ["olga", "oscar"]


async def test_only_whom_it_waits_for_can_note_it(cast: Cast) -> None:
    await cast.joins("olga", "otto")
    task_id = await opened(cast)
    assert task_id is not None
    with pytest.raises(Refused, match=r"task\.not_yours"):
        async with cast.database.transaction() as session:
            await tasks.acknowledge(session, MORNING, await cast.me("otto"), task_id)


async def sent_report(cast: Cast) -> int:
    async with cast.database.transaction() as session:
        report = Report(
            number="YH-1", reporter_id=cast.ids["bob"], region_code=VILLAGE, township_code=TOWN,
            status=Status.SUBMITTED, created_at=MORNING, last_part_at=MORNING, submitted_at=MORNING,
        )  # fmt: skip
        session.add(report)
        await session.flush()
        assert report.id is not None
        return report.id


async def test_a_report_that_nobody_holds_gets_its_task_again(cast: Cast) -> None:
    await cast.joins("olga", "carol")
    report_id = await sent_report(cast)
    now = MORNING + later(hours=1)
    async with cast.database.transaction() as session:
        assert await response.strays(session, now) == [report_id]
        await response.mend(session, now, POLICY, report_id)
        await response.mend(session, now, POLICY, report_id)
        assert await response.strays(session, now) == []
    said = [(row.kind, row.person_id) for row in await rows(cast) if row.method is Method.SEND]
    assert said == [("hazard.card", cast.ids["olga"]), ("task.stuck", cast.ids["carol"])]


async def test_a_reminder_that_does_not_fire_is_told_to_the_county_once_a_day(cast: Cast) -> None:
    await cast.joins("carol")
    task_id = await opened(cast)
    assert task_id is not None
    late = MORNING + later(minutes=36)
    async with cast.database.transaction() as session:
        assert await response.strays(session, late - timedelta(minutes=2)) == []
        assert await response.strays(session, late) == [-task_id]
        for _ in range(3):
            await response.mend(session, late, POLICY, -task_id)
    assert [row.kind for row in await rows(cast)] == ["task.stuck"]


async def test_an_open_task_always_has_a_next_step(cast: Cast) -> None:
    await opened(cast)
    async with cast.database.reading() as session:
        found = (await session.exec(select(Task))).one()
        found.next_at = None
        with pytest.raises(IntegrityError, match=r"(?i)check"):
            await session.flush()
        await session.rollback()
