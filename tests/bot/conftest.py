"""The village of these tests: Telegram without flood limits, and a bot with a small feature of the tests' own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.sandbox import Limits
from tests.bot.core import Script
from tests.cast import cast
from tests.village import Village, open_village

__all__ = ["cast"]


@pytest.fixture(scope="session", autouse=True)
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """None: every client would read the whole list of the world's authorities, and all calls stay on loopback."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("certificates")))
        yield


@pytest.fixture
def script() -> Script:
    """What the bot does at words of these tests."""
    return Script()


@pytest.fixture
async def village(database_url: str, tmp_path: Path, script: Script) -> AsyncIterator[Village]:
    """The whole, with nothing in the way: the limits have tests of their own."""
    calm = Limits(flood=False, same_offset_throttle=False)
    policy = {"sending.chat_burst": 10}
    async with open_village(
        database_url, tmp_path, still=True, policy=policy, limits=calm, prepare=script.into, send_rate=1000
    ) as opened:
        yield opened
