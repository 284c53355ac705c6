"""Verbs about reports: take in a part, confirm the kind, submit, withdraw, accept, reject, look, and keep photos."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.base import insert_once, swap
from models.outbox import Lane, Method
from models.people import actions as people
from models.people.rules import Level, Me, Role
from models.policy import Policy
from models.refused import Refused
from models.report import rules
from models.report.rules import DraftFacts, Part, PlaceSource, RejectReason, Status
from models.report.tables import Photo, Report, Serial
from models.task import actions as tasks

VERIFY = "report.verify"


@dataclass(frozen=True)
class PhotoPart:
    """A photo as it arrived: Telegram's ids, and the album it came in."""

    file_id: str
    unique_id: str
    album: str | None = None


@dataclass(frozen=True)
class PlacePart:
    """A place as it arrived: WGS-84 degrees, accuracy in metres if the phone told it, a venue's words if any."""

    latitude: float
    longitude: float
    accuracy: float | None = None
    words: str = ""
    source: PlaceSource = PlaceSource.PHONE


@dataclass(frozen=True)
class View:
    """A report as a screen shows it. Times are UTC; `photos` are Telegram file ids, oldest first."""

    id: int
    number: str
    status: Status
    kind: str | None
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
    missing: tuple[Part, ...]
    recent: tuple[str, ...]
    created_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    reject_reason: RejectReason | None
    reject_words: str
    officers: int


# --- taking in ------------------------------------------------------------------------------------------------------


async def add_part(
    session: AsyncSession,
    now: datetime,
    policy: Policy,
    zone: tzinfo,
    me: Me,
    *,
    photo: PhotoPart | None = None,
    place: PlacePart | None = None,
    words: str = "",
) -> int:
    """Take in one part, in any order: it joins the reporter's draft it belongs to, or begins a new one. → report id.

    The number is given here, with the first part, and never changes (contract: numbers). Refused for people who hold
    no post in a village or township.
    """
    part = Part.PHOTO if photo else Part.PLACE if place else Part.KIND
    album = photo.album if photo else None
    report_id = await _fitting(session, now, policy, me, part, album)
    if report_id is None:
        report_id = await _begin(session, now, zone, me)
    if photo is not None:
        await _add_photo(session, now, report_id, photo)
    if place is not None:
        await _set_place(session, report_id, place)
    if words.strip():
        await _add_words(session, report_id, words.strip())
    await swap(session, Report, {"id": report_id}, {"last_part_at": now})
    await show(session, now, me.id, report_id)
    return report_id


async def _fitting(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, part: Part, album: str | None
) -> int | None:
    if album is not None:
        rows = await session.exec(
            select(Photo.report_id)
            .join(Report, col(Report.id) == col(Photo.report_id))
            .where(Photo.album == album, Report.reporter_id == me.id, Report.status != Status.WITHDRAWN)
        )
        if (found := rows.first()) is not None:
            return found
    drafts = await session.exec(
        select(Report)
        .where(
            Report.reporter_id == me.id,
            Report.status == Status.DRAFT,
            Report.last_part_at > now - policy.report.draft_lives,
        )
        .order_by(col(Report.last_part_at).desc(), col(Report.id).desc())
    )
    for draft in drafts.all():
        facts = await _draft_facts(session, draft)
        if rules.joins(facts, part, album, now, policy.report.join_within):
            return draft.id
    return None


async def _draft_facts(session: AsyncSession, draft: Report) -> DraftFacts:
    assert draft.id is not None
    photos = await session.exec(select(Photo.album).where(Photo.report_id == draft.id))
    albums = photos.all()
    return DraftFacts(
        draft.id,
        has_place=draft.place_source is not None,
        has_photo=bool(albums),
        photo_waived=draft.photo_waived,
        has_kind=draft.kind is not None,
        last_part_at=draft.last_part_at,
        albums=tuple(album for album in albums if album is not None),
    )


async def _begin(session: AsyncSession, now: datetime, zone: tzinfo, me: Me) -> int:
    seat = next((seat for seat in me.seats if seat.role is not Role.COUNTY_ADMIN), None)
    township = await people.above(session, seat.path, Level.TOWNSHIP) if seat else None
    if seat is None or township is None:
        raise Refused("report.no_village")
    day = now.astimezone(zone).date()
    number = rules.number("YH", township.code, day, await _next_serial(session, township.code, day))
    report = Report(
        number=number, reporter_id=me.id, region_code=seat.region_code, township_code=township.code,
        created_at=now, last_part_at=now,
    )  # fmt: skip
    session.add(report)
    await session.flush()
    assert report.id is not None
    journal.write(session, now, me.id, "begin", "report", report.id, number=number)
    return report.id


async def _next_serial(session: AsyncSession, area: str, day: date) -> int:
    await insert_once(session, Serial, {"area": area, "day": day, "last": 0})
    result = await session.exec(
        update(Serial)
        .where(col(Serial.area) == area, col(Serial.day) == day)
        .values(last=col(Serial.last) + 1)
        .returning(col(Serial.last))
        .execution_options(synchronize_session=False)
    )
    return int(result.scalar_one())


