"""Looking at reports: what a screen shows, who may see it, and where its screens stand. Changes no report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import outbox
from models.outbox import Method
from models.people import actions as people
from models.people.actions import Place
from models.people.rules import Me
from models.refused import Refused
from models.report import rules
from models.report.rules import Concern, DraftFacts, Form, Part, PlaceSource, RejectReason, Severity, Status
from models.report.tables import Patrol, Photo, Remark, Report


@dataclass(frozen=True)
class View:
    """A report as a screen shows it. Times are UTC; photos, files and voices are Telegram file ids, oldest first.

    `thumb` is the place of the first picture file made small, below the photo folder; `lost` counts files not kept.
    `after` are the photos of the last round of mending; `wants_after`: mended on the spot, as is still to be shown;
    `patrol_id`: the round it came from, once that is over. Who may not know the reporter finds no name, voice or file.
    """

    id: int
    number: str
    status: Status
    kind: str | None
    severity: Severity | None
    danger: bool
    exposed: bool
    growing: bool
    incomplete: bool
    words: str
    village: str
    township: str
    reporter_id: int
    reporter: str
    confidential: bool
    on_spot: bool
    duplicate_of: int | None
    rectifier_id: int | None
    source: PlaceSource | None
    latitude: float | None
    longitude: float | None
    accuracy: float | None
    place_words: str
    photos: tuple[str, ...]
    files: tuple[str, ...]
    voices: tuple[str, ...]
    after: tuple[str, ...]
    wants_after: bool
    patrol_id: int | None
    thumb: str | None
    lost: int
    missing: tuple[Part, ...]
    recent: tuple[str, ...]
    created_at: datetime
    submitted_at: datetime | None
    closed_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    reject_reason: RejectReason | None
    reject_words: str


async def look(session: AsyncSession, me: Me, report_id: int) -> View:
    """A report for a screen. Refused for people it does not concern, in the words used for one that is not there."""
    report = await session.get(Report, report_id)
    if report is None:
        raise Refused("report.not_found")
    village = await people.place(session, report.region_code)
    concern = concern_of(report, village.path)
    rules.may_see(me, concern)
    return await _view(session, report, village, me)


def concern_of(report: Report, place_path: str) -> Concern:
    """A report as far as seeing it goes."""
    return Concern(
        report.reporter_id, report.rectifier_id, report.visitor_id, report.confidential, report.status, place_path
    )


async def by_number(session: AsyncSession, me: Me, text: str) -> int:
    """The report with this number, typed or scanned. Refused when it is not there or not this person's business."""
    rows = await session.exec(select(Report).where(Report.number == rules.read_number(text)))
    report = rows.first()
    if report is None or report.id is None:
        raise Refused("report.not_found")
    await look(session, me, report.id)
    return report.id


async def facts_of(session: AsyncSession, report: Report) -> DraftFacts:
    """A report as far as joining parts goes."""
    assert report.id is not None
    rows = await session.exec(select(Photo).where(Photo.report_id == report.id))
    return _facts(report, rows.all())


def _facts(report: Report, photos: Sequence[Photo]) -> DraftFacts:
    assert report.id is not None
    has_photo = any(each.form is not Form.VOICE and each.after_round is None for each in photos)
    return DraftFacts(
        report.id,
        status=report.status,
        wants_after=report.on_spot and has_photo and all(each.after_round is None for each in photos),
        has_place=report.place_source is not None,
        has_photo=has_photo,
        photo_waived=report.photo_waived,
        has_kind=report.kind is not None,
        last_part_at=report.last_part_at,
        albums=tuple(each.album for each in photos if each.album is not None),
    )


async def own_open(session: AsyncSession, me: Me, report_id: int) -> Report:
    """A report its reporter may still change: unfinished, or sent and not decided. Refused otherwise."""
    report = await session.get(Report, report_id)
    if report is None or report.reporter_id != me.id:
        raise Refused("report.not_found")
    if report.status not in (Status.DRAFT, Status.SUBMITTED):
        raise Refused("report.moved_on", status=report.status)
    return report


async def show(
    session: AsyncSession, now: datetime, person_id: int, report_id: int, method: Method = Method.EDIT,
    follow: bool = True,
) -> None:  # fmt: skip
    """Put the reporter's own screen of a report into their chat: by an edit where it stands, or below (`follow`).

    An edit makes no sound: what must be heard is sent anew.
    """
    await outbox.say(
        session, now, "report.screen", person_id=person_id, method=method, slot=f"report:{report_id}", follow=follow,
        report=report_id,
    )  # fmt: skip


async def show_everywhere(
    session: AsyncSession, now: datetime, report_id: int, method: Method = Method.EDIT, follow: bool = True
) -> None:
    """The reporter's screen and those of everybody who joined it, in this way, and every card where it stands."""
    await show_reporters(session, now, report_id, method, follow)
    await show_cards(session, now, report_id)


async def show_reporters(
    session: AsyncSession, now: datetime, report_id: int, method: Method = Method.EDIT, follow: bool = True
) -> None:
    """The reporter's screen and those of everybody who joined it, in this way."""
    report = await session.get_one(Report, report_id)
    await show(session, now, report.reporter_id, report_id, method, follow)
    joined = await session.exec(select(Report.reporter_id, Report.id).where(Report.duplicate_of == report_id))
    for person_id, joined_id in joined.all():
        await show(session, now, person_id, joined_id or 0, method, follow)


