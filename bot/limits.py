"""Telegram's sending limits, honoured ahead of time: so many a second for the token, about one a second for a chat.

telegram.md 1: limits are the token's and the chat's; a 429 of one chat says nothing about another's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable


class Bucket:
    """A token bucket: `burst` at once, `rate` a second after that."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._at = burst, now

    def wait(self, now: float) -> float:
        """Seconds until one more may go; 0 when it may go now."""
        self._fill(now)
        return 0.0 if self._level >= 1 else (1 - self._level) / self._rate

    def take(self, now: float) -> None:
        """One goes."""
        self._fill(now)
        self._level -= 1

    def room(self, now: float) -> int:
        """How many may go now."""
        self._fill(now)
        return max(0, int(self._level))

    def empty_for(self, now: float, seconds: float) -> None:
        """Nothing may go for so long: the other side said so."""
        self._fill(now)
        self._level = min(self._level, 1 - seconds * self._rate)

    def is_full(self, now: float) -> bool:
        """Whether this bucket remembers nothing worth keeping."""
        self._fill(now)
        return self._level >= self._burst

    def _fill(self, now: float) -> None:
        self._level = min(self._burst, self._level + max(0.0, now - self._at) * self._rate)
        self._at = now


class Pace:
    """The token's limit: no second, wherever it begins, sees more than `rate`, and a late sender catches up.

    A bucket alone cannot do both: what lets it catch up lets a second see more (telegram.md 3c). So a bucket keeps the
    pace, and a list of the last moments keeps the second. A rate below one a second counts in longer spans.
    """

    def __init__(self, rate: float, now: float) -> None:
        self._bucket = Bucket(rate, max(1.0, rate / 6), now)
        self._span = max(1.0, 1 / rate)
        self._last: deque[float] = deque(maxlen=max(1, int(rate)))

    def room(self, now: float) -> int:
        """How many may go now."""
        inside = len(self._last) - bisect_right(self._last, now - self._span)
        return min(self._bucket.room(now), (self._last.maxlen or 1) - inside)

    def wait(self, now: float) -> float:
        """Seconds until one more may go; 0 when it may go now."""
        full = len(self._last) == self._last.maxlen
        return max(self._bucket.wait(now), self._last[0] + self._span - now if full else 0.0)

    def take(self, now: float) -> None:
        """One goes."""
        self._bucket.take(now)
        self._last.append(now)


class Limits:
    """One token's limits; a reader's key is the outbox's `recipient`.

    `time` is a monotonic clock in seconds: the limits are the real world's, not the demo's.
    """

    def __init__(self, rate: float, chat_burst: int, time: Callable[[], float]) -> None:
        self._time = time
        self._all = Pace(rate, time())
        self._chat_burst = chat_burst
        self._chats: dict[str, Bucket] = {}
        self._limited: dict[str, float] = {}
        self._bulk_until = 0.0

    def room(self) -> int:
        """How many requests the token may start now."""
        return self._all.room(self._time())

    def token_wait(self) -> float:
        """Seconds until the token may send again."""
        return self._all.wait(self._time())

    def bulk_rests(self) -> bool:
        """Whether broadcasts rest, because several chats were limited at once; alarms and replies never do."""
        return self._bulk_until > self._time()

    def resting(self) -> dict[str, float]:
        """Readers who may not get another message yet, and the seconds each has to wait."""
        now = self._time()
        self._chats = {key: bucket for key, bucket in self._chats.items() if not bucket.is_full(now)}
        waits = {key: bucket.wait(now) for key, bucket in self._chats.items()}
        return {key: wait for key, wait in waits.items() if wait > 0}

    def take(self, key: str | None) -> None:
        """A request leaves now, a new message to this reader; None for an edit or one that writes in no chat."""
        self._all.take(self._time())
        if key is not None:
            self.write(key)

    def write(self, key: str) -> None:
        """This reader's chat gets a new message."""
        now = self._time()
        self._chats.setdefault(key, Bucket(1.0, self._chat_burst, now)).take(now)

    def limited(self, key: str, seconds: float) -> None:
        """Telegram answered 429: this reader rests; when two are limited within a second, broadcasts rest too."""
        now = self._time()
        self._chats.setdefault(key, Bucket(1.0, self._chat_burst, now)).empty_for(now, seconds)
        self._limited = {each: at for each, at in self._limited.items() if now - at < 1.0} | {key: now}
        if len(self._limited) >= 2:
            self._bulk_until = max(self._bulk_until, now + seconds)
