"""The village whose bot Telegram calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.sandbox import Limits
from tests.operation.core import SECRET, Hooked, free_port
from tests.village import open_village


@pytest.fixture
async def hooked(database_url: str, tmp_path: Path) -> AsyncIterator[Hooked]:
    """The village with its bot on a webhook."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram/hook"
    async with (
        open_village(
            database_url, tmp_path, limits=Limits(flood=False), webhook_url=url, webhook_secret=SecretStr(SECRET),
            webhook_port=port, http_port=0,
        ) as village,
        httpx.AsyncClient(trust_env=False) as client,
    ):  # fmt: skip
        yield Hooked(village, url, client)
