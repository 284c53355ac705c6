"""Whole lives of cases, told in a few lines: each step is a person's own deed at a literal moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from models.hazard import actions as hazards
from models.hazard import closing, figures, fixing
from models.hazard.figures import Month
from models.hazard.rules import FIVE, Measure, Plate
from models.people.rules import Me
from models.policy import Policy
from models.report.rules import RejectReason, Severity
from tests.cast import POLICY, ZONE, Cast
from tests.report.steps import SLOPE, a_photo, sends, submits, withdraws
from tests.village import VILLAGE

P = ParamSpec("P")
R = TypeVar("R")
JULY = date(2026, 7, 1)


def at(day: int, hour: float = 9, month: int = 7) -> datetime:
    """A moment of 2026 on the county's wall clock (eight hours before Greenwich)."""
    return datetime(2026, month, day, tzinfo=ZONE).astimezone(UTC) + timedelta(hours=hour)


async def month(cast: Cast, first: date = JULY, code: str = VILLAGE, now: datetime | None = None) -> Month:
    """The figures of the village in July, read on 3 August."""
    async with cast.database.reading() as session:
        return await figures.month(session, now or at(3, month=8), ZONE, code, first)


@dataclass
class Story:
    """One case from its first photo on; every step takes its moment."""

    cast: Cast
    id: int
    policy: Policy = POLICY

    @classmethod
    async def begins(
        cls, cast: Cast, seen: datetime, sent: datetime, by: str = "bob", policy: Policy = POLICY
    ) -> Story:
        """Somebody sends the first photo at `seen`, and the whole report at `sent`."""
        report_id = await sends(cast, by, photo=a_photo(), at=seen)
        assert await sends(cast, by, place=SLOPE, at=seen) == report_id
        await submits(cast, by, report_id, at=sent)
        return cls(cast, report_id, policy)

    async def _does(
        self,
        verb: Callable[Concatenate[AsyncSession, datetime, Policy, Me, int, P], Awaitable[R]],
        when: datetime,
        by: str,
        *args: P.args,
        **more: P.kwargs,
    ) -> R:
        me = await self.cast.me(by)
        async with self.cast.database.transaction() as session:
            return await verb(session, when, self.policy, me, self.id, *args, **more)

    async def given(self, when: datetime, to: str = "lena", by: str = "olga") -> Story:
        """交办, 受理 and 入库 on the way."""
        await self._does(hazards.assign, when, by, self.cast.ids[to])
        return self

    async def rejected(self, when: datetime) -> Story:
        await self._does(hazards.reject, when, "olga", RejectReason.NOT_FOUND)
        return self

    async def withdrawn(self, when: datetime) -> Story:
        await withdraws(self.cast, "bob", self.id, at=when)
        return self

    async def joined(self, when: datetime, into: Story) -> Story:
        await self._does(hazards.join, when, "olga", into.id)
        return self

    async def says(self, when: datetime, measure: Measure, by: str = "lena") -> Story:
        """The rectifier notes what was done, without handing it in."""
        me = await self.cast.me(by)
        async with self.cast.database.transaction() as session:
            await fixing.say_measure(session, when, me, self.id, measure)
        return self

    async def mended(self, when: datetime, measure: Measure = Measure.REPAIRED, by: str = "lena") -> Story:
        """A whole proof, handed in."""
        me = await self.cast.me(by)
        async with self.cast.database.transaction() as session:
            await fixing.add_photo(session, when, me, self.id, a_photo())
            await fixing.add_place(session, when, me, self.id, SLOPE)
            await fixing.say_measure(session, when, me, self.id, measure)
            await fixing.hand_in(session, when, self.policy, me, self.id)
        return self

    async def sent_back(self, when: datetime, by: str = "olga") -> Story:
        await self._does(closing.send_back, when, by, "one cannot see the crack")
        return self

    async def closed(self, when: datetime, by: str = "olga") -> Story:
        await self._does(closing.close, when, by)
        return self

    async def answered(self, when: datetime, satisfied: bool) -> Story:
        await self._does(closing.answer, when, "bob", satisfied)
        return self

    async def looked_at(self, when: datetime, fine: bool, by: str = "nina") -> Story:
        await self._does(closing.recheck, when, by, fine)
        return self

    async def granted(self, when: datetime, days: int) -> Story:
        """More time, asked for and given."""
        await self._does(fixing.wish, when, "lena", timedelta(days=days), "rain")
        await self._does(fixing.grant, when, "olga", True)
        return self

    async def major(self, when: datetime) -> Story:
        await self._does(hazards.regrade, when, "olga", Severity.M, "the house leans")
        return self

    async def plated(self, when: datetime) -> Story:
        me = await self.cast.me("olga")
        async with self.cast.database.transaction() as session:
            await closing.plate(session, when, me, self.id, Plate.TOWNSHIP)
        return self

    async def fixes(self, when: datetime, *names: str) -> Story:
        me = await self.cast.me("olga")
        async with self.cast.database.transaction() as session:
            await closing.fill(session, when, me, self.id, dict.fromkeys(names or FIVE, "as agreed"))
        return self
