"""Long polling: fetch, store for good, and only then confirm by asking for more. One process a token at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from telegram import Bot
from telegram.error import RetryAfter, TelegramError

from bot.clock import Clock
from bot.database import Database
from bot.delivery import retry_seconds
from bot.errors import name_of
from bot.inbox import Inbox
from bot.instance import let_go
from models import lease
from models.policy import Policy

log = structlog.get_logger()

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
PATIENCE = 30  # seconds a poll waits for news; the Bot API caps it at 50


@dataclass
class Polling:
    """Fetches raw updates: unparsed, since one that does not parse must not stop the others (telegram.md 3a)."""

    database: Database
    bot: Bot
    inbox: Inbox
    clock: Clock
    policy: Policy
    owner: str
    _offset: int = 0
    _held_until: datetime | None = None

    async def run(self) -> None:
        """Poll until cancelled. An update not stored is not confirmed, and comes again."""
        pause = 0.5
        try:
            while True:
                try:
                    if await self._my_turn():
                        await self._once()
                        pause = 0.5
                        continue
                    pause = 1.0
                except TelegramError as error:
                    log.warning("poll_failed", error=type(error).__name__)
                    pause = retry_seconds(error) if isinstance(error, RetryAfter) else min(pause * 2, 30)
                except Exception as error:  # the database is away: the offset stays, the updates come again
                    log.warning("not_stored", error=name_of(error))
                    pause = min(pause * 2, 10)
                await asyncio.sleep(pause)
        finally:
            await let_go(self.database, self.clock, self._lease, self.owner)

    @property
    def _lease(self) -> str:
        return f"poller:{self.bot.id}"

    async def _my_turn(self) -> bool:
        """Only the holder of the lease polls: a second poller would lose updates for both (telegram.md 1)."""
        now, length = self.clock.now(), self.policy.inbox.lease * 2
        if self._held_until is None or self._held_until - now < length / 2:
            async with self.database.transaction(ring=False) as session:
                held = await lease.hold(session, now, self._lease, self.owner, length)
            self._held_until = now + length if held else None
        return self._held_until is not None

    async def _once(self) -> None:
        params: dict[str, Any] = {"offset": self._offset, "timeout": PATIENCE, "allowed_updates": ALLOWED}
        # PTB warns that it has a get_updates of its own, which parses; raw rows are the point (bot/logs silences it).
        updates = await self.bot.do_api_request("getUpdates", params, read_timeout=PATIENCE + 10)
        if updates:
            await self.inbox.store(updates)
            self._offset = max(int(update["update_id"]) for update in updates) + 1
