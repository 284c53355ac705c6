"""How the bot is watched: /healthz gives its reasons, /metrics counts what waits, and the heartbeat falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlmodel import SQLModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from bot import watch
from bot.database import Database
from bot.health import Health
from bot.heartbeat import Heartbeat
from bot.http import serving
from bot.settings import DEFAULT_POLICY, Unfit, load_policy
from bot.ticker import Ticker
from models.inbox import Handling
from models.lease import Lease
from models.outbox import Delivery, Lane
from models.people.rules import Role
from models.people.tables import Account
from models.task import actions as task
from models.task.tables import Task
from tests.operation.core import ONLY_SQLITE, letter, until, update
from tests.village import MORNING, TOWN, Village, people_the_village


class ByHand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = MORNING

    def now(self) -> datetime:
        """What it shows."""
        return self.time


@pytest.fixture
def clock() -> ByHand:
    """Nine in the morning."""
    return ByHand()


@pytest.fixture
def health(database: Database, clock: ByHand) -> Health:
    """A bot that ticked at nine and does nothing else."""
    return well(database, clock)


def well(database: Database, clock: ByHand) -> Health:
    ticker = Ticker(database, clock, load_policy(DEFAULT_POLICY), (), ticked_at=MORNING)
    return Health(database, ticker, clock)


async def asks(health: Health, path: str) -> httpx.Response:
    """What a watcher sees."""
    transport = httpx.ASGITransport(watch.app(health))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        return await client.get(path)


async def put(database: Database, *rows: SQLModel) -> None:
    async with database.transaction() as session:
        session.add_all(rows)


async def test_a_running_bot_is_well(village: Village) -> None:
    await village.joins("bob")
    await until(lambda: village.app.ticker.ticked_at)
    answer = await asks(village.app.health, "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "reasons": []})


async def test_every_reason_is_said(health: Health, database: Database, clock: ByHand) -> None:
    await put(database, update(1, 1), letter(0.5))
    assert await health.reasons() == []
    await put(database, update(2, 3), letter(2))
    clock.time += timedelta(seconds=31)
    answer = await asks(health, "/healthz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "ill",
        "reasons": [
            "ticker: last tick 31 s ago",
            "inbox: 2 updates wait, the oldest for 211 s",
            "sender: nobody sends, and something waits for 151 s",
        ],
    }


async def test_what_waits_is_well_while_somebody_sends(health: Health, database: Database) -> None:
    """After an hour without Telegram there is much to send; the holder of the lease is at it."""
    await put(database, letter(60), Lease(name="sender:1", owner="a", until=MORNING + timedelta(seconds=20)))
    assert await health.reasons() == []


@ONLY_SQLITE
async def test_a_bot_that_never_ticked_is_ill(health: Health) -> None:
    health.ticker.ticked_at = None
    assert await health.reasons() == ["ticker: has not ticked yet"]


async def test_without_its_database_it_is_ill_and_says_so_at_once() -> None:
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    (reason,) = (await asks(well(gone, ByHand()), "/healthz")).json()["reasons"]
    assert reason.startswith("database: not reached (OperationalError")
    assert (await asks(well(gone, ByHand()), "/metrics")).status_code == 503
    await gone.close()


@ONLY_SQLITE
async def test_a_database_that_does_not_answer_is_not_waited_for(health: Health) -> None:
    health.patience = 0.0
    assert await health.reasons() == ["database: did not answer within 0 s"]


def numbers(page: str) -> dict[str, float]:
    """Every number of ours, as `name{labels}`."""
    return {
        sample.name.removeprefix("cunshao_") + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name.startswith("cunshao_")
    }


async def test_metrics_count_what_waits(health: Health, database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        await task.open_task(
            session, MORNING - timedelta(hours=1), "report.verify", 1, role=Role.TOWNSHIP_OFFICER, region_code=TOWN,
            place_path=f"/330824/{TOWN}/", ladder=health.ticker.policy.ladder["report.verify"],
        )  # fmt: skip
    async with database.transaction() as session:
        opened = await session.get_one(Task, 1)
        opened.next_at = MORNING - timedelta(seconds=90)
    await put(
        database,
        update(1, 1), update(2, 3), update(3, 9, Handling.DEAD), update(4, 9, Handling.DONE),
        letter(2, Lane.ALARM), letter(1, Lane.ALARM, Delivery.SENDING), letter(-30, Lane.DIGEST),
        letter(5, Lane.WARNING, Delivery.SENT), letter(6, Lane.WARNING, Delivery.SENT),
        letter(7, Lane.WARNING, Delivery.UNREACHABLE), letter(90, Lane.WARNING, Delivery.SENT),
        Account(chat_id=1, person_id=ids["bob"], unreachable_at=MORNING), Account(chat_id=2, unreachable_at=MORNING),
        Lease(name="sender:1", owner="a", until=MORNING + timedelta(seconds=20)),
        Lease(name="poller:1", owner="a", until=MORNING - timedelta(seconds=20)),
    )  # fmt: skip
    page = (await asks(health, "/metrics")).text
    assert "process_resident_memory_bytes" in page
    assert {name: value for name, value in numbers(page).items() if value} == {
        "outbox_due alarm": 2, "outbox_oldest_seconds alarm": 120, "outbox_later digest": 1,
        "outbox_last_hour warning sent": 2, "outbox_last_hour warning unreachable": 1,
        "inbox_waiting": 2, "inbox_oldest_seconds": 180, "dead_letters": 1, "unreachable_people": 1,
        "tasks_open report.verify": 1, "ladder_lag_seconds": 90, "lease_seconds sender": 20,
    }  # fmt: skip


async def test_replicas_agree(health: Health, database: Database) -> None:
    """What one says of the rows the other says too; only the ticker is each one's own."""
    await put(database, update(1, 1), letter(2), letter(5, state=Delivery.SENT))
    first, second = [numbers((await asks(each, "/metrics")).text) for each in (health, well(database, ByHand()))]
    assert first == second


