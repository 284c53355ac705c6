"""A line for every case, some hundred at a time, as a table of all of them wants it. Changes nothing but the journal.

Drafts and what was withdrawn before it was sent are no cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.hazard.rules import Measure, Plate
from models.hazard.tables import Hazard, Proof, Supporter
from models.people.rules import short_name
from models.people.tables import Person, Region
from models.report.rules import PlaceSource, Severity, Status
from models.report.tables import Remark, Report


@dataclass(frozen=True)
class Line:
    """A case in one line. Moments are UTC; `distance` and `accuracy` metres; the place WGS-84, empty for a village's.

    `joined` counts the reports that were joined to it, `into` is the number of the one it was joined to. Of a
    confidential case `reporter`, `words` and `into` are empty unless it was revealed.
    """

    id: int
    number: str
    kind: str | None
    severity: Severity | None
    status: Status
    township: str
    village: str
    reported_at: datetime
    reporter: str
    words: str
    verified_at: datetime | None
    assigned_at: datetime | None
    rectifier: str
    department: str
    due_at: datetime | None
    fixed_at: datetime | None
    measure: Measure | None
    measure_words: str
    distance: float | None
    closer: str
    closed_at: datetime | None
    reopened: int
    extended: int
    plate: Plate | None
    satisfied: bool | None
    joined: int
    into: str
    latitude: float | None
    longitude: float | None
    source: PlaceSource | None
    accuracy: float | None
    confidential: bool
    on_spot: bool


@dataclass(frozen=True)
class Wanted:
    """Which cases: reported since a moment, below a division (its stored path); `reveal` who reported in confidence."""

    since: datetime | None = None
    path: str = ""
    reveal: bool = False


@dataclass(frozen=True)
class _Beside:
    """What a page of cases needs of other tables, by id or code."""

    names: dict[int, str]
    townships: dict[str, str]
    joined: dict[int, int]
    words: dict[int, list[str]]
    assigned: dict[int, datetime]
    into: dict[int, tuple[str, bool]]


async def path_of(session: AsyncSession, code: str) -> str | None:
    """The stored path of a division; None when there is none with this code."""
    region = await session.get(Region, code)
    return region.path if region else None


async def page(session: AsyncSession, wanted: Wanted, after: int, most: int) -> list[Line]:
    """The next cases behind this id, in the order of their ids; an empty list when there are no more."""
    rows = await session.exec(
        select(Report, Hazard, Proof, Region)
        .join(Region, col(Region.code) == col(Report.region_code))
        .outerjoin(Hazard, col(Hazard.report_id) == col(Report.id))
        .outerjoin(Proof, (col(Proof.report_id) == col(Report.id)) & (col(Proof.round) == col(Hazard.round)))
        .where(col(Report.id) > after, *_conditions(wanted))
        .order_by(col(Report.id))
        .limit(most)
    )
    found = list(rows.all())
    beside = await _beside(session, [(report, hazard) for report, hazard, _, _ in found])
    return [_line(report, hazard, proof, region, beside, wanted.reveal) for report, hazard, proof, region in found]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    sent = or_(col(Report.submitted_at).is_not(None), col(Report.status) == Status.DUPLICATE)
    found: list[ColumnElement[bool]] = [sent]
    if wanted.since is not None:
        found.append(func.coalesce(Report.submitted_at, Report.created_at) >= wanted.since)
    if wanted.path:
        found.append(col(Region.path).startswith(wanted.path))
    return found


async def _beside(session: AsyncSession, found: Sequence[tuple[Report, Hazard | None]]) -> _Beside:
    reports = [report for report, _ in found]
    ids = [report.id or 0 for report in reports]
    persons = {who for report, hazard in found for who in (report.reporter_id, report.rectifier_id)} | {
        hazard.closer_id for _, hazard in found if hazard is not None
    }
    named = await session.exec(select(Person.id, Person.name).where(col(Person.id).in_(persons - {None})))
    towns = {report.township_code for report in reports}
    regions = await session.exec(select(Region.code, Region.name).where(col(Region.code).in_(towns)))
    joined = await session.exec(
        select(Supporter.report_id, func.count())
        .where(col(Supporter.report_id).in_(ids))
        .group_by(col(Supporter.report_id))
    )
    remarks = await session.exec(
        select(Remark.report_id, Remark.words).where(col(Remark.report_id).in_(ids)).order_by(col(Remark.id))
    )
    words: dict[int, list[str]] = {}
    for report_id, text in remarks:
        words.setdefault(report_id, []).append(text)
    entry = journal.JournalEntry
    assigned = await session.exec(
        select(entry.subject_id, func.max(entry.at))
        .where(entry.subject == "report", entry.verb == "assigned", col(entry.subject_id).in_(map(str, ids)))
        .group_by(col(entry.subject_id))
    )
    into = await session.exec(
        select(Report.id, Report.number, Report.confidential).where(
            col(Report.id).in_({report.duplicate_of for report in reports} - {None})
        )
    )
    return _Beside(
        names={person_id or 0: name for person_id, name in named},
        townships={code: short_name(name) for code, name in regions},
        joined=dict(joined.all()), words=words, assigned={int(report_id): at for report_id, at in assigned},
        into={report_id or 0: (number, confidential) for report_id, number, confidential in into},
    )  # fmt: skip


def _line(
    report: Report, hazard: Hazard | None, proof: Proof | None, region: Region, beside: _Beside, reveal: bool
) -> Line:
    hidden = report.confidential and not reveal
    led = hazard or Hazard(report_id=report.id or 0)
    into, into_confidential = beside.into.get(report.duplicate_of or 0, ("", False))
    mended_by_reporter = report.rectifier_id == report.reporter_id
    located = report.place_source is not PlaceSource.VILLAGE
    return Line(
        id=report.id or 0, number=report.number, kind=report.kind, severity=report.severity, status=report.status,
        township=beside.townships[report.township_code], village=short_name(region.name),
        reported_at=report.submitted_at or report.created_at,
        reporter="" if hidden else beside.names[report.reporter_id],
        words="" if hidden else "\n".join(beside.words.get(report.id or 0, ())),
        verified_at=report.decided_at,
        # The row's own moment is the one its time runs from, anew after 退回整改.
        assigned_at=beside.assigned.get(report.id or 0) if led.assigned_at else None,
        rectifier="" if hidden and mended_by_reporter else beside.names.get(report.rectifier_id or 0, ""),
        department=led.department or "", due_at=led.due_at, fixed_at=led.fixed_at,
        measure=proof.measure if proof else None,
        measure_words=proof.words if proof and not (hidden and mended_by_reporter) else "",
        distance=proof.distance if proof else None, closer=beside.names.get(led.closer_id or 0, ""),
        closed_at=led.closed_at, reopened=led.reopened, extended=led.extended, plate=led.plate,
        satisfied=led.satisfied, joined=beside.joined.get(report.id or 0, 0),
        into="" if into_confidential and not reveal else into,
        latitude=report.latitude if located else None, longitude=report.longitude if located else None,
        source=report.place_source, accuracy=report.accuracy, confidential=report.confidential, on_spot=report.on_spot,
    )  # fmt: skip


async def note_revealed(session: AsyncSession, now: datetime, report_id: int, form: str) -> None:
    """Who reported this in confidence is about to leave the house in a file: the case's own journal says so."""
    await journal.write(session, now, None, "export", "report", report_id, form=form, revealed=True)


async def note_export(session: AsyncSession, now: datetime, what: str, **facts: object) -> None:
    """A file with people's data was made: of one case (`what` is its number) or of many ("all")."""
    await journal.write(session, now, None, "export", "export", what, **facts)