async def _add_photo(session: AsyncSession, now: datetime, report_id: int, photo: PhotoPart) -> None:
    values = {
        "report_id": report_id, "file_id": photo.file_id, "unique_id": photo.unique_id, "album": photo.album,
        "received_at": now, "fetch_at": now, "attempts": 0,
    }  # fmt: skip
    await insert_once(session, Photo, values)


async def _set_place(session: AsyncSession, report_id: int, place: PlacePart) -> None:
    rules.valid_point(place.latitude, place.longitude)
    values = {
        "latitude": place.latitude, "longitude": place.longitude, "accuracy": place.accuracy,
        "place_words": place.words[:400], "place_source": place.source,
    }  # fmt: skip
    await swap(session, Report, {"id": report_id, "status": Status.DRAFT}, values)


async def _add_words(session: AsyncSession, report_id: int, words: str) -> None:
    report = await session.get_one(Report, report_id)
    report.words = f"{report.words}\n{words}".strip()[:2000]
    await session.flush()


# --- the reporter's steps -------------------------------------------------------------------------------------------


async def use_village(session: AsyncSession, now: datetime, me: Me, report_id: int) -> None:
    """The reporter has no exact place: the village stands for it, and the card says so."""
    await _own_draft(session, me, report_id)
    await swap(session, Report, {"id": report_id}, {"place_source": PlaceSource.VILLAGE, "last_part_at": now})
    await show(session, now, me.id, report_id)


async def waive_photo(session: AsyncSession, now: datetime, me: Me, report_id: int) -> None:
    """The reporter has no photo and goes on without."""
    await _own_draft(session, me, report_id)
    await swap(session, Report, {"id": report_id}, {"photo_waived": True, "last_part_at": now})
    await show(session, now, me.id, report_id)


async def submit(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, kind: str, known: Collection[str]
) -> None:
    """The one tap: the kind is confirmed and the report goes to the officers of its township, and to no others.

    Opens the task "verify this report", held by the township's post (M025 核实认定). `known` are the kinds that exist.
    """
    if kind not in known:
        raise Refused("report.no_kind")
    report = await _own_draft(session, me, report_id)
    if (await _draft_facts(session, report)).missing() not in ([], [Part.KIND]):
        raise Refused("report.incomplete")
    village, township = report.region_code, report.township_code
    values = {"status": Status.SUBMITTED, "kind": kind, "submitted_at": now}
    await _move(session, now, me, report_id, Status.DRAFT, values, kind=kind)
    where = await people.place(session, village)
    await tasks.open_task(
        session, now, VERIFY, report_id, role=Role.TOWNSHIP_OFFICER, region_code=township, place_path=where.path,
        ladder=policy.ladder[VERIFY],
    )  # fmt: skip
    await _card_to_officers(session, now, report_id, township, where.path)
    await show(session, now, me.id, report_id)


async def _card_to_officers(session: AsyncSession, now: datetime, report_id: int, township: str, path: str) -> None:
    told = await _send_card(session, now, report_id, Role.TOWNSHIP_OFFICER, township)
    county = None if told else await people.above(session, path, Level.COUNTY)
    if county is not None:
        await _send_card(session, now, report_id, Role.COUNTY_ADMIN, county.code)


async def _send_card(session: AsyncSession, now: datetime, report_id: int, role: Role, region: str) -> list[int]:
    told = await people.stand_ins(session, await people.holders(session, role, region))
    for person_id in told:
        await outbox.say(
            session, now, "report.card", person_id=person_id, lane=Lane.TASK, slot=f"card:{report_id}",
            dedupe=f"card:{report_id}:{person_id}", report=report_id,
        )  # fmt: skip
    return told


async def withdraw(session: AsyncSession, now: datetime, me: Me, report_id: int) -> None:
    """The reporter gives up an unfinished report; its number stays used."""
    await _own_draft(session, me, report_id)
    await _move(session, now, me, report_id, Status.DRAFT, {"status": Status.WITHDRAWN})
    await show(session, now, me.id, report_id)


async def _own_draft(session: AsyncSession, me: Me, report_id: int) -> Report:
    report = await session.get(Report, report_id)
    if report is None or report.reporter_id != me.id:
        raise Refused("report.not_found")
    if report.status is not Status.DRAFT:
        raise Refused("report.moved_on", status=report.status)
    return report


# --- the officers' steps --------------------------------------------------------------------------------------------


async def accept(session: AsyncSession, now: datetime, me: Me, report_id: int) -> None:
    """受理: the report is found true enough to be handled; its reporter hears it by an edit of the same screen."""
    report = await _for_decision(session, me, report_id)
    values = {"status": Status.ACCEPTED, "decided_at": now, "decided_by": me.id}
    await _decide(session, now, me, report, values)


async def reject(
    session: AsyncSession, now: datetime, me: Me, report_id: int, reason: RejectReason, words: str = ""
) -> None:
    """驳回 with its reason, which the reporter reads."""
    report = await _for_decision(session, me, report_id)
    if reason is RejectReason.OTHER and not words.strip():
        raise Refused("report.reason_needed")
    values = {
        "status": Status.REJECTED, "decided_at": now, "decided_by": me.id, "reject_reason": reason,
        "reject_words": words.strip()[:400],
    }  # fmt: skip
    await _decide(session, now, me, report, values, reason=reason)


