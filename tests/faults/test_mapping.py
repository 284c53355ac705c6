"""What a fault of the line means for a message, case by case, against a bare socket: sent, not sent, or nobody knows.

The most important decision of the sender rests on it: "not sent" may go again freely, "unknown" may become a copy.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

import pytest
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot import delivery
from bot.delivery import Outcome
from handlers.kit import Screen

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
QUICK = 0.3  # seconds, where nothing will come; otherwise five, as the bot has it


async def outcome(url: str, at_once: int = 1, within: float = 5.0) -> tuple[Outcome, TelegramError]:
    """Send one message over the transport the bot uses. → what its failure means, and the failure."""
    request = HTTPXRequest(
        connection_pool_size=1, connect_timeout=within, read_timeout=within, write_timeout=within,
        pool_timeout=within / 2, httpx_kwargs={"trust_env": False},
    )  # fmt: skip
    bot = Bot("123456:mapping", f"{url}/bot", request=request)
    try:
        sends = [asyncio.create_task(delivery.send(bot, 1001, Screen("塌方"))) for _ in range(at_once)]
        await asyncio.wait(sends)
    finally:
        await request.shutdown()
    error = sends[-1].exception()
    for send in sends:
        assert send.exception() is not None
    assert isinstance(error, TelegramError)
    return delivery.meaning(error), error


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    """A server that talks like this on every connection. → its address."""
    opened: list[asyncio.StreamWriter] = []

    async def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has gone
        finally:
            writer.close()

    running = await asyncio.start_server(on_connect, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    finally:
        running.close()
        for writer in opened:
            writer.transport.abort()
        await asyncio.sleep(0)


def answering(status: str, body: bytes | dict[str, Any], kind: str = "application/json", cut: int = 0) -> Talk:
    """Read the whole request and answer so; `cut` bytes of the body are missing at its end."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + raw[: len(raw) - cut])
        await writer.drain()

    return talk


async def request_of(reader: asyncio.StreamReader) -> None:
    """Read one request to its last byte."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(length)


def refusal(code: int, description: str, **parameters: Any) -> dict[str, Any]:
    """What Telegram's server says when it does not do it."""
    more = {"parameters": parameters} if parameters else {}
    return {"ok": False, "error_code": code, "description": description} | more


# --- before the request left ----------------------------------------------------------------------------


async def test_a_refused_connection_means_not_sent() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    assert (await outcome(f"http://127.0.0.1:{port}"))[0] is Outcome.NOT_SENT


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port whose queue of connections is full and never emptied: the next one waits for ever."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def test_a_connection_that_does_not_come_about_means_not_sent() -> None:
    with full_backlog() as port:
        meaning, error = await outcome(f"http://127.0.0.1:{port}", within=QUICK)
    assert type(error.__cause__).__name__ == "ConnectTimeout"
    assert meaning is Outcome.NOT_SENT


async def test_no_free_connection_means_not_sent() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(silent) as url:
        meaning, error = await outcome(url, at_once=2, within=QUICK)
    assert type(error.__cause__).__name__ == "PoolTimeout"
    assert meaning is Outcome.NOT_SENT


# --- after it left: nobody knows ------------------------------------------------------------------------


async def no_answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take the request and say nothing."""
    await request_of(reader)
    await reader.read()


async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take the request and close politely."""
    await request_of(reader)


async def reset_after(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the request and reset the connection."""
    await request_of(reader)
    _reset(writer)


async def reset_before(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection before a word of the request is read."""
    _reset(writer)


async def hang_up_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Close before a word of the request is read."""


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_an_answer_that_does_not_come_means_unknown() -> None:
    async with server(no_answer) as url:
        meaning, error = await outcome(url, within=QUICK)
    assert type(error.__cause__).__name__ == "ReadTimeout"
    assert meaning is Outcome.UNKNOWN


@pytest.mark.parametrize("talk", [hang_up, hang_up_at_once, reset_after, reset_before])
async def test_a_request_that_may_have_been_read_means_unknown(talk: Talk) -> None:
    """A reset before the request was read looks from here like one after it: both are unknown."""
    async with server(talk) as url:
        assert (await outcome(url))[0] is Outcome.UNKNOWN


SENT = {"ok": True, "result": {"message_id": 7, "date": 1, "chat": {"id": 1001, "type": "private"}, "text": "塌方"}}
PAGE = b"<html><body><h1>Sorry</h1></body></html>"


@pytest.mark.parametrize(
    "talk",
    [
        answering("200 OK", SENT, cut=20),
        answering("200 OK", PAGE, "text/html"),
        answering("500 Internal Server Error", refusal(500, "Internal Server Error")),
        answering("502 Bad Gateway", PAGE, "text/html"),
        answering("504 Gateway Timeout", PAGE, "text/html"),
    ],
    ids=["truncated", "a page for an answer", "500", "502", "504"],
)
async def test_a_broken_answer_means_unknown(talk: Talk) -> None:
    async with server(talk) as url:
        assert (await outcome(url))[0] is Outcome.UNKNOWN


# --- an answer of Telegram's ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        ("400 Bad Request", refusal(400, "Bad Request: message text is empty"), Outcome.FAILED),
        ("400 Bad Request", refusal(400, "Bad Request: chat not found"), Outcome.UNREACHABLE),
        ("400 Bad Request", refusal(400, "Bad Request: message is not modified: as before"), Outcome.UNCHANGED),
        ("400 Bad Request", refusal(400, "Bad Request: message to edit not found"), Outcome.GONE),
        ("400 Bad Request", refusal(400, "Bad Request: moved", migrate_to_chat_id=-7), Outcome.UNREACHABLE),
        ("401 Unauthorized", refusal(401, "Unauthorized"), Outcome.TOKEN),
        ("403 Forbidden", refusal(403, "Forbidden: bot was blocked by the user"), Outcome.UNREACHABLE),
        ("404 Not Found", refusal(404, "Not Found"), Outcome.TOKEN),
        ("409 Conflict", refusal(409, "Conflict: terminated by other getUpdates request"), Outcome.NOT_SENT),
        ("413 Request Entity Too Large", refusal(413, "Request Entity Too Large"), Outcome.FAILED),
        ("429 Too Many Requests", refusal(429, "Too Many Requests: retry after 7", retry_after=7), Outcome.LIMITED),
    ],
)
async def test_what_telegram_says_is_believed(status: str, body: dict[str, Any], means: Outcome) -> None:
    async with server(answering(status, body)) as url:
        assert (await outcome(url))[0] is means


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found"])
async def test_a_page_of_a_proxy_is_not_telegram_speaking(status: str) -> None:
    """A proxy's 403 must not mark a person as unreachable, nor its 400 give a message up."""
    async with server(answering(status, PAGE, "text/html")) as url:
        assert (await outcome(url))[0] is Outcome.UNKNOWN


async def test_a_proxy_that_finds_it_too_large_is_believed() -> None:
    """It would find it too large for ever."""
    async with server(answering("413 Request Entity Too Large", PAGE, "text/html")) as url:
        assert (await outcome(url))[0] is Outcome.FAILED
