"""The queue of updates of one bot and long polling over it; it must not know what an update means.

Semantics of the Bot API server: an offset confirms everything below it, the same offset gets the same updates again, a
negative one forgets all but the last, a second poller ends the first with 409. Only that and age take updates away.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.flood import Limits

Json = dict[str, Any]

# Not sent unless asked for by name (Bot API, getUpdates, allowed_updates).
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(frozen=True, slots=True)
class Pending:
    """One update that waits; `key` names the webhook queue whose order it keeps."""

    update_id: int
    body: Json
    key: str
    until: datetime
    until_monotonic: float


@dataclass(slots=True)
class UpdateQueue:
    """All updates of one bot that nobody has confirmed."""

    token: str
    limits: Limits
    now: Callable[[], datetime]
    allowed: frozenset[str] = frozenset()
    listener: Callable[[str], None] | None = None
    changes: int = 0
    _pending: deque[Pending] = field(default_factory=deque)
    _next_id: int = 0
    _waiting: asyncio.Future[None] | None = None
    _last: tuple[int, float] = (-1, float("-inf"))

    def __post_init__(self) -> None:
        # Looks random as with Telegram, yet the same on every run.
        self._next_id = 100_000_000 + zlib.crc32(self.token.encode()) % 800_000_000

    def put(self, kind: str, content: Json, key: str, seconds: float | None = None) -> int | None:
        """Queue an update; its id, or None when the bot did not ask for this kind.

        `seconds` of real time it may live (button presses), otherwise `update_hours` of the sandbox's clock.
        """
        if (self.allowed and kind not in self.allowed) or (not self.allowed and kind in ON_REQUEST):
            return None
        update_id = self._next_id
        self._next_id += 1
        self.changes += 1
        real = time.monotonic() + seconds if seconds is not None else float("inf")
        until = self.now() + timedelta(hours=self.limits.update_hours if seconds is None else 24 * 3650)
        self._pending.append(Pending(update_id, {"update_id": update_id, kind: content}, key, until, real))
        self.interrupt()
        if self.listener is not None:
            self.listener(key)
        return update_id

    @property
    def polled(self) -> bool:
        """Whether a long poll is open right now."""
        return self._waiting is not None and not self._waiting.done()

    def allow(self, kinds: Iterable[str] | None) -> None:
        """Kinds the bot wants from now on; None changes nothing, none at all means the usual ones."""
        wanted = self.allowed if kinds is None else frozenset(kinds)
        if wanted != self.allowed:
            self.allowed = wanted
            self.changes += 1

    def waiting(self) -> list[Json]:
        """What is queued and not too old, oldest first."""
        now, real = self.now(), time.monotonic()
        # Only here things grow old, so an update in the middle may wait a little longer in memory.
        if any(each.until <= now or each.until_monotonic <= real for each in self._pending):
            self._pending = deque(each for each in self._pending if each.until > now and each.until_monotonic > real)
        return [each.body for each in self._pending]

    def first(self, key: str) -> Json | None:
        """The oldest update of one webhook queue."""
        self.waiting()
        return next((each.body for each in self._pending if each.key == key), None)

    def chains(self) -> list[str]:
        """The webhook queues in which something waits."""
        return list(dict.fromkeys(each.key for each in self._pending))

    def remove(self, update_id: int) -> None:
        """Confirm one update (a webhook answered 2xx)."""
        self._pending = deque(each for each in self._pending if each.body["update_id"] != update_id)
        self.changes += 1

    def clear(self) -> None:
        """Drop everything that waits."""
        self._pending.clear()
        self.changes += 1

    def state(self) -> Json:
        """What outlives a restart, as JSON: all but button presses, which live for seconds of real time."""
        kept = [each for each in self._pending if each.until_monotonic == float("inf")]
        return {
            "next_id": self._next_id,
            "allowed": sorted(self.allowed),
            "pending": [[each.update_id, each.body, each.key, each.until.isoformat()] for each in kept],
        }

    def resume(self, state: Json, gap: int) -> None:
        """Go on from a `state`; the next update gets an id `gap` beyond the one it would have had."""
        self._pending = deque(
            Pending(update_id, body, key, datetime.fromisoformat(until), float("inf"))
            for update_id, body, key, until in state["pending"]
        )
        self.allowed = frozenset(state["allowed"])
        self._next_id = state["next_id"] + gap

    async def poll(self, offset: int = 0, limit: int = 100, seconds: float = 0) -> list[Json]:
        """One getUpdates; raises `ApiError` 409 when another poll comes meanwhile."""
        self.interrupt(ApiError(409, CONFLICT))
        self._confirm(offset)
        limit, seconds = self._throttled(offset, limit, min(seconds, self.limits.long_poll_seconds))
        if not self.waiting() and seconds > 0:
            await self._wait(seconds)
        found = self.waiting()[:limit]
        self._last = (offset, time.monotonic())
        return found

    def interrupt(self, error: ApiError | None = None) -> None:
        """End the poll in flight, if any: with this error or with what is there."""
        if self._waiting is None or self._waiting.done():
            return
        if error is None:
            self._waiting.set_result(None)
        else:
            self._waiting.set_exception(error)

    async def _wait(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = future
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(future, seconds)
        finally:
            if self._waiting is future:
                self._waiting = None

    def _confirm(self, offset: int) -> None:
        while (offset < 0 and len(self._pending) > -offset) or (
            offset > 0 and self._pending and self._pending[0].update_id < offset
        ):
            self._pending.popleft()
            self.changes += 1

    def _throttled(self, offset: int, limit: int, seconds: float) -> tuple[int, float]:
        """Slow a bot that spins on one offset, as Telegram's server does (0.5 s: one update; 3 s: waits 3 s)."""
        before, finished = self._last
        if not self.limits.same_offset_throttle or offset != before:
            return limit, seconds
        since = time.monotonic() - finished
        return (1 if since < 0.5 else limit), (3.0 if seconds < 3 and since < 3 else seconds)
