"""A village whose line to Telegram can be cut, for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.line import LinedVillage, open_line


@pytest.fixture
async def village(database_url: str, tmp_path: Path) -> AsyncIterator[LinedVillage]:
    """The whole, with Bob and Olga present."""
    async with open_line(database_url, tmp_path) as opened:
        await opened.present("bob", "nina", "olga", "oscar")
        yield opened