async def _for_decision(session: AsyncSession, me: Me, report_id: int) -> Report:
    report = await session.get(Report, report_id)
    if report is None:
        raise Refused("report.not_found")
    township = await people.place(session, report.township_code)
    rules.may_verify(me, report.reporter_id, township.path)
    return report


async def _decide(
    session: AsyncSession, now: datetime, me: Me, report: Report, values: dict[str, object], **facts: object
) -> None:
    assert report.id is not None
    await _move(session, now, me, report.id, report.status, values, **facts)
    await tasks.finish(session, now, VERIFY, report.id, me.id)
    await show(session, now, report.reporter_id, report.id)
    for person_id in await cards_out(session, report.id):
        await outbox.say(
            session, now, "report.card", person_id=person_id, method=Method.EDIT, slot=f"card:{report.id}",
            report=report.id,
        )  # fmt: skip


async def cards_out(session: AsyncSession, report_id: int) -> Sequence[int]:
    """The persons who hold a card of this report in their chat."""
    return await outbox.screens_of(session, f"card:{report_id}")


async def _move(
    session: AsyncSession, now: datetime, me: Me, report_id: int, old: Status, values: dict[str, object], **facts: object
) -> None:
    """The one door through which a status changes: the table of moves, then compare-and-set, then the journal."""
    new = Status(str(values["status"]))
    rules.move(old, new)
    if not await swap(session, Report, {"id": report_id, "status": old}, values):
        raise Refused("report.moved_on", status=new)
    journal.write(session, now, me.id, new, "report", report_id, **facts)


# --- looking --------------------------------------------------------------------------------------------------------


async def show(session: AsyncSession, now: datetime, person_id: int, report_id: int) -> None:
    """Put the reporter's own screen of a report into their chat, by an edit when it is there already."""
    await outbox.say(
        session, now, "report.screen", person_id=person_id, method=Method.EDIT, slot=f"report:{report_id}", follow=True,
        report=report_id,
    )  # fmt: skip


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


async def _view(session: AsyncSession, report: Report, village: str) -> View:
    assert report.id is not None
    township = await people.place(session, report.township_code)
    reporter = await people.name_of(session, report.reporter_id)
    decider = await people.name_of(session, report.decided_by) if report.decided_by else None
    photos = await session.exec(select(Photo.file_id).where(Photo.report_id == report.id).order_by(col(Photo.id)))
    facts = await _draft_facts(session, report)
    recent = await session.exec(
        select(Report.kind)
        .where(Report.reporter_id == report.reporter_id, col(Report.kind).is_not(None))
        .order_by(col(Report.id).desc())
        .limit(5)
    )
    officers = await people.holders(session, Role.TOWNSHIP_OFFICER, report.township_code)
    return View(
        report.id, report.number, report.status, report.kind, report.words, village, township.name,
        report.reporter_id, reporter, report.place_source, report.latitude, report.longitude, report.accuracy,
        report.place_words, tuple(photos), tuple(facts.missing()), tuple(k for k in recent if k), report.created_at,
        report.submitted_at, report.decided_at, decider, report.reject_reason, report.reject_words, len(officers),
    )  # fmt: skip


# --- photos as files ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PhotoToFetch:
    """A photo whose download is due."""

    id: int
    file_id: str
    number: str
    attempts: int


async def photos_due(session: AsyncSession, now: datetime, most: int = 20) -> list[PhotoToFetch]:
    """Photos whose next download try is due, oldest first, by the index on `fetch_at`."""
    rows = await session.exec(
        select(Photo, Report.number)
        .join(Report, col(Report.id) == col(Photo.report_id))
        .where(col(Photo.fetch_at) <= now)
        .order_by(col(Photo.fetch_at), col(Photo.id))
        .limit(most)
    )
    return [PhotoToFetch(p.id, p.file_id, number, p.attempts) for p, number in rows if p.id is not None]


async def photo_kept(session: AsyncSession, photo_id: int, path: str, sha256: str, size: int) -> None:
    """The file is on our disk."""
    values = {"path": path, "sha256": sha256, "size": size, "fetch_at": None, "error": None}
    await swap(session, Photo, {"id": photo_id}, values)


async def photo_failed(session: AsyncSession, photo_id: int, attempts: int, error: str, again: datetime | None) -> None:
    """A download failed; `again` is when to try next, None to give up (the journal of the report says so)."""
    await swap(session, Photo, {"id": photo_id}, {"attempts": attempts, "error": error[:200], "fetch_at": again})


def fetch_pause(attempts: int) -> timedelta:
    """How long to wait after so many failed downloads: 5 s, doubling, at most an hour."""
    return min(timedelta(seconds=5 * 2 ** min(attempts, 12)), timedelta(hours=1))


async def next_fetch(session: AsyncSession) -> datetime | None:
    """When the next download is due."""
    return (await session.exec(select(func.min(Photo.fetch_at)))).one()
