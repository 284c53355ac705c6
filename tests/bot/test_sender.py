"""The outbox drained: most urgent first, in order for each reader, once only, and inside the limits."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from sqlmodel import select

from bot.database import Database
from bot.sandbox import Limits
from models import outbox
from models.outbox import Delivery, Lane, Outgoing
from models.refused import Refused
from tests.bot.core import Script, account, got, notes, on_sqlite, rings, saying, until
from tests.village import CAST, MORNING, Village, open_village

EVERYBODY = tuple(CAST)


async def states(village: Village) -> list[Delivery]:
    return [row.state for row in await notes(village)]


# --- order ------------------------------------------------------------------------------------------------------------


@on_sqlite
async def test_the_most_urgent_goes_first(database_url: str, tmp_path: Path) -> None:
    script = Script()
    async with open_village(database_url, tmp_path, prepare=script.into, send_rate=10) as village:
        await village.present(*EVERYBODY)
        urgency = [Lane.DIGEST, Lane.TASK, Lane.REPLY, Lane.WARNING, Lane.ALARM]
        async with saying(village) as say:
            for name, lane in zip(EVERYBODY, urgency, strict=False):
                await say(name, lane.name, lane=lane)
        await village.settled()
        sent = [call.params["text"] for call in village.sandbox.ledger.of("sendMessage")]
        assert sent == ["ALARM", "REPLY", "WARNING", "TASK", "DIGEST"]


async def test_each_reader_gets_messages_in_their_order(village: Village) -> None:
    await village.present("bob", "lena")
    async with saying(village) as say:
        for number in range(8):
            await say("bob", f"{number}")
            await say("lena", f"{number}")
    await village.settled()
    assert got(village, "bob") == got(village, "lena") == [f"{number}" for number in range(8)]


@on_sqlite
async def test_text_message_and_time_are_kept(village: Village) -> None:
    await village.present("bob")
    async with saying(village) as say:
        await say("bob", "<b>红色</b>预警 &lt;暴雨&gt;")
    await village.settled()
    [row] = await notes(village)
    assert (row.state, row.text, row.message_id) == (
        Delivery.SENT, "红色预警 <暴雨>", village.bob.messages[-1]["message_id"]
    )  # fmt: skip
    assert row.sent_at is not None
    assert MORNING <= row.sent_at <= village.clock.now()


@on_sqlite
async def test_everybody_reads_their_own_language(village: Village) -> None:
    await village.present("bob", "lena")
    async with village.app.database.transaction() as session:
        (await session.get_one(type(await account(village, "lena")), CAST["lena"][0])).locale = "en"
        for name in ("bob", "lena"):
            await outbox.say(session, village.clock.now(), "menu.help", person_id=village.ids[name])
    await village.settled()
    assert "110" in village.texts("bob")[0]
    assert "安全" in village.texts("bob")[0]
    assert "safety" in village.texts("lena")[0]


@on_sqlite
async def test_a_renderer_with_nothing_to_say_says_nothing(village: Village, script: Script) -> None:
    async def silent(_session: Any, _now: Any, row: Outgoing, _chat_id: int) -> None:
        if row.args["text"] == "refused":
            raise Refused("people.stranger")

    village.app.sender.render = silent
    await village.present("bob")
    async with saying(village) as say:
        await say("bob", "nothing left")
        await say("bob", "refused")
    await village.settled()
    assert await states(village) == [Delivery.SUPERSEDED, Delivery.SUPERSEDED]
    assert got(village, "bob") == []


# --- when, and whether ------------------------------------------------------------------------------------------------


async def test_what_was_said_once_is_not_said_again(village: Village) -> None:
    await village.present("bob")
    async with saying(village) as say:
        assert await say("bob", "一", dedupe="storm:1")
        assert not await say("bob", "二", dedupe="storm:1")
    await village.settled()
    async with saying(village) as say:
        assert not await say("bob", "三", dedupe="storm:1")
        assert await say("bob", "四", dedupe="storm:2")
    await village.settled()
    assert got(village, "bob") == ["一", "四"]


async def test_a_repeated_edit_does_not_take_the_first_away(database: Database) -> None:
    async with database.transaction() as session:
        for _ in range(2):
            await outbox.say(
                session, MORNING, "note", chat_id=1, method=outbox.Method.EDIT, slot="s", dedupe="once", text="一"
            )  # fmt: skip
        rows = await session.exec(select(Outgoing.state))
        assert list(rows) == [Delivery.WAITING]


@on_sqlite
async def test_not_before_its_time(village: Village) -> None:
    await village.present("bob")
    async with saying(village) as say:
        await say("bob", "明早", send_at=MORNING + timedelta(hours=2))
        await say("bob", "现在")
    await village.settled()
    assert got(village, "bob") == ["现在"]
    village.soon(hours=1, minutes=59)
    await asyncio.sleep(0.2)
    assert got(village, "bob") == ["现在"]
    village.soon(minutes=1)
    await until(lambda: got(village, "bob") == ["现在", "明早"])


@on_sqlite
async def test_what_has_expired_is_not_sent(village: Village) -> None:
    await village.present("bob")
    fault = village.sandbox.faults.add("sendMessage", kind="unauthorized", times=None)
    async with saying(village) as say:
        await say("bob", "今天", expires_at=MORNING + timedelta(hours=1))
        await say("bob", "一直")
    await until(lambda: fault.hits)
    village.soon(hours=2)
    village.sandbox.faults.clear()
    await village.settled()
    assert await states(village) == [Delivery.EXPIRED, Delivery.SENT]
    assert got(village, "bob") == ["一直"]


@on_sqlite
async def test_who_has_not_joined_is_no_riddle(village: Village) -> None:
    async with saying(village) as say:
        await say("bob", "一")
    await village.settled()
    [row] = await notes(village)
    assert (row.state, row.error, row.attempts) == (Delivery.UNREACHABLE, "not joined", 0)


# --- limits -----------------------------------------------------------------------------------------------------------


@on_sqlite
async def test_one_limited_chat_waits_its_time_and_stops_nobody(village: Village) -> None:
    await village.present(*EVERYBODY)
    fault = village.sandbox.faults.add("sendMessage", CAST["bob"][0], "429", seconds=1)
    began = monotonic()
    async with saying(village) as say:
        for name in EVERYBODY:
            await say(name, "一", lane=Lane.WARNING)
        await say("bob", "二", lane=Lane.WARNING)
    await until(lambda: len(village.sandbox.ledger.of("sendMessage")) == len(EVERYBODY) - 1)
    assert monotonic() - began < 1.0
    assert got(village, "bob") == []
    await until(lambda: len(got(village, "bob")) == 2)
    assert monotonic() - began >= 1.0
    assert fault.hits == 1, "retry_after was waited for, not tried out"
    assert got(village, "bob") == ["一", "二"]
    assert {row.attempts for row in await notes(village)} == {0}


@on_sqlite
async def test_two_limited_chats_let_broadcasts_rest_and_replies_go(village: Village) -> None:
    await village.present(*EVERYBODY)
    for name in ("bob", "nina"):
        village.sandbox.faults.add("sendMessage", CAST[name][0], "429", seconds=1)
    began = monotonic()
    async with saying(village) as say:
        await say("bob", "一", lane=Lane.WARNING)
        await say("nina", "一", lane=Lane.WARNING)
    await until(lambda: village.app.sender.limits.bulk_rests())
    async with saying(village) as say:
        await say("lena", "broadcast", lane=Lane.WARNING)
        await say("otto", "task", lane=Lane.TASK)
        await say("olga", "reply", lane=Lane.REPLY)
        await say("carol", "alarm", lane=Lane.ALARM)
    await until(lambda: got(village, "olga") and got(village, "carol"))
    assert monotonic() - began < 1.0
    assert got(village, "lena") == got(village, "otto") == []
    await village.settled()
    assert monotonic() - began >= 1.0
    assert got(village, "lena") == ["broadcast"]
    assert got(village, "otto") == ["task"]


@on_sqlite
async def test_waiting_for_a_limit_costs_nothing(village: Village) -> None:
    await village.present("bob")
    fault = village.sandbox.faults.add("sendMessage", kind="429", seconds=1)
    async with saying(village) as say:
        await say("bob", "一")
    await until(lambda: fault.hits and village.app.sender.idle)
    async with rings(village) as heard:
        await asyncio.sleep(0.4)
    assert len(heard) < 5


@on_sqlite
async def test_inside_the_limits_telegram_never_has_to_complain(database_url: str, tmp_path: Path) -> None:
    """The sandbox refuses as Telegram does: five at once to a chat, then one a second; 30 a second for all."""
    script = Script()
    async with open_village(database_url, tmp_path, limits=Limits(), prepare=script.into) as village:
        await village.present(*EVERYBODY)
        async with saying(village) as say:
            for number in range(6):
                for name in EVERYBODY:
                    await say(name, str(number))
        await village.settled()
        assert {row.error for row in await notes(village)} == {None}
        assert got(village, "bob") == [str(number) for number in range(6)]
