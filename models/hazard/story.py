"""A case's whole story as data: who did what when, and the photos that came with it. Changes nothing.

Who may not know a reporter (rules.knows_reporter) finds no name of theirs here; in a confidential case also nothing by
which they could be told: neither their words nor the small steps only they take (M032).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.hazard.tables import Proof
from models.people import actions as people
from models.people.rules import Me
from models.refused import Refused
from models.report import rules, views
from models.report.rules import Form, Status
from models.report.tables import Photo, Report
from models.report.views import View

PHOTOS = "photos"  # the verb of a step that no entry tells of: photos that came between two
SENT = (Status.SUBMITTED, Status.DUPLICATE, Status.WITHDRAWN)  # what was found so far came with the first of these
OUTLINE = {"submitted", "withdrawn", "duplicate", "fixed", "satisfied", "unsolved"}
CODES = ("kind", "severity", "round", "photos", "metres", "measure")  # facts that nobody can be told by
PERSONS = ("to", "person")  # facts that name somebody
CASES = ("joined", "into", "other", "of")  # facts that name another report


class Who(StrEnum):
    """Who acted: somebody with a name, the clock, or a reporter whose name this reader may not know."""

    PERSON = "person"
    CLOCK = "clock"
    REPORTER = "reporter"
    ANOTHER = "another"


@dataclass(frozen=True)
class Actor:
    """Somebody in a story; only a PERSON has a name."""

    who: Who
    name: str = ""


@dataclass(frozen=True)
class Shot:
    """A photo, picture file or voice note. `after` is the round of mending it shows the end of, None what was found.

    `file_id` is Telegram's, empty once the files were purged.
    """

    id: int
    report_id: int
    form: Form
    after: int | None
    file_id: str


@dataclass(frozen=True)
class Step:
    """One thing that happened. `nth` counts in the chain of its report's journal, None for photos between entries.

    `whom` it was given to, or who left; `other` is the number of another report it speaks of. `joined`: it
    happened to a report that was joined to this case. `facts` are the entry's, and what the proof of a round said.
    """

    at: datetime
    verb: str
    actor: Actor
    report_id: int
    nth: int | None = None
    whom: Actor | None = None
    other: str = ""
    joined: bool = False
    facts: dict[str, Any] | None = None
    shots: tuple[Shot, ...] = ()

    def fact(self, name: str) -> Any:
        """A fact of the entry, None when it has none of this name."""
        return (self.facts or {}).get(name)


@dataclass(frozen=True)
class Veil:
    """Whom a reader may not know; and of those whom nothing may even hint at, since they reported in confidence."""

    persons: frozenset[int] = frozenset()
    strictly: frozenset[int] = frozenset()

    def keeps_back(self, actor_id: int | None, verb: str) -> bool:
        """Whether a whole step would tell too much."""
        return actor_id in self.strictly and verb not in OUTLINE

    def facts(self, actor_id: int | None, facts: dict[str, Any]) -> dict[str, Any]:
        """What of an entry's facts may be read."""
        coy = actor_id in self.strictly
        return {
            name: value
            for name, value in facts.items()
            if (name in CODES or not coy) and not (name in PERSONS and value in self.persons)
        }


@dataclass(frozen=True)
class Story:
    """A case as its reader may see it, and its steps, oldest first."""

    report: View
    steps: tuple[Step, ...]


async def story(session: AsyncSession, me: Me, report_id: int) -> Story:
    """The whole story of a case, with that of the reports joined to it. Refused for people it does not concern."""
    view = await views.look(session, me, report_id)
    return Story(view, await steps(session, me, report_id))


async def steps(session: AsyncSession, me: Me, report_id: int) -> tuple[Step, ...]:
    """Its steps alone, for who has the case before them already. Refused for people it does not concern."""
    report = await session.get_one(Report, report_id)
    main = await _concern(session, report)
    rules.may_see(me, main)
    hidden, shown = set(), [report]
    strict = report.confidential and not rules.knows_reporter(me, main)
    if not rules.knows_reporter(me, main):
        hidden.add(report.reporter_id)
    for each in await joined_to(session, report_id):
        concern = await _concern(session, each)
        if strict or not rules.knows_reporter(me, concern):
            hidden.add(each.reporter_id)
        if not each.confidential or _sees(me, concern):
            shown.append(each)
    hidden.discard(me.id)
    return await tell(session, shown, Veil(frozenset(hidden), frozenset(hidden if strict else ())))


async def _concern(session: AsyncSession, report: Report) -> rules.Concern:
    return views.concern_of(report, (await people.place(session, report.region_code)).path)


def _sees(me: Me, concern: rules.Concern) -> bool:
    try:
        rules.may_see(me, concern)
    except Refused:
        return False
    return True


async def joined_to(session: AsyncSession, report_id: int) -> list[Report]:
    """The reports that were joined to this case, oldest first."""
    rows = await session.exec(select(Report).where(Report.duplicate_of == report_id).order_by(col(Report.id)))
    return list(rows)


