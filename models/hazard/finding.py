"""Which cases a place or a picture leads to: near ones, and those with nearly the same photo. Changes nothing.

Places are found by the index on places. Pictures are alike when few of their 64 bits differ, which no index finds by
itself; comparing with every photo ever kept would cost more every year. So each photo's bits stand in four indexed
columns of 16 bits (report.rules.bands). Of two pictures that differ in at most n bits, one of the four differs in no
more than n // 4 (pigeonhole; Norouzi, Punjani, Fleet, "Fast search in Hamming space with multi-index hashing", 2012):
with the policy's 6 bits four times 17 numbers are looked up, and each is that of one photo in 65,536 or so. What comes
back is compared in full. Looking only at open cases would be simpler still, but would miss what came again (反弹).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from math import cos, radians

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.hazard import rules
from models.people import actions as people
from models.people.rules import Level
from models.policy import Policy
from models.report.rules import BANDS, OPEN, Status, bands
from models.report.tables import Photo, Report

METRES_A_DEGREE = 111_000  # of latitude, roughly: only to narrow the search, the distance itself is reckoned exactly
COMPARED = 30  # photos of one report; their numbers must fit into one question to the database


@dataclass
class Hit:
    """A case found: its row, the metres between the places, the bits by which the pictures differ."""

    case: Report
    metres: float | None = None
    bits: int | None = None

    def order(self) -> tuple[bool, bool, int, float]:
        """Best first: an open case before a closed one, the same picture before the same place, then the nearest."""
        far = float("inf") if self.metres is None else self.metres
        return self.case.status not in OPEN, self.bits is None, self.bits or 0, far


async def hits(
    session: AsyncSession, now: datetime, policy: Policy, report: Report, kinds: Collection[str] = ()
) -> list[Hit]:
    """Open cases, and ones closed lately, to which a report's place or picture leads, the best first.

    `kinds` stand for a kind that is not named yet; without them any will do. A report joined to another leads to that.
    """
    assert report.id is not None
    kinds = (report.kind,) if report.kind else kinds
    near, pictures = await _near(session, policy, report), await _pictures(session, policy.hazard.same.bits, report.id)
    found: dict[int, Hit] = {}
    for each in await _reports(session, near.keys() | pictures.keys()):
        case = each if each.duplicate_of is None else await session.get_one(Report, each.duplicate_of)
        if case.id is None or case.id == report.id or not _counts(now, policy, case):
            continue
        hit = found.setdefault(case.id, Hit(case))
        if each.id in near and _same_kind(case, kinds) and _lately(now, policy, case, each):
            hit.metres = min(near[each.id], hit.metres if hit.metres is not None else near[each.id])
        if each.id in pictures and await _one_county(session, report, case):
            hit.bits = min(pictures[each.id], hit.bits if hit.bits is not None else pictures[each.id])
    real = (hit for hit in found.values() if hit.metres is not None or hit.bits is not None)
    return sorted(real, key=lambda hit: (*hit.order(), -(hit.case.id or 0)))


def _counts(now: datetime, policy: Policy, case: Report) -> bool:
    """Open, or closed so lately that the same would have come again."""
    if case.status is Status.CLOSED and case.ended_at is not None:
        return now - case.ended_at <= policy.hazard.relapse_within
    return case.status in OPEN


def _same_kind(case: Report, kinds: Collection[str]) -> bool:
    """What nobody has named yet may be anything."""
    return not kinds or case.kind is None or case.kind in kinds


def _lately(now: datetime, policy: Policy, case: Report, each: Report) -> bool:
    """For a closed case it counts when it was closed; an open one must have been reported lately, the last time."""
    return case.status is Status.CLOSED or now - (each.submitted_at or each.created_at) <= policy.hazard.same.within


async def _one_county(session: AsyncSession, one: Report, other: Report) -> bool:
    if one.township_code == other.township_code:
        return True
    found = []
    for report in (one, other):
        path = (await people.place(session, report.township_code)).path
        found.append(await people.above(session, path, Level.COUNTY))
    return found[0] == found[1]


async def _reports(session: AsyncSession, ids: Iterable[int]) -> Sequence[Report]:
    wanted = sorted(ids)
    return (await session.exec(select(Report).where(col(Report.id).in_(wanted)))).all() if wanted else []


async def _near(session: AsyncSession, policy: Policy, report: Report) -> dict[int, float]:
    """Reports within the policy's distance, with their metres."""
    if report.latitude is None or report.longitude is None:
        return {}
    spot = (report.latitude, report.longitude)
    found = await around(session, spot, policy.hazard.same.metres, (*OPEN, Status.CLOSED, Status.DUPLICATE))
    return {
        each.id: rules.metres(spot, (each.latitude or 0.0, each.longitude or 0.0))
        for each in found
        if each.id is not None and each.id != report.id
    }


async def around(
    session: AsyncSession, spot: tuple[float, float], metres: float, states: Sequence[Status], most: int = 200
) -> list[Report]:
    """Reports in these states within so many metres of a place (latitude, longitude), by the index on places."""
    height = metres / METRES_A_DEGREE
    width = height / max(cos(radians(spot[0])), 0.01)
    rows = await session.exec(
        select(Report)
        .where(
            col(Report.latitude).between(spot[0] - height, spot[0] + height),
            col(Report.longitude).between(spot[1] - width, spot[1] + width),
            col(Report.status).in_(states),
        )
        .order_by(col(Report.id).desc())
        .limit(most)
    )
    return [each for each in rows if rules.metres(spot, (each.latitude or 0.0, each.longitude or 0.0)) <= metres]


async def _pictures(session: AsyncSession, most: int, report_id: int) -> dict[int, int]:
    """Reports with a photo that differs in at most so many bits from one of this report, with the fewest bits.

    What was found is compared with what was found: photos after mending show another thing.
    """
    rows = await session.exec(
        select(Photo.likeness)
        .where(Photo.report_id == report_id, col(Photo.likeness).is_not(None), col(Photo.after_round).is_(None))
        .order_by(col(Photo.id))
        .limit(COMPARED)
    )
    own = [likeness for likeness in rows if likeness]
    if not own:
        return {}
    wanted = [{word for each in own for word in close(bands(each)[nth], most // BANDS)} for nth in range(BANDS)]
    columns = (Photo.band1, Photo.band2, Photo.band3, Photo.band4)
    others = await session.exec(
        select(Photo.report_id, Photo.likeness).where(
            or_(*(col(column).in_(sorted(words)) for column, words in zip(columns, wanted, strict=True))),
            Photo.report_id != report_id,
            col(Photo.after_round).is_(None),
        )
    )
    best: dict[int, int] = {}
    for other, likeness in others:
        bits = min(rules.unlike(likeness or "0", each) for each in own)
        if bits <= most:
            best[other] = min(bits, best.get(other, bits))
    return best


def close(word: int, bits: int) -> list[int]:
    """All numbers of 16 bits that differ from this one in at most so many: 1 of 0, 17 of 1, 137 of 2."""
    flips = (flip for count in range(bits + 1) for flip in combinations(range(64 // BANDS), count))
    return [word ^ sum(1 << bit for bit in flip) for flip in flips]
