"""Telegram's sending limits as token buckets in real time; it must not know what is sent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.errors import ApiError


@dataclass(slots=True)
class Limits:
    """Everything that is slow or impatient about Telegram; seconds, or messages a second.

    The sending numbers are those of Telegram's Bots FAQ (one chat about 1 a second with short bursts, a group 20 a
    minute, bulk about 30 a second). `flood=False` turns them off. May be changed while the sandbox runs.
    """

    flood: bool = True
    chat_rate: float = 1.0
    chat_burst: float = 5.0
    group_rate: float = 20 / 60
    group_burst: float = 20.0
    bulk_rate: float = 30.0
    bulk_burst: float = 30.0
    callback_answer_seconds: float = 15.0
    callback_queue_seconds: float = 150.0
    update_hours: float = 24.0
    delete_hours: float = 48.0
    long_poll_seconds: float = 50.0
    same_offset_throttle: bool = True
    webhook_first_pause: float = 1.0
    webhook_longest_pause: float = 60.0
    webhook_timeout: float = 60.0


@dataclass(slots=True)
class Bucket:
    """A token bucket that may go into debt for one big request (an album counts all its photos)."""

    level: float
    at: float

    def wait(self, rate: float, burst: float, now: float) -> float:
        """Seconds until one token is there, 0.0 if it is there now."""
        self.level = min(burst, self.level + (now - self.at) * rate)
        self.at = now
        # A hair below one counts as one: clock steps do not add up exactly.
        return 0.0 if self.level >= 1 - 1e-6 else (1 - self.level) / rate


@dataclass(slots=True)
class Flood:
    """The buckets of all chats and bots."""

    limits: Limits
    monotonic: Callable[[], float] = time.monotonic
    _buckets: dict[tuple[str, int], Bucket] = field(default_factory=dict)

    def check(self, token: str, chat_id: int, count: int = 1, paid: bool = False) -> None:
        """Count `count` messages to a chat, or raise `ApiError` 429 with `retry_after` and count none."""
        limits = self.limits
        if not limits.flood:
            return
        now = self.monotonic()
        wanted = [(chat_id, limits.chat_rate, limits.chat_burst)]
        if chat_id < 0:
            wanted = [(chat_id, limits.group_rate, limits.group_burst)]
        if not paid:
            wanted.append((0, limits.bulk_rate, limits.bulk_burst))
        buckets = [self._buckets.setdefault((token, key), Bucket(burst, now)) for key, _, burst in wanted]
        pairs = zip(buckets, wanted, strict=True)
        wait = max(bucket.wait(rate, burst, now) for bucket, (_, rate, burst) in pairs)
        if wait > 0:
            seconds = max(1, math.ceil(wait))
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        for bucket in buckets:
            bucket.level -= count

    def forget(self) -> None:
        """All buckets are full again."""
        self._buckets.clear()