async def show_cards(session: AsyncSession, now: datetime, report_id: int) -> Sequence[int]:
    """Every card where it stands. → the persons who hold one."""
    holding = await cards_out(session, report_id)
    for person_id in holding:
        await outbox.say(
            session, now, "hazard.card", person_id=person_id, method=Method.EDIT, slot=f"card:{report_id}",
            report=report_id,
        )  # fmt: skip
    return holding


async def cards_out(session: AsyncSession, report_id: int) -> Sequence[int]:
    """The persons who hold a card of this report in their chat."""
    return await outbox.screens_of(session, f"card:{report_id}")


async def _photos(session: AsyncSession, report: Report) -> Sequence[tuple[Photo, Report]]:
    """What came with a report and those joined to it, each with the report it came with, oldest first."""
    rows = await session.exec(
        select(Photo, Report)
        .join(Report, col(Report.id) == col(Photo.report_id))
        .where(or_(Report.id == report.id, Report.duplicate_of == report.id))
        .order_by(col(Photo.id))
    )
    return rows.all()


def _evidence(rows: Sequence[tuple[Photo, Report]], report: Report, path: str, me: Me) -> list[Photo]:
    """What this reader may see of that, as far as it was not purged.

    Of a reporter they may not know no voice and no file, in which the camera noted more than it shows; of a
    confidential report that was joined, nothing (M032).
    """
    seen = []
    for photo, owner in rows:
        knows = rules.knows_reporter(me, concern_of(owner, path)) or photo.by_id is not None
        if photo.purged_at is None and (knows or _plain(photo, owner, report)):
            seen.append(photo)
    return seen


def _plain(photo: Photo, owner: Report, report: Report) -> bool:
    """A photo, of which nobody learns who sent it; none of a confidential report that was joined."""
    return photo.form is Form.PHOTO and (owner.id == report.id or not owner.confidential)


async def _view(session: AsyncSession, report: Report, village: Place, me: Me) -> View:
    assert report.id is not None
    township = await people.place(session, report.township_code)
    knows = rules.knows_reporter(me, concern_of(report, village.path))
    rows = await _photos(session, report)
    evidence = _evidence(rows, report, village.path, me)
    last = max((each.after_round for each in evidence if each.after_round is not None), default=None)
    now = [each for each in evidence if each.after_round in (None, last)]
    by_form = {form: tuple(each.file_id for each in now if each.form == form) for form in (Form.FILE, Form.VOICE)}
    photos = {
        round_: tuple(each.file_id for each in now if each.form is Form.PHOTO and each.after_round == round_)
        for round_ in {None, last}
    }
    names = await people.names_of(session, (report.reporter_id, report.decided_by))
    words = await session.exec(select(Remark.words).where(Remark.report_id == report.id).order_by(col(Remark.id)))
    facts = _facts(report, [photo for photo, owner in rows if owner.id == report.id])
    return View(
        id=report.id, number=report.number, status=report.status, kind=report.kind, severity=report.severity,
        danger=report.danger, exposed=report.exposed, growing=report.growing, incomplete=report.incomplete,
        words="\n".join(words), village=village.name, township=township.name, reporter_id=report.reporter_id,
        reporter=names[report.reporter_id] if knows else "",
        confidential=report.confidential, on_spot=report.on_spot, duplicate_of=report.duplicate_of,
        rectifier_id=report.rectifier_id, source=report.place_source,
        latitude=report.latitude, longitude=report.longitude, accuracy=report.accuracy, place_words=report.place_words,
        photos=photos[None], files=by_form[Form.FILE], voices=by_form[Form.VOICE],
        after=photos[last] if last is not None else (), wants_after=facts.wants_after,
        patrol_id=await _round(session, report.patrol_id),
        thumb=next((e.thumb for e in evidence if e.form is Form.FILE and e.thumb and e.after_round is None), None),
        lost=sum(each.path is None and each.fetch_at is None for each in evidence),
        missing=tuple(facts.missing()), recent=await _recent(session, report) if report.reporter_id == me.id else (),
        created_at=report.created_at, submitted_at=report.submitted_at, closed_at=report.closed_at,
        decided_at=report.decided_at,
        decided_by=names.get(report.decided_by),
        reject_reason=report.reject_reason, reject_words=report.reject_words,
    )  # fmt: skip


async def _round(session: AsyncSession, patrol_id: int | None) -> int | None:
    """The round a report came from, once that has ended and can be looked through."""
    patrol = await session.get(Patrol, patrol_id) if patrol_id else None
    return patrol.id if patrol is not None and patrol.ended_at is not None else None


async def _recent(session: AsyncSession, report: Report) -> tuple[str, ...]:
    """The kinds its reporter named last, while they may still be asked for one."""
    if report.status not in (Status.DRAFT, Status.SUBMITTED):
        return ()
    rows = await session.exec(
        select(Report.kind)
        .where(Report.reporter_id == report.reporter_id, col(Report.kind).is_not(None))
        .order_by(col(Report.id).desc())
        .limit(5)
    )
    return tuple(kind for kind in rows if kind)
