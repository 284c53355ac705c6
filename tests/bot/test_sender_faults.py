"""The outbox when things fail: faults of the line, people who cannot be reached, and several processes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from sqlmodel import select
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.app import App, build
from bot.database import Database
from bot.sandbox import serve
from bot.sandbox.faults import Kind
from bot.sender import pause_before
from models import outbox
from models.lease import Lease
from models.outbox import Delivery, Lane, Outgoing
from models.people.rules import Role
from models.task import actions as tasks
from models.task.tables import Task
from tests.bot.core import Script, account, away, got, notes, on_sqlite, saying, until, with_notes
from tests.village import CAST, MORNING, TOKEN, TOWN, Village

EVERYBODY = tuple(CAST)


async def states(village: Village) -> list[Delivery]:
    return [row.state for row in await notes(village)]


# --- faults -----------------------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize(
    ("kind", "copies"),
    [("500", 1), ("502", 1), ("drop_before", 1), ("drop_after", 2), ("truncated", 2)],
)
async def test_what_may_not_have_arrived_goes_again(village: Village, kind: Kind, copies: int) -> None:
    await village.present("bob", "lena")
    village.sandbox.faults.add("sendMessage", CAST["bob"][0], kind)
    async with saying(village) as say:
        await say("bob", "预警", lane=Lane.WARNING)
        await say("lena", "预警", lane=Lane.WARNING)
    await until(lambda: not village.sandbox.faults.plan and got(village, "lena"))
    await until(lambda: village.app.sender.idle)
    village.soon(seconds=1)
    await village.settled()
    assert got(village, "bob") == ["预警"] * copies
    first, _ = await notes(village)
    assert (first.state, first.attempts) == (Delivery.SENT, 1)


async def test_a_database_away_while_a_message_goes_costs_no_second_copy(village: Village) -> None:
    await village.present("bob")
    village.sandbox.faults.add("sendMessage", kind="delay", seconds=0.3)
    async with saying(village) as say:
        await say("bob", "预警")
    await until(lambda: not village.sandbox.faults.plan)
    async with away(village, "outbox"):
        await until(lambda: got(village, "bob"))
        await asyncio.sleep(0.1)
    await village.settled()
    village.soon(hours=1)
    await village.settled()
    assert await states(village) == [Delivery.SENT]
    assert got(village, "bob") == ["预警"]


@on_sqlite
async def test_a_digest_that_may_have_arrived_is_not_repeated(village: Village) -> None:
    await village.present("bob")
    village.sandbox.faults.add("sendMessage", kind="drop_after")
    async with saying(village) as say:
        await say("bob", "小结", lane=Lane.DIGEST)
    await village.settled()
    assert await states(village) == [Delivery.FAILED]
    assert got(village, "bob") == ["小结"]


def test_pauses_grow_from_a_second_to_five_minutes() -> None:
    pauses = [pause_before(attempt).total_seconds() for attempt in range(1, 12)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@on_sqlite
async def test_faults_of_a_whole_day_end_a_row_and_its_age_does_not(village: Village) -> None:
    await village.present("bob")
    fault = village.sandbox.faults.add("sendMessage", kind="500", times=None)
    async with saying(village) as say:
        await say("bob", "一", send_at=MORNING + timedelta(days=3))
    village.soon(days=3)
    await until(lambda: fault.hits == 1 and village.app.sender.idle)
    [row] = await notes(village)
    assert (row.state, row.attempts) == (Delivery.WAITING, 1)
    async with village.app.database.transaction() as session:
        (await session.get_one(Outgoing, row.id)).attempts = 299  # a day of pauses later
    village.soon(seconds=1)
    await village.settled()
    assert (await states(village), fault.hits) == ([Delivery.FAILED], 2)


@on_sqlite
async def test_a_line_that_is_down_costs_no_attempt(village: Village) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    await village.present(*EVERYBODY)
    async with _through(village.app, f"http://127.0.0.1:{port}"):
        async with saying(village) as say:
            for name in EVERYBODY:
                await say(name, "一")
        await asyncio.sleep(0.4)
        assert village.sandbox.ledger.of("sendMessage") == []
        began = monotonic()
        async with serve(village.sandbox, port=port):
            await village.settled()
            assert monotonic() - began < 3, "one fault, not eight, lengthens the rest"
    rows = await notes(village)
    assert [(row.state, row.attempts) for row in rows] == [(Delivery.SENT, 0)] * len(EVERYBODY)


@asynccontextmanager
async def _through(app: App, url: str) -> AsyncIterator[None]:
    """The sender speaks through another address for a while."""
    before, request = app.sender.bot, HTTPXRequest(pool_timeout=10)
    app.sender.bot = _Known(Bot(TOKEN, f"{url}/bot", request=request), before.id)  # type: ignore[assignment]
    yield
    app.sender.bot = before
    await request.shutdown()


class _Known:
    """A bot that never asked who it is."""

    def __init__(self, bot: Bot, bot_id: int) -> None:
        self._bot, self.id = bot, bot_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bot, name)


@on_sqlite
async def test_with_the_token_revoked_everything_waits(village: Village) -> None:
    await village.present("bob", "lena")
    fault = village.sandbox.faults.add("*", kind="unauthorized", times=None)
    async with saying(village) as say:
        await say("bob", "一")
        await say("lena", "一")
    await until(lambda: fault.hits >= 2)
    await asyncio.sleep(0.2)
    assert set(await states(village)) <= {Delivery.WAITING, Delivery.SENDING}
    village.sandbox.faults.clear()
    await village.settled()
    assert [(row.state, row.attempts) for row in await notes(village)] == [(Delivery.SENT, 0)] * 2


@on_sqlite
async def test_a_refused_message_is_given_up_at_once_and_holds_up_nothing(village: Village) -> None:
    await village.present("bob")
    async with saying(village) as say:
        await say("bob", "<b>broken")
        await say("bob", "二")
    await village.settled()
    first, second = await notes(village)
    assert (first.state, second.state) == (Delivery.FAILED, Delivery.SENT)
    assert "parse entities" in (first.error or "")


# --- who cannot be reached --------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize("how", ["blocked", "deactivated", "never started"])
async def test_who_cannot_be_reached_is_marked_and_the_township_asked(village: Village, how: str) -> None:
    await village.present("bob", "olga")
    reason = {
        "blocked": "bot was blocked by the user",
        "deactivated": "user is deactivated",
        "never started": "bot can't initiate conversation with a user",
    }[how]
    # Straight in the chat's state: Telegram does not tell the bot of a block while the bot was away.
    village.bob.chat.blocked = how == "blocked"
    village.bob.chat.started = how != "never started"
    village.bob.person.deactivated = how == "deactivated"
    async with saying(village) as say:
        await say("bob", "一")
        await say("bob", "二")
    await village.settled()
    assert await states(village) == [Delivery.UNREACHABLE] * 2
    assert {row.attempts for row in await notes(village)} == {0}
    bob = await account(village, "bob")
    assert bob.unreachable_at is not None
    assert reason in (bob.unreachable_reason or "")
    async with village.app.database.reading() as session:
        task = await tasks.find(session, "person.unreachable", village.ids["bob"])
        assert task is not None
        assert (task.role, task.region_code) == (Role.TOWNSHIP_OFFICER, TOWN)
        assert len(list(await session.exec(select(Task.id)))) == 1


async def test_who_speaks_again_can_be_reached_again(village: Village, script: Script) -> None:
    script.on("我在")
    await village.present("bob", "olga")
    village.bob.chat.blocked = True
    async with saying(village) as say:
        await say("bob", "一")
    await village.settled()
    village.bob.chat.blocked = False
    village.bob.text("我在")
    await village.bob.until(lambda p: "begun 我在" in p.screen())
    assert (await account(village, "bob")).unreachable_at is None
    async with village.app.database.reading() as session:
        assert await tasks.find(session, "person.unreachable", village.ids["bob"]) is None


# --- several processes ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def second_sender(village: Village) -> AsyncIterator[App]:
    """Another process's sender on the same database, at work."""
    app = build(village.app.settings, village.clock, samples=True)
    app.sender.render = with_notes(app.sender.render)
    await app.telegram.initialize()
    running = asyncio.create_task(app.sender.run())
    try:
        yield app
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await app.telegram.shutdown()
        await app.database.close()


