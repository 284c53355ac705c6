"""What breaks on the way breaks as it does with Telegram: python-telegram-bot sees its own exceptions."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta

import httpx
import pytest
from telegram import Bot
from telegram.error import Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from bot.sandbox import ApiError, Phone, Sandbox
from bot.sandbox.faults import Kind
from bot.sandbox.flood import Flood, Limits
from tests.sandbox.conftest import ALICE, BOB, TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("kind", "error", "cause", "applied"),
    [
        ("429", RetryAfter, None, False),
        ("500", NetworkError, None, False),
        ("502", NetworkError, None, False),
        ("unauthorized", InvalidToken, None, False),
        ("drop_before", NetworkError, httpx.RemoteProtocolError, False),
        ("drop_after", NetworkError, httpx.RemoteProtocolError, True),
        ("truncated", NetworkError, httpx.RemoteProtocolError, True),
    ],
)
async def test_a_fault_strikes_once(
    bot: Bot,
    sandbox: Sandbox,
    alice: Phone,
    kind: Kind,
    error: type[Exception],
    cause: type[Exception] | None,
    applied: bool,
) -> None:
    fault = sandbox.faults.add("sendMessage", ALICE, kind, seconds=1.5)
    with pytest.raises(error) as caught:
        await bot.send_message(ALICE, "一")
    assert cause is None or isinstance(caught.value.__cause__, cause)
    assert not isinstance(caught.value, RetryAfter) or caught.value.retry_after == timedelta(seconds=2)
    assert len(sandbox.ledger.of("sendMessage")) == len(alice.incoming) == (1 if applied else 0)
    await bot.send_message(ALICE, "二")
    assert alice.messages[-1]["text"] == "二"
    assert (fault.hits, sandbox.faults.plan) == (1, [])


async def test_a_fault_strikes_only_its_chat_and_method(bot: Bot, sandbox: Sandbox, alice: Phone) -> None:
    sandbox.phone(BOB).start()
    fault = sandbox.faults.add("*", ALICE, "500", times=None)
    await bot.send_message(BOB, "一")
    await bot.get_me()
    for _ in range(3):
        with pytest.raises(NetworkError):
            await bot.send_location(ALICE, 29, 118)
    sandbox.faults.remove(fault)
    sandbox.faults.remove(fault)
    await bot.send_message(ALICE, "二")
    assert fault.hits == 3


async def test_a_slow_answer_is_sent_all_the_same(url: str, sandbox: Sandbox, alice: Phone) -> None:
    request = HTTPXRequest(read_timeout=0.1, httpx_kwargs={"trust_env": False, "verify": False})
    sandbox.faults.add("sendMessage", kind="delay", seconds=0.3)
    async with Bot(TOKEN, f"{url}/bot", request=request) as bot:
        with pytest.raises(TimedOut):
            await bot.send_message(ALICE, "慢")
        await alice.until(lambda phone: phone.incoming, timeout=2)


async def test_a_delay_only_delays(bot: Bot, sandbox: Sandbox, alice: Phone) -> None:
    sandbox.faults.add("sendMessage", kind="delay", seconds=0.2)
    began = time.monotonic()
    await bot.send_message(ALICE, "慢")
    assert time.monotonic() - began >= 0.2


async def test_an_unknown_fault_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        sandbox.faults.add(kind="flood")  # type: ignore[arg-type]


async def test_a_bot_that_dies_while_it_speaks_does_no_harm(
    url: str, bot: Bot, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    host, port = url.removeprefix("http://").split(":")
    heads = [
        b"POST /bot%s/sendMessage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        b"GET /bot%s/getUpdates?timeout=30&offset=2000000000 HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    for head in heads:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head % TOKEN.encode())
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.transport.abort()
        await asyncio.sleep(0.02)
    assert (await bot.get_me()).id == 42
    assert await bot.get_updates(offset=-1) == ()
    assert sandbox.ledger.of("sendMessage") == []
    assert caplog.records == []


async def test_who_cannot_be_written_to(bot: Bot, sandbox: Sandbox, alice: Phone) -> None:
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(BOB, "x")
    sent = await bot.send_message(ALICE, "x")
    alice.block()
    for call in (bot.send_message(ALICE, "x"), bot.edit_message_text("y", ALICE, sent.message_id)):
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await call
    alice.start()
    await bot.send_message(ALICE, "又来")
    alice.deactivate()
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_chat_action(ALICE, "typing")


async def test_one_chat_takes_five_at_once_and_then_one_a_second(bot: Bot, sandbox: Sandbox, alice: Phone) -> None:
    sandbox.limits.flood = True
    for number in range(5):
        await bot.send_message(ALICE, str(number))
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(ALICE, "多")
    assert caught.value.retry_after == timedelta(seconds=1)
    assert len(alice.incoming) == 5


async def test_a_bot_sends_thirty_at_once_and_then_thirty_a_second() -> None:
    now = [0.0]
    flood = Flood(Limits(), lambda: now[0])
    sent = sum(_taken(flood, chat_id) for chat_id in range(1, 100))
    assert sent == 30
    now[0] += 1.0
    assert sum(_taken(flood, chat_id) for chat_id in range(100, 200)) == 30
    flood.check(TOKEN, 500, paid=True)
    now[0] += 10
    flood.check(TOKEN, 1, count=10)
    assert not _taken(flood, 1), "an album counts all its photos"


def _taken(flood: Flood, chat_id: int) -> bool:
    try:
        flood.check(TOKEN, chat_id)
    except ApiError as error:
        return error.code != 429
    return True
