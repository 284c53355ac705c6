"""Long polling over real HTTP: what was fetched is stored before it is confirmed, and one process polls at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from bot.app import App, build
from bot.sandbox.faults import Kind
from models.inbox import Handling
from models.lease import Lease
from tests.bot.core import Script, arrivals, on_sqlite, until
from tests.village import Village


async def poller(village: Village) -> str:
    """Who holds the lease."""
    async with village.app.database.reading() as session:
        return (await session.get_one(Lease, f"poller:{village.app.telegram.bot.id}")).owner


@asynccontextmanager
async def second_app(village: Village, script: Script) -> AsyncIterator[App]:
    """Another process on the same database, running whole."""
    app = build(village.app.settings, village.clock, samples=True)
    script.into(app)
    async with app.running():
        yield app


@on_sqlite
@pytest.mark.parametrize("kind", ["502", "drop_after", "unauthorized"])
async def test_a_poll_that_fails_loses_nothing(village: Village, script: Script, kind: Kind) -> None:
    script.on("一")
    await village.present("bob")
    fault = village.sandbox.faults.add("getUpdates", kind=kind)
    village.bob.text("一")
    await until(lambda: fault.hits == 0 or script.tried)
    village.bob.text("一")  # the poll that was open before takes the first; this one meets the fault
    await until(lambda: len(script.tried) == 2)
    await village.settled()
    assert fault.hits == 1
    assert [row.state for row in await arrivals(village)] == [Handling.DONE] * 2


@on_sqlite
async def test_a_limited_poll_rests_as_long_as_it_is_told(village: Village, script: Script) -> None:
    script.on("一")
    await village.present("bob")
    fault = village.sandbox.faults.add("getUpdates", kind="429", seconds=1)
    village.bob.text("一")
    await until(lambda: script.tried == ["一"])
    village.bob.text("一")
    await until(lambda: len(script.tried) == 2)
    assert fault.hits == 1


async def test_a_second_process_on_the_same_database_does_not_poll(village: Village, script: Script) -> None:
    script.on("一")
    await village.present("bob")
    await until(lambda: village.sandbox.bot().updates.polled)
    with capture_logs() as logs:
        async with second_app(village, script) as second:
            await asyncio.sleep(0.3)
            village.bob.text("一")
            await until(lambda: script.tried)
            await village.settled()
            assert second.polling.owner != village.app.polling.owner
            assert await poller(village) == village.app.polling.owner
    assert [entry for entry in logs if entry["event"] == "poll_failed"] == [], "nobody met a 409"
    assert script.tried == ["一"]


@on_sqlite
async def test_a_process_that_ends_hands_over_at_once(village: Village, script: Script) -> None:
    script.on("一")
    await village.present("bob")
    async with second_app(village, script) as second:
        async with village.app.database.transaction(ring=False) as session:
            lease = await session.get_one(Lease, f"poller:{second.telegram.bot.id}")
            lease.owner, lease.until = second.polling.owner, village.clock.now()
        second.polling._held_until = None
        await until(lambda: second.polling._held_until)
    assert await poller(village) == second.polling.owner
    village.soon(minutes=2)  # the first looks at its lease again
    village.bob.text("一")
    await until(lambda: script.tried == ["一"])


@on_sqlite
async def test_a_stranger_who_polls_with_our_token_costs_no_update(village: Village, script: Script) -> None:
    for number in range(2):
        script.on(f"{number}")
    await village.present("bob")
    queue = village.sandbox.bot().updates
    with capture_logs() as logs:
        for number in range(2):
            await until(lambda: queue.polled)
            await queue.poll()  # another getUpdates: ours ends with 409
            village.bob.text(f"{number}")
            await until(lambda number=number: len(script.tried) == number + 1)  # type: ignore[misc]
    assert {entry["error"] for entry in logs if entry["event"] == "poll_failed"} == {"Conflict"}
    assert script.tried == ["0", "1"]
