"""What people do with cases, one transaction each: Bob reports, Lena mends, Olga and Oscar lead and verify."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from inspect import signature
from typing import Any

from sqlmodel import col, select

from models import journal, response
from models.hazard import actions as hazards
from models.hazard import closing, fixing, holding
from models.hazard.rules import FIVE, Case, Measure, Plate
from models.hazard.tables import Hazard
from models.policy import Policy
from models.report import actions as reports
from models.report.rules import Severity, Status
from models.report.tables import Photo, Report
from models.task import actions as tasks
from models.task.rules import Status as TaskStatus
from models.task.tables import Task
from tests.cast import POLICY, Cast
from tests.report.steps import KINDS, SLOPE, a_photo, sends
from tests.village import MORNING

DAY = timedelta(days=1)


async def does(
    cast: Cast,
    name: str,
    verb: Callable[..., Awaitable[Any]],
    report_id: int,
    *args: Any,
    at: datetime = MORNING,
    policy: Policy = POLICY,
) -> Any:
    """Somebody does something with a case, in a transaction of its own."""
    me = await cast.me(name)
    who = (policy, me) if "policy" in signature(verb).parameters else (me,)
    async with cast.database.transaction() as session:
        return await verb(session, at, *who, report_id, *args)


# What there is


async def case(cast: Cast, report_id: int) -> Case:
    """The case as far as permission goes."""
    async with cast.database.reading() as session:
        return (await holding.peek(session, report_id)).case


async def status(cast: Cast, report_id: int) -> Status:
    """Where it stands."""
    return (await case(cast, report_id)).status


async def hazard(cast: Cast, report_id: int) -> Hazard:
    """Its row."""
    async with cast.database.reading() as session:
        return (await holding.peek(session, report_id)).hazard


async def report(cast: Cast, report_id: int) -> Report:
    """The report's row."""
    async with cast.database.reading() as session:
        return await session.get_one(Report, report_id)


async def waits(cast: Cast, report_id: int) -> list[Task]:
    """The open tasks about a case in which it waits on somebody."""
    async with cast.database.reading() as session:
        rows = await session.exec(
            select(Task).where(
                Task.subject_id == report_id, Task.status == TaskStatus.OPEN, col(Task.kind).in_(holding.MAIN)
            )
        )
        return list(rows)


async def held(cast: Cast, report_id: int) -> tuple[str, str]:
    """The one task in which a case waits, and on whom: a person's name or the post's region."""
    (task,) = await waits(cast, report_id)
    assert task.next_at is not None
    return task.kind, cast.names([task.person_id])[0] if task.person_id else task.region_code


async def verbs(cast: Cast, report_id: int) -> list[str]:
    """What the journal says was done, whose chain must hold."""
    async with cast.database.reading() as session:
        assert await journal.verify(session, "report", report_id) is None
    return await cast.deeds("report", report_id)


async def facts(cast: Cast, report_id: int, verb: str) -> dict[str, Any]:
    """The facts of the last entry of this verb."""
    async with cast.database.reading() as session:
        found = [entry for entry in await journal.read(session, "report", report_id) if entry.verb == verb]
    return found[-1].facts


async def ticks(cast: Cast, at: datetime, policy: Policy = POLICY) -> list[str]:
    """What the clock does at this moment, once. → who was told by a rung."""
    told: list[int] = []
    async with cast.database.reading() as session:
        visits, due = await closing.visits_due(session, at), await tasks.due(session, at)
    for report_id in visits:
        async with cast.database.transaction() as session:
            await closing.begin_visit(session, at, policy, report_id)
    for task_id in due:
        async with cast.database.transaction() as session:
            told += await response.fire(session, at, policy, task_id)
    return cast.names(told)


async def leaves(cast: Cast, name: str, at: datetime = MORNING) -> None:
    """The county strikes somebody off the roster."""
    carol = await cast.me("carol")
    async with cast.database.transaction() as session:
        await response.ended(session, at, POLICY, carol, cast.ids[name])


