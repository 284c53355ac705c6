"""What Prometheus may know, as numbers without a person in them; read from the rows at the moment it asks.

Every replica on one database says the same, except for the ticker's age and the process's own figures. Each question
follows an index and costs what is waiting (at most what became due within the last hour), never the whole history.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.health import Health
from models import inbox
from models.inbox import Arrival, Handling
from models.lease import Lease
from models.outbox import UNSENT, Delivery, Lane, Outgoing
from models.people.tables import Account
from models.report.tables import Photo
from models.task.tables import Task

HOUR = timedelta(hours=1)
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Fixed:
    """Numbers already read, in the shape in which prometheus_client asks for them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        """The numbers."""
        return self._families


async def page(health: Health) -> bytes:
    """The page of /metrics. Raises when the database cannot be asked."""
    now = health.clock.now()
    async with health.database.reading() as session:
        families = [
            *await _outbox(session, now),
            *await _inbox(session, now),
            *await _people_and_tasks(session, now),
            *await _leases(session, now),
        ]
    age = health.ticker_age()
    if age is not None:
        families.append(_one("ticker_age_seconds", "Since this process last asked what is due", age.total_seconds()))
    registry = CollectorRegistry()
    registry.register(_Fixed(families))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"cunshao_{name}", words, value=value)


def _many(
    name: str, words: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"cunshao_{name}", words, labels=labels)
    for label, value in values:
        family.add_metric(label, value)
    return family


def _age(now: datetime, then: datetime | None) -> float:
    return max((now - then).total_seconds(), 0.0) if then else 0.0


async def _outbox(session: AsyncSession, now: datetime) -> list[Metric]:
    due = await _by_lane(session, now, due=True)
    later = await _by_lane(session, now, due=False)
    none = (0, None)
    lanes = {int(lane): (lane.name.lower(),) for lane in Lane}
    recent = await session.exec(
        select(Outgoing.lane, Outgoing.state, func.count())
        .where(col(Outgoing.state).in_([state for state in Delivery if state not in UNSENT]))
        .where(col(Outgoing.send_at) > now - HOUR, col(Outgoing.send_at) <= now)
        .group_by(col(Outgoing.lane), col(Outgoing.state))
    )
    depth = [(label, due.get(lane, none)[0]) for lane, label in lanes.items()]
    oldest = [(label, _age(now, due.get(lane, none)[1])) for lane, label in lanes.items()]
    coming = [(label, later.get(lane, none)[0]) for lane, label in lanes.items()]
    done = [((*lanes[lane], str(state)), count) for lane, state, count in recent]
    words = "Messages due within the last hour, by what became of them"
    return [
        _many("outbox_due", "Messages that may go now", ("lane",), depth),
        _many("outbox_oldest_seconds", "How long the oldest of these has been due", ("lane",), oldest),
        _many("outbox_later", "Messages whose time is still to come", ("lane",), coming),
        _many("outbox_last_hour", words, ("lane", "outcome"), done),
    ]


async def _by_lane(session: AsyncSession, now: datetime, *, due: bool) -> dict[int, tuple[int, datetime | None]]:
    rows = await session.exec(
        select(Outgoing.lane, func.count(), func.min(Outgoing.send_at))
        .where(col(Outgoing.state).in_(UNSENT))
        .where(col(Outgoing.send_at) <= now if due else col(Outgoing.send_at) > now)
        .group_by(col(Outgoing.lane))
    )
    return {lane: (count, oldest) for lane, count, oldest in rows}


async def _inbox(session: AsyncSession, now: datetime) -> list[Metric]:
    count, oldest = await inbox.waiting(session)
    dead = await session.exec(select(func.count()).where(col(Arrival.state) == Handling.DEAD))
    return [
        _one("inbox_waiting", "Updates stored and not yet handled", count),
        _one("inbox_oldest_seconds", "How long the oldest of these has been here", _age(now, oldest)),
        _one("dead_letters", "Updates set aside because handling them failed again and again", dead.one()),
    ]


async def _people_and_tasks(session: AsyncSession, now: datetime) -> list[Metric]:
    lost = await session.exec(
        select(func.count()).where(col(Account.unreachable_at).is_not(None), col(Account.person_id).is_not(None))
    )
    tasks = await session.exec(
        select(Task.kind, func.count()).where(col(Task.next_at).is_not(None)).group_by(Task.kind)
    )
    rung = await session.exec(select(func.min(Task.next_at)))
    photos = await session.exec(select(func.count()).where(col(Photo.fetch_at).is_not(None)))
    return [
        _one("unreachable_people", "People of the roster to whom Telegram lets the bot write no longer", lost.one()),
        _many("tasks_open", "Tasks that still climb", ("kind",), [((kind,), count) for kind, count in tasks]),
        _one("ladder_lag_seconds", "How late the most overdue rung of all tasks is", _age(now, rung.one())),
        _one("photos_to_fetch", "Photos known by name and not yet kept as files", photos.one()),
    ]


async def _leases(session: AsyncSession, now: datetime) -> list[Metric]:
    rows = await session.exec(select(Lease))
    left = [((row.name.partition(":")[0],), max((row.until - now).total_seconds(), 0.0)) for row in rows]
    return [_many("lease_seconds", "How long poller and sender still hold their leases; 0: nobody", ("role",), left)]