async def tell(session: AsyncSession, reports: Sequence[Report], veil: Veil) -> tuple[Step, ...]:
    """The steps of a case (the first of these reports) and of those joined to it, for somebody under this veil."""
    by_id = {report.id or 0: report for report in reports}
    entries = [entry for report_id in by_id for entry in await journal.read(session, "report", report_id)]
    cast = _Cast(session, veil, reports[0], {})
    entries.sort(key=lambda entry: entry.id or 0)  # of one chain the ids grow as its numbers do
    told = [entry for entry in entries if not veil.keeps_back(entry.actor_id, entry.verb)]
    steps = [await _step(session, cast, entry, by_id) for entry in told]
    rows = await session.exec(
        select(Photo).where(col(Photo.report_id).in_(by_id)).order_by(col(Photo.received_at), col(Photo.id))
    )
    shots = [photo for photo in rows if photo.form is Form.PHOTO or _sender(photo, by_id) not in veil.persons]
    return await _with_shots(cast, steps, shots, by_id)


def _sender(photo: Photo, by_id: dict[int, Report]) -> int:
    return photo.by_id or by_id[photo.report_id].reporter_id


@dataclass
class _Cast:
    """The persons of a story by their ids, as its reader may know them."""

    session: AsyncSession
    veil: Veil
    main: Report
    names: dict[int, str]

    async def actor(self, person_id: int | None) -> Actor:
        if person_id is None:
            return Actor(Who.CLOCK)
        if person_id in self.veil.persons:
            return Actor(Who.REPORTER if person_id == self.main.reporter_id else Who.ANOTHER)
        if person_id not in self.names:
            self.names[person_id] = await people.name_of(self.session, person_id)
        return Actor(Who.PERSON, self.names[person_id])


async def _step(session: AsyncSession, cast: _Cast, entry: journal.JournalEntry, by_id: dict[int, Report]) -> Step:
    report_id = int(entry.subject_id)
    facts = cast.veil.facts(entry.actor_id, entry.facts)
    whom = next((entry.facts[name] for name in PERSONS if entry.facts.get(name)), None)
    if entry.verb == Status.FIXED and entry.actor_id not in cast.veil.strictly:
        facts |= await _proof(session, report_id, int(facts.get("round") or 0))
    return Step(
        at=entry.at, verb=entry.verb, actor=await cast.actor(entry.actor_id), report_id=report_id, nth=entry.nth,
        whom=await cast.actor(int(whom)) if whom else None,
        other=await _other(session, next((facts[name] for name in CASES if facts.get(name)), None), by_id),
        joined=report_id != cast.main.id, facts=facts,
    )  # fmt: skip


async def _other(session: AsyncSession, report_id: Any, by_id: dict[int, Report]) -> str:
    """The number of a report that joined; of a confidential one only if its own steps are told too."""
    report = await session.get(Report, int(report_id)) if report_id else None
    return "" if report is None or (report.confidential and report.id not in by_id) else report.number


async def _proof(session: AsyncSession, report_id: int, round_: int) -> dict[str, str]:
    rows = await session.exec(
        select(Proof.words, Proof.excuse).where(Proof.report_id == report_id, Proof.round == round_)
    )
    found = rows.first()
    return {"words": found[0], "excuse": found[1]} if found else {}


# --- the photos of each step ------------------------------------------------------------------------------------------


async def _with_shots(
    cast: _Cast, steps: list[Step], photos: Sequence[Photo], by_id: dict[int, Report]
) -> tuple[Step, ...]:
    """Each photo at the step it came with; those that came between two steps in one of their own."""
    at_step: dict[int, list[Shot]] = {}
    loose: list[tuple[int, Photo]] = []
    moments = [step.at for step in steps]
    for photo in photos:
        home = _home(steps, photo)
        if home is None:
            loose.append((bisect_right(moments, photo.received_at), photo))
        else:
            at_step.setdefault(home, []).append(_shot(photo))
    told = [replace(step, shots=tuple(at_step.get(place, ()))) for place, step in enumerate(steps)]
    groups = groupby(loose, key=lambda each: (each[0], each[1].report_id, each[1].after_round, each[1].by_id))
    between = [(key[0], [photo for _, photo in group]) for key, group in groups]
    for place, group in reversed(between):
        first = group[0]
        told.insert(
            place,
            Step(
                at=first.received_at, verb=PHOTOS, actor=await cast.actor(_sender(first, by_id)),
                report_id=first.report_id, joined=first.report_id != cast.main.id,
                shots=tuple(_shot(photo) for photo in group),
            ),
        )  # fmt: skip
    return tuple(told)


def _shot(photo: Photo) -> Shot:
    return Shot(photo.id or 0, photo.report_id, photo.form, photo.after_round, photo.file_id)


def _home(steps: Sequence[Step], photo: Photo) -> int | None:
    """The step a photo came with: what was mended with the handing in, everything else sent so far with the sending."""
    of_it = [(place, step) for place, step in enumerate(steps) if step.report_id == photo.report_id]
    for place, step in of_it:
        if photo.after_round is not None and step.verb == Status.FIXED and step.fact("round") == photo.after_round:
            return place
    for place, step in of_it:
        if step.verb in SENT:
            return place if photo.received_at <= step.at else None
    return None