# From step to step


async def submitted(cast: Cast, name: str = "bob", severity: Severity = Severity.L, kind: str = "A1") -> int:
    """A whole report of this grade, sent."""
    report_id = await sends(cast, name, photo=a_photo(), place=SLOPE)
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await reports.submit(session, MORNING, POLICY, me, report_id, kind, KINDS, severity)
    return report_id


async def changed(cast: Cast, report_id: int, **values: Any) -> int:
    """A report is as the sender made it: confidential, mended on the spot, without a kind …"""
    async with cast.database.transaction() as session:
        found = await session.get_one(Report, report_id)
        for name, value in values.items():
            setattr(found, name, value)
    return report_id


async def secret(cast: Cast, name: str = "bob") -> int:
    """A confidential report, sent."""
    report_id = await sends(cast, name, photo=a_photo(), place=SLOPE)
    await changed(cast, report_id, confidential=True)
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await reports.submit(session, MORNING, POLICY, me, report_id, "A1", KINDS)
    return report_id


async def incomplete(cast: Cast, name: str = "bob") -> int:
    """A report that went off by itself, without a kind and a place."""
    report_id = await submitted(cast, name)
    gone = {"kind": None, "severity": None, "place_source": None, "latitude": None, "longitude": None}
    return await changed(cast, report_id, incomplete=True, **gone)


async def registered(cast: Cast, name: str = "bob", severity: Severity = Severity.L) -> int:
    """Accepted by Olga, and in the register."""
    report_id = await submitted(cast, name, severity)
    await does(cast, "olga", hazards.accept, report_id)
    return report_id


async def assigned(cast: Cast, to: str = "lena", severity: Severity = Severity.L, by: str = "olga") -> int:
    """Given to somebody to mend."""
    report_id = await registered(cast, severity=severity)
    await does(cast, by, hazards.assign, report_id, cast.ids[to])
    return report_id


async def proves(cast: Cast, name: str, report_id: int, at: datetime = MORNING) -> None:
    """Everything a proof needs, but it is not handed in."""
    await does(cast, name, fixing.add_photo, report_id, a_photo(), at=at)
    await does(cast, name, fixing.add_place, report_id, SLOPE, at=at)
    await does(cast, name, fixing.say_measure, report_id, Measure.REPAIRED, at=at)


async def mends(cast: Cast, name: str, report_id: int, at: datetime = MORNING) -> None:
    """A whole proof, handed in."""
    await proves(cast, name, report_id, at)
    await does(cast, name, fixing.hand_in, report_id, at=at)


async def fixed(cast: Cast, to: str = "lena", severity: Severity = Severity.L) -> int:
    """Mended, waiting to be looked at."""
    report_id = await assigned(cast, to, severity)
    await mends(cast, to, report_id)
    return report_id


async def plated(cast: Cast, report_id: int) -> None:
    """The five fixes and the plate of a major one."""
    await does(cast, "olga", closing.fill, report_id, dict.fromkeys(FIVE, "done"))
    await does(cast, "olga", closing.plate, report_id, Plate.TOWNSHIP)


async def closed(cast: Cast, by: str = "oscar", severity: Severity = Severity.L, policy: Policy = POLICY) -> int:
    """销号 by a third person."""
    report_id = await fixed(cast, severity=severity)
    if severity is Severity.M:
        await plated(cast, report_id)
    await does(cast, by, closing.close, report_id, policy=policy)
    return report_id


async def on_the_spot(cast: Cast, severity: Severity = Severity.G, after: bool = True) -> int:
    """Bob found it and mended it there and then, with a photo before and one after."""
    report_id = await changed(cast, await submitted(cast), on_spot=True, severity=severity)
    if after:
        async with cast.database.transaction() as session:
            shot = a_photo()
            session.add(
                Photo(report_id=report_id, file_id=shot.file_id, unique_id=shot.unique_id, nth=2, after_round=1,
                      received_at=MORNING)
            )  # fmt: skip
    return report_id
