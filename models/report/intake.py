"""Taking a report in: parts in any order, joined to the draft they belong to; the number with the first of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from sqlalchemy import update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.base import insert_once, put, swap
from models.people import actions as people
from models.people.rules import Level, Me, Role
from models.policy import Policy
from models.refused import Refused
from models.report import rules, views
from models.report.rules import Form, Part, PlaceSource, Severity, Status
from models.report.tables import Patrol, Photo, Remark, Report, Serial


@dataclass(frozen=True)
class PhotoPart:
    """A photo, picture file or voice note as it arrived: Telegram's ids, and the album it came in."""

    file_id: str
    unique_id: str
    album: str | None = None
    form: Form = Form.PHOTO


@dataclass(frozen=True)
class PlacePart:
    """A place as it arrived: WGS-84 degrees, accuracy in metres if the phone told it, a venue's words if any."""

    latitude: float
    longitude: float
    accuracy: float | None = None
    words: str = ""
    source: PlaceSource = PlaceSource.PHONE


@dataclass(frozen=True)
class WordsPart:
    """Words as they arrived: a message's text or a photo's caption, with the message they stand in."""

    message_id: int
    words: str


async def add_part(
    session: AsyncSession,
    now: datetime,
    policy: Policy,
    zone: tzinfo,
    me: Me,
    *,
    photo: PhotoPart | None = None,
    place: PlacePart | None = None,
    words: WordsPart | None = None,
) -> int:
    """Take in one part, in any order: it joins the report it belongs to, or begins a new one. → report id.

    The number is given here, with the first part, and never changes (contract: numbers). Refused for people who hold
    no post in a village or township.
    """
    # A voice note describes, as words do; it is no photo.
    is_photo = photo is not None and photo.form is not Form.VOICE
    part = Part.PHOTO if is_photo else Part.PLACE if place else Part.KIND
    report_id = await _fitting(session, now, policy, me, part, photo.album if photo else None)
    if report_id is None:
        report_id = await begin(session, now, policy, zone, me)
    if photo is not None:
        await add_photo(session, now, report_id, photo, after_round=await _after(session, report_id, is_photo))
    if place is not None:
        await _set_place(session, report_id, place)
    if words is not None and words.words.strip():
        await set_words(session, report_id, words)
    await _touched(session, now, policy, report_id)
    await views.show_everywhere(session, now, report_id)
    return report_id


async def _after(session: AsyncSession, report_id: int, is_photo: bool) -> int | None:
    """Mended on the spot: what comes once the hazard itself is on a photo shows the end of it."""
    report = await session.get_one(Report, report_id)
    return 1 if is_photo and report.on_spot and (await views.facts_of(session, report)).has_photo else None


