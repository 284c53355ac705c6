"""Everything that people can try with a case, as one table, for the test of the whole loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from models.hazard import actions as hazards
from models.hazard import closing, fixing
from models.hazard.rules import FIVE, Deed, Measure, Plate
from models.people.rules import Me
from models.report import actions as reports
from models.report.intake import PhotoPart, PlacePart, WordsPart
from models.report.rules import RejectReason, Severity
from tests.cast import POLICY

PLACES = (PlacePart(29.13, 118.41, 12.0), PlacePart(29.14, 118.41, 12.0))
EVER = POLICY.model_copy(update={"hazard": POLICY.hazard.model_copy(update={"recheck_share": 50})})
_serial = count(1)

# Session, moment, who, which case, a number that varies it; all cases and all persons to choose from.
Deal = Callable[[AsyncSession, datetime, Me, int, int, Sequence[int], Sequence[int]], Awaitable[Any]]


def a_photo() -> PhotoPart:
    number = next(_serial)
    return PhotoPart(f"file{number}", f"unique{number}", None)


def _one(among: Sequence[int], number: int) -> int:
    return among[number % len(among)]


async def _hand_in(session: AsyncSession, now: datetime, me: Me, case: int, pick: int, *_: object) -> None:
    """Half of the time a whole proof, else some of it: what is missing varies with `pick`."""
    if pick != 1:
        await fixing.add_photo(session, now, me, case, a_photo())
    if pick != 2:
        await fixing.add_place(session, now, me, case, PLACES[int(pick == 3)])
    if pick != 4:
        await fixing.say_measure(session, now, me, case, Measure.REPAIRED)
    if pick != 5:
        await fixing.hand_in(session, now, EVER, me, case)


DEALS: dict[str, Deal] = {
    Deed.ACCEPT: lambda s, now, me, case, _p, *_: hazards.accept(s, now, EVER, me, case),
    Deed.REJECT: lambda s, now, me, case, _p, *_: hazards.reject(s, now, EVER, me, case, RejectReason.UNCLEAR),
    Deed.SETTLE: lambda s, now, me, case, _p, *_: closing.settle(s, now, EVER, me, case),
    Deed.JOIN: lambda s, now, me, case, p, cases, _: hazards.join(s, now, EVER, me, case, _one(cases, p)),
    Deed.DESCRIBE: lambda s, now, me, case, _p, *_: hazards.describe(s, now, EVER, me, case, "B2", ("B2",), Severity.M),
    Deed.REGRADE: lambda s, now, me, case, p, *_: hazards.regrade(s, now, EVER, me, case, [*Severity][p % 4], "seen"),
    Deed.ESCALATE: lambda s, now, me, case, _p, *_: hazards.escalate(s, now, EVER, me, case),
    Deed.ASSIGN: lambda s, now, me, case, p, _, people: hazards.assign(s, now, EVER, me, case, _one(people, p)),
    Deed.TRANSFER: lambda s, now, me, case, p, _, people: hazards.transfer(
        s, now, EVER, me, case, "林业局", _one(people, p) if p else None
    ),
    Deed.RECEIVE: lambda s, now, me, case, _p, *_: fixing.receive(s, now, EVER, me, case),
    Deed.HAND_BACK: lambda s, now, me, case, _p, *_: fixing.hand_back(s, now, EVER, me, case, "not mine"),
    Deed.TAKE_BACK: lambda s, now, me, case, _p, *_: hazards.take_back(s, now, EVER, me, case),
    Deed.HAND_IN: _hand_in,
    Deed.WISH: lambda s, now, me, case, p, *_: fixing.wish(s, now, EVER, me, case, timedelta(days=3 + p), "rain"),
    Deed.GRANT: lambda s, now, me, case, p, *_: fixing.grant(s, now, EVER, me, case, p != 0),
    Deed.FIVE: lambda s, now, me, case, _p, *_: closing.fill(s, now, me, case, dict.fromkeys(FIVE, "done")),
    Deed.PLATE: lambda s, now, me, case, p, *_: closing.plate(s, now, me, case, [*Plate][p % 3]),
    Deed.SEND_BACK: lambda s, now, me, case, _p, *_: closing.send_back(s, now, EVER, me, case, "not yet"),
    Deed.CLOSE: lambda s, now, me, case, _p, *_: closing.close(s, now, EVER, me, case),
    Deed.ANSWER: lambda s, now, me, case, p, *_: closing.answer(s, now, EVER, me, case, p % 2 == 0),
    Deed.SAY_MORE: lambda s, now, me, case, _p, *_: closing.say_more(
        s, now, me, case, words=WordsPart(next(_serial), "still")
    ),
    Deed.REVISIT: lambda s, now, me, case, p, *_: closing.revisit(s, now, EVER, me, case, p % 2 == 0),
    Deed.RECHECK: lambda s, now, me, case, p, *_: closing.recheck(s, now, EVER, me, case, p % 2 == 0),
    Deed.NUDGE: lambda s, now, me, case, _p, *_: hazards.nudge(s, now, EVER, me, case),
    "join_own": lambda s, now, me, case, p, cases, _: hazards.join_own(s, now, EVER, me, case, _one(cases, p)),
    "withdraw": lambda s, now, me, case, _p, *_: reports.withdraw(s, now, EVER, me, case),
    "alarm": lambda s, now, me, case, _p, *_: reports.raise_alarm(s, now, EVER, me, case),
}
