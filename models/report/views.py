"""Looking at reports: what a screen shows, who may see it, and where its screens stand. Changes no report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import outbox
from models.outbox import Method
from models.people import actions as people
from models.people.rules import Me, Role
from models.refused import Refused
from models.report import rules
from models.report.rules import DraftFacts, Form, Part, PlaceSource, RejectReason, Severity, Status
from models.report.tables import Photo, Remark, Report


@dataclass(frozen=True)
class View:
    """A report as a screen shows it. Times are UTC; photos, files and voices are Telegram file ids, oldest first.

    `thumb` is the place of the first picture file made small, below the photo folder; `lost` counts files not kept.
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
    source: PlaceSource | None
    latitude: float | None
    longitude: float | None
    accuracy: float | None
    place_words: str
    photos: tuple[str, ...]
    files: tuple[str, ...]
    voices: tuple[str, ...]
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
    officers: int


async def look(session: AsyncSession, me: Me, report_id: int) -> View:
    """A report for a screen. Refused for people it does not concern, in the words used for one that is not there."""
    report = await session.get(Report, report_id)
    if report is None:
        raise Refused("report.not_found")
    village = await people.place(session, report.region_code)
    rules.may_see(me, report.reporter_id, village.path)
    return await _view(session, report, village.name)


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
    rows = await session.exec(select(Photo.album, Photo.form).where(Photo.report_id == report.id))
    evidence = rows.all()
    return DraftFacts(
        report.id,
        status=report.status,
        has_place=report.place_source is not None,
        has_photo=any(form is not Form.VOICE for _, form in evidence),
        photo_waived=report.photo_waived,
        has_kind=report.kind is not None,
        last_part_at=report.last_part_at,
        albums=tuple(album for album, _ in evidence if album is not None),
    )


async def own_open(session: AsyncSession, me: Me, report_id: int) -> Report:
    """A report its reporter may still change: unfinished, or sent and not decided. Refused otherwise."""
    report = await session.get(Report, report_id)
    if report is None or report.reporter_id != me.id:
        raise Refused("report.not_found")
    if report.status not in (Status.DRAFT, Status.SUBMITTED):
        raise Refused("report.moved_on", status=report.status)
    return report


async def show(session: AsyncSession, now: datetime, person_id: int, report_id: int) -> None:
    """Put the reporter's own screen of a report into their chat, by an edit when it is there already."""
    await outbox.say(
        session, now, "report.screen", person_id=person_id, method=Method.EDIT, slot=f"report:{report_id}", follow=True,
        report=report_id,
    )  # fmt: skip


async def show_everywhere(session: AsyncSession, now: datetime, report_id: int) -> None:
    """The reporter's screen, and every officer's card where it stands."""
    report = await session.get_one(Report, report_id)
    await show(session, now, report.reporter_id, report_id)
    for person_id in await cards_out(session, report_id):
        await outbox.say(
            session, now, "report.card", person_id=person_id, method=Method.EDIT, slot=f"card:{report_id}",
            report=report_id,
        )  # fmt: skip


async def cards_out(session: AsyncSession, report_id: int) -> Sequence[int]:
    """The persons who hold a card of this report in their chat."""
    return await outbox.screens_of(session, f"card:{report_id}")


async def _view(session: AsyncSession, report: Report, village: str) -> View:
    assert report.id is not None
    township = await people.place(session, report.township_code)
    rows = await session.exec(
        select(Photo).where(Photo.report_id == report.id, col(Photo.purged_at).is_(None)).order_by(col(Photo.id))
    )
    evidence = rows.all()
    by_form = {form: tuple(each.file_id for each in evidence if each.form == form) for form in Form}
    words = await session.exec(select(Remark.words).where(Remark.report_id == report.id).order_by(col(Remark.id)))
    facts = await facts_of(session, report)
    return View(
        id=report.id, number=report.number, status=report.status, kind=report.kind, severity=report.severity,
        danger=report.danger, exposed=report.exposed, growing=report.growing, incomplete=report.incomplete,
        words="\n".join(words), village=village, township=township.name, reporter_id=report.reporter_id,
        reporter=await people.name_of(session, report.reporter_id), source=report.place_source,
        latitude=report.latitude, longitude=report.longitude, accuracy=report.accuracy, place_words=report.place_words,
        photos=by_form[Form.PHOTO], files=by_form[Form.FILE], voices=by_form[Form.VOICE],
        thumb=next((each.thumb for each in evidence if each.form is Form.FILE and each.thumb), None),
        lost=sum(each.path is None and each.fetch_at is None for each in evidence),
        missing=tuple(facts.missing()), recent=await _recent(session, report.reporter_id),
        created_at=report.created_at, submitted_at=report.submitted_at, closed_at=report.closed_at,
        decided_at=report.decided_at,
        decided_by=await people.name_of(session, report.decided_by) if report.decided_by else None,
        reject_reason=report.reject_reason, reject_words=report.reject_words,
        officers=len(await people.holders(session, Role.TOWNSHIP_OFFICER, report.township_code)),
    )  # fmt: skip


async def _recent(session: AsyncSession, reporter_id: int) -> tuple[str, ...]:
    rows = await session.exec(
        select(Report.kind)
        .where(Report.reporter_id == reporter_id, col(Report.kind).is_not(None))
        .order_by(col(Report.id).desc())
        .limit(5)
    )
    return tuple(kind for kind in rows if kind)