@asynccontextmanager
async def watcher(answers: list[int]) -> AsyncIterator[tuple[SecretStr, list[str]]]:
    """Somebody outside who expects calls. → the address, and the calls so far; `answers` are given in turn."""
    calls: list[str] = []

    async def receive(request: Request) -> Response:
        calls.append(request.url.path)
        return Response(status_code=answers.pop(0) if answers else 200)

    async with serving(Starlette(routes=[Route("/ping/key", receive)]), "127.0.0.1", 0, "TEST") as port:
        yield SecretStr(f"http://127.0.0.1:{port}/ping/key"), calls


@asynccontextmanager
async def beating(url: SecretStr, health: Health) -> AsyncIterator[None]:
    task = asyncio.create_task(Heartbeat(url, health, every=0.02).run())
    yield
    task.cancel()
    await asyncio.wait({task})


@ONLY_SQLITE
async def test_the_heartbeat_beats_while_the_ticker_ticks(health: Health, clock: ByHand) -> None:
    async with watcher([]) as (url, calls), beating(url, health):
        await until(lambda: len(calls) >= 3)
        with capture_logs() as logs:
            clock.time += timedelta(seconds=31)
            await until(lambda: logs)
            silent = len(calls)
            await asyncio.sleep(0.2)
        assert len(calls) == silent
        assert [(log["event"], log["reasons"]) for log in logs] == [("heartbeat_stops", ["ticker: last tick 31 s ago"])]
        health.ticker.ticked_at = clock.time
        await until(lambda: len(calls) > silent)


async def test_without_a_database_there_is_no_heartbeat() -> None:
    """The ticker turns, yet nothing that is due is done."""
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    async with watcher([]) as (url, calls), beating(url, well(gone, ByHand())):
        await asyncio.sleep(0.3)
    assert calls == []
    await gone.close()


@ONLY_SQLITE
async def test_a_watcher_that_is_down_is_said_once_and_never_by_name(health: Health) -> None:
    with capture_logs() as logs:
        async with watcher([500, 503, 404]) as (url, calls), beating(url, health):
            await until(lambda: len(calls) >= 5)
    logs = [log for log in logs if log["event"] != "serving"]
    assert [log["event"] for log in logs] == ["heartbeat_failed", "heartbeat_again"]
    assert "key" not in str(logs)


@ONLY_SQLITE
async def test_a_taken_port_is_one_sentence(health: Health) -> None:
    async with serving(watch.app(health), "127.0.0.1", 0, "CUNSHAO_HTTP_PORT") as port:
        with pytest.raises(Unfit, match=f"CUNSHAO_HTTP_PORT: 127.0.0.1:{port} cannot be had .*name a free port"):
            async with serving(watch.app(health), "127.0.0.1", port, "CUNSHAO_HTTP_PORT"):
                pass
