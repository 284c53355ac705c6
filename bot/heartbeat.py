"""Calls an outside watcher once a minute, only while what is due is really being done; its silence is the alarm.

The bot cannot tell anybody that it has stopped. A watcher that expects a call every minute can.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx
import structlog
from pydantic import SecretStr

from bot.health import Health

log = structlog.get_logger()

EVERY = 60.0
LOOK_AGAIN = 1.0  # seconds, while there is nothing to be glad about
TIMEOUT = 10.0


@dataclass
class Heartbeat:
    """`url` may hold a key and is never logged. `every` is in seconds."""

    url: SecretStr
    health: Health
    every: float = EVERY
    _failing: bool = False
    _silent: bool = True

    async def run(self) -> None:
        """Call until cancelled. A watcher that does not answer never disturbs the bot."""
        async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=True) as client:
            while True:
                stopped = await self.health.stopped()
                if not stopped:
                    await self._call(client)
                elif not self._silent:
                    log.critical("heartbeat_stops", reasons=stopped)
                self._silent = bool(stopped)
                await asyncio.sleep(LOOK_AGAIN if stopped else self.every)

    async def _call(self, client: httpx.AsyncClient) -> None:
        try:
            (await client.get(self.url.get_secret_value())).raise_for_status()
        except httpx.HTTPError as error:
            if not self._failing:  # once, not every minute of a long outage
                log.warning("heartbeat_failed", error=type(error).__name__)
            self._failing = True
        else:
            if self._failing:
                log.info("heartbeat_again")
            self._failing = False
