"""Verbs about a report's photos as files: which are due, kept, given up or purged. Touches no file itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal, outbox
from models.base import swap
from models.outbox import Lane
from models.people import actions as people
from models.people.rules import Role
from models.report import rules, views
from models.report.rules import Form
from models.report.tables import Photo, Report

TOO_BIG = "too_big"


@dataclass(frozen=True)
class PhotoToFetch:
    """A photo, picture file or voice note whose download is due; with a `path` it is here and lies in the wrong folder.

    It belongs to `number` as its `nth` file. `thumb` is its small picture's place, as `path` below the photo folder.
    """

    id: int
    file_id: str
    number: str
    attempts: int
    report_id: int
    nth: int
    form: Form
    path: str | None
    thumb: str | None


@dataclass(frozen=True)
class Kept:
    """A file on our disk: its place below the photo folder, SHA-256 in hexadecimal, bytes, the small picture's.

    `likeness` is a picture's perceptual hash, 16 hexadecimal digits: alike pictures differ in few of its 64 bits. None
    is what is like nothing: no picture, or one without anything to see.
    """

    path: str
    sha256: str
    size: int
    thumb: str | None = None
    likeness: str | None = None


async def photos_due(session: AsyncSession, now: datetime, most: int = 20) -> list[PhotoToFetch]:
    """Photos whose next download try is due, oldest first, by the index on `fetch_at`."""
    rows = await session.exec(
        select(Photo, Report.number)
        .join(Report, col(Report.id) == col(Photo.report_id))
        .where(col(Photo.fetch_at) <= now)
        .order_by(col(Photo.fetch_at), col(Photo.id))
        .limit(most)
    )
    return [
        PhotoToFetch(p.id, p.file_id, number, p.attempts, p.report_id, p.nth, p.form, p.path, p.thumb)
        for p, number in rows
        if p.id is not None
    ]


async def photo_kept(session: AsyncSession, photo: PhotoToFetch, kept: Kept) -> bool:
    """The file is on our disk. False: meanwhile it went to another report, or was purged, and stays due there."""
    values = {"path": kept.path, "sha256": kept.sha256, "size": kept.size, "thumb": kept.thumb}
    bands = rules.bands(kept.likeness) if kept.likeness else (None,) * rules.BANDS
    found = {"likeness": kept.likeness, **{f"band{nth}": band for nth, band in enumerate(bands, 1)}}
    return await swap(session, Photo, _still(photo), {**values, **found, "fetch_at": None, "error": None})


async def photo_moved(session: AsyncSession, photo: PhotoToFetch, path: str | None, thumb: str | None) -> bool:
    """The file lies in its own report's folder now. An empty path: it was nowhere, and is downloaded once more."""
    values: dict[str, object] = {"path": path, "thumb": thumb}
    return await swap(session, Photo, _still(photo), values | ({"fetch_at": None} if path else {}))


def _still(photo: PhotoToFetch) -> dict[str, object]:
    return {"id": photo.id, "report_id": photo.report_id, "purged_at": None}


async def photo_failed(
    session: AsyncSession, now: datetime, photo_id: int, attempts: int, error: str, again: datetime | None
) -> None:
    """A download failed; `again` is when to try next.

    None gives it up: the journal says so, the reporter is told (once an hour for a report), and the cards show it.
    """
    values = {"attempts": attempts, "error": error[:200], "fetch_at": again}
    if not await swap(session, Photo, {"id": photo_id, "purged_at": None}, values) or again is not None:
        return
    photo = await session.get_one(Photo, photo_id)
    report = await session.get_one(Report, photo.report_id)
    await journal.write(session, now, None, "photo_lost", "report", photo.report_id, photo=photo_id, attempts=attempts)
    await outbox.say(
        session, now, "report.lost", person_id=report.reporter_id, report=report.id, too_big=error == TOO_BIG,
        dedupe=f"lost:{report.id}:{error}:{now:%Y%m%d%H}",
    )  # fmt: skip
    await views.show_everywhere(session, now, photo.report_id)


def fetch_pause(attempts: int) -> timedelta:
    """How long to wait after so many failed downloads (from 1): 5 s, doubling, at most an hour."""
    return min(timedelta(seconds=5 * 2 ** min(attempts - 1, 12)), timedelta(hours=1))


async def next_fetch(session: AsyncSession) -> datetime | None:
    """When the next download is due."""
    return (await session.exec(select(func.min(Photo.fetch_at)))).one()


async def disk_full(session: AsyncSession, now: datetime) -> None:
    """The disk takes no more files: the operator is told, once a day however many photos wait for it."""
    for person_id in await people.reachable(session, await people.everybody(session, Role.COUNTY_ADMIN)):
        await outbox.say(
            session, now, "report.disk_full", person_id=person_id, lane=Lane.REPLY,
            dedupe=f"disk:{now:%Y%m%d}:{person_id}",
        )  # fmt: skip


async def to_empty(session: AsyncSession, before: datetime, most: int = 100) -> list[int]:
    """Reports that ended before this moment and still have their files, the oldest first, by an index."""
    rows = await session.exec(
        select(Report.id)
        .where(col(Report.emptied_at).is_(None), col(Report.ended_at) < before)
        .order_by(col(Report.ended_at))
        .limit(most)
    )
    return [report_id for report_id in rows if report_id is not None]


async def empty(session: AsyncSession, now: datetime, before: datetime, report_id: int) -> str | None:
    """Forget the files of a report that ended before this moment, and Telegram's names for them; hashes and size stay.

    → its number, whose folder may go; None when it is not to be emptied, or was.
    """
    report = await session.get(Report, report_id)
    if report is None or report.ended_at is None or report.ended_at >= before:
        return None
    if not await swap(session, Report, {"id": report_id, "emptied_at": None}, {"emptied_at": now}):
        return None
    gone = {"path": None, "thumb": None, "fetch_at": None, "file_id": "", "purged_at": now}
    result = await session.exec(
        update(Photo).where(col(Photo.report_id) == report_id, col(Photo.purged_at).is_(None)).values(**gone)
    )
    if result.rowcount:
        await journal.write(session, now, None, "purge_files", "report", report_id, files=result.rowcount)
    return report.number