async def _touched(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
    """A part came: the quiet time after which an unfinished report is reminded begins anew."""
    report = await session.get_one(Report, report_id)
    values: dict[str, object] = {"last_part_at": now}
    if report.status is Status.DRAFT and not (report.severity is Severity.E or report.nudged):
        values["nudge_at"] = now + policy.report.remind_after
    await swap(session, Report, {"id": report_id}, values)


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
    on_patrol = await open_patrol(session, me) is not None
    reports = await session.exec(
        select(Report)
        .where(
            Report.reporter_id == me.id,
            col(Report.status).in_((Status.DRAFT, Status.SUBMITTED)),
            col(Report.closed_at).is_(None),
            Report.last_part_at > now - policy.report.draft_lives,
        )
        .order_by(col(Report.last_part_at).desc(), col(Report.id).desc())
        .limit(20)
    )
    for report in reports.all():
        facts = await views.facts_of(session, report)
        if rules.joins(facts, part, album, now, policy.report.join_within, on_patrol):
            return report.id
    return None


async def begin(session: AsyncSession, now: datetime, policy: Policy, zone: tzinfo, me: Me) -> int:
    """A new draft with its number, in the reporter's village. Refused without a post in a village or township."""
    seat = next((seat for seat in me.seats if seat.role is not Role.COUNTY_ADMIN), None)
    township = await people.above(session, seat.path, Level.TOWNSHIP) if seat else None
    if seat is None or township is None:
        raise Refused("report.no_village")
    day = now.astimezone(zone).date()
    number = rules.number("YH", township.code, day, await _next_serial(session, township.code, day))
    patrol = await open_patrol(session, me)
    report = Report(
        number=number, reporter_id=me.id, region_code=seat.region_code, township_code=township.code,
        created_at=now, last_part_at=now, nudge_at=now + policy.report.remind_after,
        patrol_id=patrol.id if patrol else None,
    )  # fmt: skip
    session.add(report)
    await session.flush()
    assert report.id is not None
    await journal.write(session, now, me.id, "begin", "report", report.id, number=number)
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


async def add_photo(
    session: AsyncSession,
    now: datetime,
    report_id: int,
    photo: PhotoPart,
    *,
    after_round: int | None = None,
    by: int | None = None,
) -> None:
    """One photo, picture file or voice note of a report; after mending, of that round. Twice the same is once."""
    last = (await session.exec(select(func.max(Photo.nth)).where(Photo.report_id == report_id))).one()
    key = {"report_id": report_id, "unique_id": photo.unique_id}
    again = {"file_id": photo.file_id, "fetch_at": now, "attempts": 0, "error": None}
    values = {"album": photo.album, "form": photo.form, "received_at": now, "nth": (last or 0) + 1}
    values |= {"after_round": after_round, "by_id": by}
    if await insert_once(session, Photo, {**key, **again, **values}) is None:
        # Sent once more because it was lost: one that is kept, or under way, stays as it is.
        await swap(session, Photo, {**key, "path": None, "fetch_at": None, "purged_at": None}, again)


async def _set_place(session: AsyncSession, report_id: int, place: PlacePart) -> None:
    rules.valid_point(place.latitude, place.longitude)
    values = {
        "latitude": place.latitude, "longitude": place.longitude, "accuracy": place.accuracy,
        "place_words": place.words[:400], "place_source": place.source,
    }  # fmt: skip
    await swap(session, Report, {"id": report_id}, values)


async def set_words(session: AsyncSession, report_id: int, part: WordsPart) -> None:
    """The words of one message, as they read now."""
    key = {"report_id": report_id, "message_id": part.message_id}
    await put(session, Remark, key, {"words": part.words.strip()[:2000]})


async def revise(session: AsyncSession, now: datetime, me: Me, part: WordsPart) -> bool:
    """The reporter edited a message they had sent: its words follow while nobody has decided. False: not ours."""
    rows = await session.exec(
        select(Remark, Report)
        .join(Report, col(Report.id) == col(Remark.report_id))
        .where(
            Remark.message_id == part.message_id,
            Report.reporter_id == me.id,
            col(Report.status).in_((Status.DRAFT, Status.SUBMITTED)),
        )
    )
    found = rows.first()
    if found is None:
        return False
    await set_words(session, found[0].report_id, part)
    await journal.write(session, now, me.id, "revise", "report", found[0].report_id)
    await views.show_everywhere(session, now, found[0].report_id)
    return True


async def place_from_file(session: AsyncSession, now: datetime, report_id: int, place: PlacePart) -> None:
    """A picture file told where it was taken (EXIF); it counts only where no better place was given."""
    report = await session.get_one(Report, report_id)
    if report.place_source in (None, PlaceSource.VILLAGE) and report.status in (Status.DRAFT, Status.SUBMITTED):
        await _set_place(session, report_id, place)
        await journal.write(session, now, None, "place_from_file", "report", report_id)
        await views.show_everywhere(session, now, report_id)


async def forget_place(session: AsyncSession, now: datetime, me: Me, report_id: int) -> None:
    """The place was wrong: it is asked for again."""
    await views.own_open(session, me, report_id)
    values = {"place_source": None, "latitude": None, "longitude": None, "accuracy": None, "place_words": ""}
    await swap(session, Report, {"id": report_id}, values)
    await views.show_everywhere(session, now, report_id)


async def use_village(session: AsyncSession, now: datetime, me: Me, report_id: int) -> None:
    """The reporter has no exact place: the village stands for it, and the card says so."""
    await views.own_open(session, me, report_id)
    await swap(session, Report, {"id": report_id}, {"place_source": PlaceSource.VILLAGE, "last_part_at": now})
    await views.show_everywhere(session, now, report_id)


async def waive_photo(session: AsyncSession, now: datetime, me: Me, report_id: int) -> None:
    """The reporter has no photo and goes on without."""
    await views.own_open(session, me, report_id)
    await swap(session, Report, {"id": report_id}, {"photo_waived": True, "last_part_at": now})
    await views.show_everywhere(session, now, report_id)


async def answer(session: AsyncSession, now: datetime, me: Me, report_id: int, question: str) -> None:
    """Flip one of the severity answers: "danger", "exposed" or "growing" (domain 6.1)."""
    report = await views.own_open(session, me, report_id)
    answers = {"danger": report.danger, "exposed": report.exposed, "growing": report.growing}
    if question not in answers:
        raise Refused("report.not_found")
    await swap(session, Report, {"id": report_id}, {question: not answers[question], "last_part_at": now})
    await views.show(session, now, me.id, report_id)


async def another(session: AsyncSession, now: datetime, policy: Policy, zone: tzinfo, me: Me, report_id: int) -> None:
    """另报一件: what came after the report was sent was another hazard; it moves to a draft of its own."""
    report = await views.own_open(session, me, report_id)
    await swap(session, Report, {"id": report_id}, {"closed_at": now})
    if report.submitted_at is None:
        return
    rows = await session.exec(
        select(Photo.id)
        .where(Photo.report_id == report_id, Photo.received_at > report.submitted_at)
        .order_by(col(Photo.id))
    )
    later = rows.all()
    if later:
        fresh = await begin(session, now, policy, zone, me)
        for nth, photo_id in enumerate(later, 1):
            # Due again, so that its file moves to the other report's folder.
            await swap(
                session, Photo, {"id": photo_id}, {"report_id": fresh, "nth": nth, "fetch_at": now, "after_round": None}
            )
        await views.show(session, now, me.id, fresh)
    await views.show_everywhere(session, now, report_id)


async def emergency(
    session: AsyncSession, now: datetime, policy: Policy, zone: tzinfo, me: Me, kind: str | None
) -> int:
    """🔥 or 🆘 was pressed before anything was sent: a draft that goes off by itself after the policy's short time."""
    report_id = await begin(session, now, policy, zone, me)
    values = {
        "kind": kind, "severity": Severity.E, "nudge_at": now + policy.report.urgent_after, "nudged": True,
    }  # fmt: skip
    await swap(session, Report, {"id": report_id}, values)
    await views.show(session, now, me.id, report_id)
    return report_id


# --- patrols --------------------------------------------------------------------------------------------------------


async def open_patrol(session: AsyncSession, me: Me) -> Patrol | None:
    """The round this person is on, if any."""
    rows = await session.exec(select(Patrol).where(Patrol.person_id == me.id, col(Patrol.ended_at).is_(None)))
    return rows.first()


async def start_patrol(session: AsyncSession, now: datetime, me: Me) -> None:
    """From now on every photo is a report of its own. Nothing happens when a round is on already."""
    if await open_patrol(session, me) is None:
        session.add(Patrol(person_id=me.id, started_at=now))
        await session.flush()


async def end_patrol(session: AsyncSession, now: datetime, me: Me) -> list[int]:
    """The round is over. → its unfinished reports, to be reviewed on one screen."""
    patrol = await open_patrol(session, me)
    if patrol is None:
        return []
    await swap(session, Patrol, {"id": patrol.id}, {"ended_at": now})
    return await patrol_drafts(session, me, patrol.id or 0)


async def patrol_drafts(session: AsyncSession, me: Me, patrol_id: int) -> list[int]:
    """The unfinished reports of one of this person's rounds, oldest first."""
    rows = await session.exec(
        select(Report.id)
        .where(Report.patrol_id == patrol_id, Report.reporter_id == me.id, Report.status == Status.DRAFT)
        .order_by(col(Report.id))
    )
    return [report_id for report_id in rows if report_id is not None]


async def patrol_reports(session: AsyncSession, me: Me, patrol_id: int) -> list[int]:
    """All reports of one of this person's rounds, oldest first, whatever became of them."""
    rows = await session.exec(
        select(Report.id).where(Report.patrol_id == patrol_id, Report.reporter_id == me.id).order_by(col(Report.id))
    )
    return [report_id for report_id in rows if report_id is not None]
