"""A served sandbox with two people for every test, and python-telegram-bot's own client in front of it."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.request import HTTPXRequest

from bot.sandbox import Limits, Phone, Sandbox, serve

TOKEN = "42:sandbox-token"
ALICE, BOB = 1001, 1002


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 6, 20, 6, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The time set by hand."""
        return self.at

    def push(self, **delta: float) -> None:
        """Move on, in the words of `timedelta`."""
        self.at += timedelta(**delta)


def png(width: int = 640, height: int = 480) -> bytes:
    """Just enough of a PNG to have a size."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"


def jpeg(width: int = 1280, height: int = 960, exif: bytes = b"") -> bytes:
    """Just enough of a JPEG to have a size, and a camera's note when given."""
    note = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif if exif else b""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + note + frame + b"\xff\xda\x00\x02picture\xff\xd9"


def inline(label: str, data: str) -> InlineKeyboardMarkup:
    """A keyboard of one button."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=data)]])


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def sandbox(clock: HandClock) -> Sandbox:
    sandbox = Sandbox(clock, Limits(flood=False))
    sandbox.add_bot(TOKEN)
    sandbox.add_person(ALICE, "Alice", "+8610000000001", "网格员", ("桐村镇", "华山村"))
    sandbox.add_person(BOB, "Bob", "+8610000000002", "乡镇干部", ("桐村镇",))
    return sandbox


@pytest.fixture
def alice(sandbox: Sandbox) -> Phone:
    """Alice has pressed START and the bot has not read it yet."""
    phone = sandbox.phone(ALICE)
    phone.start()
    return phone


@pytest_asyncio.fixture(loop_scope="session")
async def url(sandbox: Sandbox) -> AsyncIterator[str]:
    async with serve(sandbox) as base:
        yield base


@pytest_asyncio.fixture(loop_scope="session")
async def bot(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # otherwise python-telegram-bot warns about itself
    request = HTTPXRequest(read_timeout=10, httpx_kwargs={"trust_env": False, "verify": False})
    polling = HTTPXRequest(read_timeout=10, httpx_kwargs={"trust_env": False, "verify": False})
    client = Bot(TOKEN, f"{url}/bot", f"{url}/file/bot", request=request, get_updates_request=polling)
    async with client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A bare client whose addresses begin at the bot's token."""
    async with httpx.AsyncClient(base_url=f"{url}/bot{TOKEN}/", trust_env=False, verify=False) as client:
        yield client
