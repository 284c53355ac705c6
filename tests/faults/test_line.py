"""Every fault of the line one by one, each under a whole report: it arrives, nobody else waits for it.

What has nothing to do with the database is tried on SQLite alone.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.bot.core import on_sqlite
from tests.faults.line import REPORTED, LinedVillage, card, confirm, copies, in_time, nothing_lost, tell
from tests.village import CAST

LOST_ANSWERS = ("drop_after", "truncated")
SHORT = 0.7  # seconds


@on_sqlite
@pytest.mark.parametrize("kind", ["500", "502", "drop_before", "drop_after", "truncated", "429", "unauthorized"])
async def test_a_line_that_fails_for_a_while_loses_nothing(village: LinedVillage, kind: str) -> None:
    """Every method fails alike, polling included. A lost answer may copy what was under way; nothing else may."""
    village.sandbox.faults.add("*", kind=kind, seconds=1, times=None)  # type: ignore[arg-type]
    tell(village, "bob")
    await asyncio.sleep(SHORT)
    village.sandbox.faults.clear()
    await confirm(village, "bob")
    await card(village, "olga", of="bob")
    await nothing_lost(village, "bob")
    if kind not in LOST_ANSWERS:
        assert await copies(village) == 0


@pytest.mark.parametrize("kind", LOST_ANSWERS)
async def test_every_lost_answer_copies_one_message_and_no_report(village: LinedVillage, kind: str) -> None:
    """What Telegram applied without saying so goes again, once for every answer that was lost."""
    fault = village.sandbox.faults.add("sendMessage", CAST["bob"][0], kind=kind, times=2)  # type: ignore[arg-type]
    card_fault = village.sandbox.faults.add("sendPhoto", kind=kind, times=1)  # type: ignore[arg-type]
    tell(village, "bob")
    await confirm(village, "bob")
    await card(village, "olga", of="bob")
    await card(village, "oscar", of="bob")
    await nothing_lost(village, "bob")
    assert (fault.hits, card_fault.hits) == (2, 1)
    assert await copies(village) == 3


@on_sqlite
async def test_a_slow_line_only_takes_longer(village: LinedVillage) -> None:
    village.sandbox.faults.add("*", kind="delay", seconds=0.3, times=None)
    tell(village, "bob")
    tell(village, "nina")
    await confirm(village, "bob")
    await confirm(village, "nina")
    await card(village, "olga", of="bob")
    village.sandbox.faults.clear()
    await nothing_lost(village, "bob", "nina")
    assert await copies(village) == 0


@on_sqlite
async def test_one_limited_chat_never_stops_the_others(village: LinedVillage) -> None:
    """Bob's chat is limited for as long as the others need; his own messages come when it is over."""
    fault = village.sandbox.faults.add("*", CAST["bob"][0], kind="429", seconds=2, times=None)
    tell(village, "bob")
    await in_time(village, lambda: fault.hits)
    tell(village, "nina")
    await confirm(village, "nina")
    await card(village, "olga", of="nina")
    assert village.texts("bob") == []
    village.sandbox.faults.clear()
    await confirm(village, "bob")
    await nothing_lost(village, "bob", "nina")
    assert await copies(village) == 0


async def test_refused_connections_lose_and_copy_nothing(village: LinedVillage) -> None:
    tell(village, "bob")
    await village.line.down()
    tell(village, "nina")
    await asyncio.sleep(SHORT)
    await village.line.up()
    await confirm(village, "bob")
    await confirm(village, "nina")
    await card(village, "olga", of="nina")
    await nothing_lost(village, "bob", "nina")


async def test_an_hour_without_telegram_loses_nothing(village: LinedVillage) -> None:
    """What people send meanwhile waits at Telegram, what the bot has to say waits in the outbox."""
    tell(village, "bob")
    await confirm(village, "bob")
    await village.line.down()
    village.nina.photo(b"a landslide")
    for _ in range(12):
        village.soon(minutes=5)
        await asyncio.sleep(0.05)
    village.nina.location(29.12, 118.21, accuracy=8)
    assert village.texts("nina") == []
    await village.line.up()
    await confirm(village, "nina")
    await card(village, "olga", of="bob")
    await card(village, "olga", of="nina")
    await card(village, "oscar", of="nina")
    await nothing_lost(village, "bob", "nina")


async def test_a_revoked_token_that_comes_back(village: LinedVillage) -> None:
    """Nothing is given up while the token is refused, and no person is blamed for it."""
    tell(village, "bob")
    await in_time(village, lambda: any("✅" in label for label in village.bob.buttons))
    revoked = village.sandbox.faults.add("*", kind="unauthorized", times=None)
    village.bob.press("✅")
    tell(village, "nina")
    await in_time(village, lambda: revoked.hits >= 2)
    village.soon(hours=2)
    village.sandbox.faults.clear()
    await in_time(village, lambda: any(REPORTED in words for words in village.texts("bob")))
    await confirm(village, "nina")
    await card(village, "olga", of="nina")
    await nothing_lost(village, "bob", "nina")


@on_sqlite
async def test_a_second_poller_costs_time_and_no_update(village: LinedVillage) -> None:
    """Somebody else polls with our token, without confirming: each ends the other's poll with 409."""
    queue = village.sandbox.bot().updates

    async def rival() -> None:
        while True:
            await queue.poll(0, 100, 0.2)
            await asyncio.sleep(0.05)

    other = asyncio.create_task(rival())
    try:
        tell(village, "bob")
        await asyncio.sleep(SHORT)
    finally:
        other.cancel()
        await asyncio.wait({other})
    await confirm(village, "bob")
    await nothing_lost(village, "bob")
    assert await copies(village) == 0


@on_sqlite
async def test_a_poison_update_stops_nobody(village: LinedVillage) -> None:
    """Three that nobody can read, one of them from nobody at all."""
    queue = village.sandbox.bot().updates
    bob = CAST["bob"][0]
    queue.put("message", {"chat": {"id": bob}, "date": "yesterday"}, f"chat:{bob}")
    queue.put("callback_query", {"id": "1", "data": 7, "from": {"id": bob}}, f"user:{bob}")
    queue.put("message", {}, "chat:0")
    tell(village, "bob")
    tell(village, "nina")
    await confirm(village, "nina")
    await confirm(village, "bob")
    await card(village, "olga", of="bob")
    await nothing_lost(village, "bob", "nina")
