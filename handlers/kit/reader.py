"""Who a message is rendered for, and the shape of what renders it. Changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from handlers.kit.lines import clock_time
from handlers.kit.press import Press, Screen
from locales import Words
from models.people.rules import Me
from models.policy import Policy
from models.refused import Refused

if TYPE_CHECKING:
    from handlers.kit.feature import House


@dataclass(frozen=True)
class Reader:
    """Whoever a message is rendered for, at the moment it is sent."""

    session: AsyncSession
    now: datetime
    words: Words
    zone: ZoneInfo
    me: Me | None
    house: House
    policy: Policy

    @property
    def member(self) -> Me:
        """The person; Refused for strangers, to whom nothing of the roster is rendered."""
        if self.me is None:
            raise Refused("people.stranger")
        return self.me

    def time(self, moment: datetime) -> str:
        """A moment on the reader's wall clock; the day is named only when it is not today."""
        return clock_time(moment, self.now, self.zone)


Renderer = Callable[[Reader, dict[str, Any]], Awaitable[Screen | None]]
TaskLine = Callable[[Reader, int], Awaitable["tuple[str, Press | None] | None"]]
