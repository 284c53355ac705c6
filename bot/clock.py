"""The one place that reads the time; everything below bot/ gets it as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whatever tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class PushedClock:
    """Begins at a given moment, runs at the usual speed and can be pushed forward: for the demo and the tests."""

    def __init__(self, start: datetime) -> None:
        self._base = start.astimezone(UTC)
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The present moment of this clock, aware, in UTC."""
        return self._base + timedelta(seconds=time.monotonic() - self._began)

    def push(self, by: timedelta) -> None:
        """Go forward; a clock never goes back, so a negative length is refused with ValueError."""
        if by < timedelta(0):
            raise ValueError("a clock goes forward only")
        self._base += by
