"""No phone number and no token ever stands in a log, whoever wrote it there."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot import logs
from bot.logs import Masking, mask, masked

TOKEN = "987654321:AAE-abc_DEFghijklmnopqrstuvwxyz0123456"
PHONES = [
    "13800138000", "138 0013 8000", "138-0013-8000", "+8613800138000", "+86 138 0013 8000", "008613800138000",
    "+8610000000001", "0570-6012345", "057060123456", "电话13800138000请打", "tel:+86-138-0013-8000", "(0571)",
]  # fmt: skip


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the process writes to its log, as it is configured in earnest."""
    out, before = io.StringIO(), sys.stderr
    hook = sys.excepthook
    sys.stderr = out
    try:
        logs.configure()
        yield out
    finally:
        sys.stderr, sys.excepthook = before, hook
        logs.configure()
        sys.excepthook = hook


@pytest.mark.parametrize("phone", PHONES[:-1])
def test_phones_are_masked(phone: str) -> None:
    assert "***" in mask(phone)
    assert not any(part in mask(phone) for part in ("138", "8000", "6012345", "000001"))


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-01T01:00:00.123456Z", "2026-07-01 09:00:00+08:00", "YH-330824106-260701-0001-R", "374806608",
        "-1001234567890", "media.py:123 > app.py:45", "127.0.0.1:8080", "postgresql://db/cunshao", "330824106200",
        "3f786850e387550fdab836ed7e6dc881de23001b13800138000abcdef0123456", "12119", "7123456789", "at fetch_due:61",
    ],
)  # fmt: skip
def test_what_is_neither_stays_readable(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "text", [TOKEN, f"https://api.telegram.org/bot{TOKEN}/getMe", f"(file/bot{TOKEN}/a.jpg)", "bot123456:village/x"]
)
def test_tokens_are_masked_and_one_still_sees_whose(text: str) -> None:
    assert "AAE-" not in mask(text)
    assert "village" not in mask(text)
    assert "987654321:***" in mask(text) or "123456:***" in mask(text)


def test_every_field_is_masked_however_deep() -> None:
    event = masked(None, "info", {
        "event": "called 13800138000", "n": 13800138000, "id": 42, "ok": True, "none": None, "at": 1.5,
        "deep": {"+8613800138000": [("x", TOKEN)]}, "odd": ValueError("0570-6012345"),
    })  # fmt: skip
    assert event == {
        "event": "called ***", "n": "***", "id": 42, "ok": True, "none": None, "at": 1.5,
        "deep": {"***": [["x", "987654321:***"]]}, "odd": "***",
    }  # fmt: skip


def test_the_log_itself_shows_neither(written: io.StringIO) -> None:
    structlog.get_logger().warning("met", phone="+8613800138000", url=f"/bot{TOKEN}/x", row=7)
    line = written.getvalue()
    assert "phone=***" in line
    assert "row=7" in line
    assert "138" not in line
    assert "AAE" not in line


async def test_a_failing_request_shows_no_token(written: io.StringIO, unused_tcp: int) -> None:
    """The library's own error, with the request it failed in, told in every way somebody might tell it."""
    root = logging.StreamHandler(written)
    root.setFormatter(Masking("%(name)s %(message)s"))
    library = logging.getLogger("telegram.ext.Application")
    library.addHandler(root)
    bot = Bot(TOKEN, base_url=f"http://127.0.0.1:{unused_tcp}/bot", request=HTTPXRequest())
    try:
        await bot.get_me()
    except TelegramError as error:
        structlog.get_logger().error("not_reached", error=str(error), cause=error.__cause__, exc_info=error)
        library.error("in %s", bot.base_url, exc_info=error)
        with redirect_stderr(written):
            sys.excepthook(type(error), error, error.__traceback__)
            sys.excepthook(ValueError, ValueError(bot.base_url), None)
    finally:
        library.removeHandler(root)
    said = written.getvalue()
    assert said.count("987654321:***") >= 2
    assert "AAE" not in said


def test_libraries_that_log_addresses_are_silent(written: io.StringIO) -> None:
    for name in ("httpx", "httpcore", "telegram"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    assert written.getvalue() == ""


@pytest.fixture
def unused_tcp() -> int:
    """A port nobody listens on."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