async def test_only_one_process_sends(village: Village) -> None:
    await village.present(*EVERYBODY)
    async with saying(village) as say:
        await say("bob", "mine")
    await village.settled()
    async with second_sender(village) as other:
        async with saying(village) as say:
            for name in EVERYBODY:
                await say(name, "一")
        other.database.bell.ring()
        await village.settled()
        assert {row.owner for row in await notes(village)} == {village.app.sender.owner}
        assert len(village.sandbox.ledger.of("sendMessage")) == len(EVERYBODY) + 1
        async with village.app.database.reading() as session:
            lease = await session.get_one(Lease, f"sender:{village.app.sender.bot.id}")
        assert lease.owner == village.app.sender.owner


async def test_the_next_process_goes_on_when_the_first_dies(village: Village) -> None:
    """Dead is whoever lets leases run out: what it had claimed goes again."""
    await village.present("bob", "lena")
    async with village.app.database.transaction() as session:
        now, dead = village.clock.now(), "dead"
        for name in ("bob", "lena"):
            await outbox.say(session, now, "note", person_id=village.ids[name], text=name)
        claimed = await outbox.claim(session, now, dead, timedelta(seconds=60), (), 1)
        assert [row.args["text"] for row in claimed] == ["bob"]
        session.add(Lease(name=f"sender:{village.app.sender.bot.id}", owner=dead, until=now + timedelta(seconds=60)))
    village.app.database.bell.ring()
    await asyncio.sleep(0.2)
    assert village.sandbox.ledger.of("sendMessage") == [], "the dead one holds the lease for a minute"
    village.soon(seconds=61)
    await village.settled()
    assert (got(village, "bob"), got(village, "lena")) == (["bob"], ["lena"])


async def test_a_late_sender_does_not_settle_what_another_took_over(database: Database) -> None:
    lease = timedelta(seconds=60)
    async with database.transaction() as session:
        await outbox.say(session, MORNING, "note", chat_id=1, text="一")
        [slow] = await outbox.claim(session, MORNING, "slow", lease, (), 1)
        session.expunge(slow)
        [quick] = await outbox.claim(session, MORNING + timedelta(seconds=61), "quick", lease, (), 1)
        assert (slow.owner, quick.owner) == ("slow", "quick")
        assert not await outbox.settle(session, slow, Delivery.WAITING)
        assert await outbox.settle(session, quick, Delivery.SENT)
