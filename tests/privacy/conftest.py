"""The cast for rows, and a village whose limits of sending are another test's business."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Limits
from tests.cast import cast
from tests.village import Village, open_village

__all__ = ["cast"]


@pytest.fixture
async def village(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    """Some joined some time ago."""
    calm = Limits(flood=False, same_offset_throttle=False)
    async with open_village(sqlite_url, tmp_path, policy={"sending.chat_burst": 10}, limits=calm) as opened:
        await opened.present("bob", "olga", "carol")
        yield opened
