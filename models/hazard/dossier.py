"""Everything kept about one case, for a file that somebody checks without us. Changes nothing.

Unless it is revealed, a confidential case comes without its reporter: no name, no words, no voice, and in the journal
no actor of theirs. What was taken out of an entry is named there; its hash stays, so that the chain can be followed,
and its salt goes, so that nobody finds the person by trying (M032).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.hazard.story import CODES, PERSONS, Step, Veil, joined_to, tell
from models.hazard.tables import Hazard, Proof
from models.journal import Flaw
from models.people import actions as people
from models.people.rules import Level
from models.report.rules import Form, PlaceSource, Status
from models.report.tables import Photo, Remark, Report

# Columns that say how the program works, not what happened.
INWARD: dict[type[SQLModel], set[str]] = {
    Report: {
        "id", "last_part_at", "nudge_at", "nudged", "closed_at", "patrol_id", "visitor_id", "photo_waived",
        "duplicate_of",
    },
    Hazard: {"report_id", "barred_id"},
    Proof: {"id", "report_id"},
}  # fmt: skip


@dataclass(frozen=True)
class Exhibit:
    """A photo, picture file or voice note as it was kept: its place below the photo folder, and what it was then.

    `round` is None for what was found. `by` is empty for who may not be known. `hidden`: its sender may not be known.
    """

    id: int
    number: str
    nth: int
    form: Form
    round: int | None
    received_at: datetime
    by: str
    path: str | None
    sha256: str | None
    size: int | None
    error: str | None
    purged_at: datetime | None
    hidden: bool


@dataclass(frozen=True)
class Chain:
    """The journal of one report: entries as `journal.plain` gives them, the head, and what was wrong when we looked.

    An entry from which something was taken out names it under "redacted".
    """

    number: str
    entries: list[dict[str, Any]]
    head: dict[str, Any] | None
    flaw: Flaw | None


@dataclass(frozen=True)
class Dossier:
    """One case. `report`, `hazard`, `proofs` hold the rows by their columns, persons by their names.

    `joined` are the numbers of the reports joined to it. `hidden`: its reporter was left out.
    """

    number: str
    hidden: bool
    report: dict[str, Any]
    hazard: dict[str, Any]
    proofs: list[dict[str, Any]]
    joined: list[str]
    steps: tuple[Step, ...]
    exhibits: list[Exhibit]
    chains: list[Chain]
    persons: dict[int, str]


async def find(session: AsyncSession, number: str) -> Report | None:
    """The report with this number; None when it was never given, or nothing was sent under it."""
    report = (await session.exec(select(Report).where(Report.number == number))).first()
    return report if report is not None and report.status is not Status.DRAFT else None


async def confidential(session: AsyncSession, report_id: int) -> list[int]:
    """Those of a case and the reports joined to it that were made in confidence."""
    reports = [await session.get_one(Report, report_id), *await joined_to(session, report_id)]
    return [report.id or 0 for report in reports if report.confidential]


async def gather(session: AsyncSession, report: Report, *, reveal: bool) -> Dossier:
    """Everything about a case and the reports joined to it."""
    assert report.id is not None
    reports = [report, *await joined_to(session, report.id)]
    veil = _veil(reports, reveal)
    persons = _Persons(session, veil, {})
    hazard = await session.get(Hazard, report.id)
    proofs = await session.exec(select(Proof).where(Proof.report_id == report.id).order_by(col(Proof.round)))
    chains = [await _chain(session, each, veil, persons) for each in reports]
    return Dossier(
        number=report.number, hidden=report.confidential and not reveal,
        report=await _report(session, report, veil, persons),
        hazard=await _row(hazard, persons) if hazard else {},
        proofs=[await _proof(proof, veil, persons) for proof in proofs.all()],
        joined=[each.number for each in reports[1:]], steps=await tell(session, reports, veil),
        exhibits=await _exhibits(session, reports, veil, persons), chains=chains, persons=persons.names,
    )  # fmt: skip


def _veil(reports: Sequence[Report], reveal: bool) -> Veil:
    """A confidential case hides all its reporters; one that is not, those of its reports that are."""
    strict = reports[0].confidential
    hidden = frozenset(each.reporter_id for each in reports if (strict or each.confidential) and not reveal)
    return Veil(hidden, hidden)


@dataclass
class _Persons:
    """Names by id, as far as they may be known."""

    session: AsyncSession
    veil: Veil
    names: dict[int, str]

    async def name(self, person_id: int | None) -> str | None:
        if person_id is None or person_id in self.veil.persons:
            return None
        if person_id not in self.names:
            self.names[person_id] = await people.name_of(self.session, person_id)
        return self.names[person_id]


async def _row(row: SQLModel, persons: _Persons) -> dict[str, Any]:
    """A row by its columns; a column that refers to a person holds the name."""
    found: dict[str, Any] = {}
    for name, value in row.model_dump().items():
        if name in INWARD[type(row)]:
            continue
        of_person = name.endswith(("_id", "_by"))
        found[name.removesuffix("_id")] = await persons.name(value) if of_person else value
    return found


async def _report(session: AsyncSession, report: Report, veil: Veil, persons: _Persons) -> dict[str, Any]:
    found = await _row(report, persons)
    village = await people.place(session, report.region_code)
    found["village"] = village.name
    found["township"] = (await people.place(session, report.township_code)).name
    county = await people.above(session, village.path, Level.COUNTY)
    found["county"] = county.name if county else ""
    if report.place_source is PlaceSource.VILLAGE:
        found["latitude"] = found["longitude"] = found["accuracy"] = None
    rows = await session.exec(select(Remark.words).where(Remark.report_id == report.id).order_by(col(Remark.id)))
    found["words"] = None if report.reporter_id in veil.persons else "\n".join(rows)
    into = await session.get(Report, report.duplicate_of) if report.duplicate_of else None
    found["duplicate_of"] = into.number if into and not (into.confidential and not report.confidential) else None
    return found


async def _proof(proof: Proof, veil: Veil, persons: _Persons) -> dict[str, Any]:
    found = await _row(proof, persons)
    if proof.by_id in veil.persons:
        found |= {"words": None, "excuse": None}
    return found


async def _exhibits(session: AsyncSession, reports: Sequence[Report], veil: Veil, persons: _Persons) -> list[Exhibit]:
    by_id = {report.id or 0: report for report in reports}
    rows = await session.exec(
        select(Photo)
        .where(col(Photo.report_id).in_(by_id))
        .order_by(col(Photo.after_round).is_not(None), col(Photo.after_round), col(Photo.report_id), col(Photo.nth))
    )
    return [await _exhibit(photo, by_id[photo.report_id], veil, persons) for photo in rows.all()]


async def _exhibit(photo: Photo, report: Report, veil: Veil, persons: _Persons) -> Exhibit:
    sender = photo.by_id or report.reporter_id
    return Exhibit(
        id=photo.id or 0, number=report.number, nth=photo.nth, form=photo.form, round=photo.after_round,
        received_at=photo.received_at, by=await persons.name(sender) or "", path=photo.path, sha256=photo.sha256,
        size=photo.size, error=photo.error if photo.fetch_at is None and photo.path is None else None,
        purged_at=photo.purged_at, hidden=sender in veil.persons,
    )  # fmt: skip


# --- the journal ------------------------------------------------------------------------------------------------------


async def _chain(session: AsyncSession, report: Report, veil: Veil, persons: _Persons) -> Chain:
    head, whole = await _whole(session, report.id or 0)
    flaw = journal.broken(whole, head)
    for entry in whole:
        for person_id in (entry["actor_id"], *(entry["facts"].get(name) for name in PERSONS)):
            await persons.name(person_id)
    return Chain(report.number, [_redacted(entry, veil) for entry in whole], head, flaw)


async def _whole(session: AsyncSession, report_id: int) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Head and entries of one moment, though somebody may be writing (as `journal.verify` looks)."""
    while True:
        head = await journal.head(session, "report", report_id)
        entries = [journal.plain(entry) for entry in await journal.read(session, "report", report_id)]
        if head == await journal.head(session, "report", report_id):
            return head, entries


def _redacted(entry: dict[str, Any], veil: Veil) -> dict[str, Any]:
    """An entry without what tells of a hidden person; names what was taken out."""
    facts, gone = dict(entry["facts"]), []
    if entry["actor_id"] in veil.persons:
        gone.append("actor_id")
        facts = {name: value for name, value in facts.items() if name in (*CODES, "number")}
    facts = {name: value for name, value in facts.items() if not (name in PERSONS and value in veil.persons)}
    gone += [f"facts.{name}" for name in entry["facts"] if name not in facts]
    if not gone:
        return entry
    blank = {"actor_id": None} if "actor_id" in gone else {}
    return {**entry, **blank, "facts": facts, "salt": None, "redacted": [*gone, "salt"]}
