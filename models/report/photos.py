"""Verbs about a report's photos as files: which are due, kept or given up. Downloads nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.base import swap
from models.report.tables import Photo, Report


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


async def photo_failed(
    session: AsyncSession, now: datetime, photo_id: int, attempts: int, error: str, again: datetime | None
) -> None:
    """A download failed; `again` is when to try next, None to give up, which the journal of the report then says."""
    if not await swap(
        session, Photo, {"id": photo_id}, {"attempts": attempts, "error": error[:200], "fetch_at": again}
    ):
        return
    if again is None:
        photo = await session.get_one(Photo, photo_id)
        journal.write(session, now, None, "photo_lost", "report", photo.report_id, photo=photo_id, attempts=attempts)


def fetch_pause(attempts: int) -> timedelta:
    """How long to wait after so many failed downloads (from 1): 5 s, doubling, at most an hour."""
    return min(timedelta(seconds=5 * 2 ** min(attempts - 1, 12)), timedelta(hours=1))


async def next_fetch(session: AsyncSession) -> datetime | None:
    """When the next download is due."""
    return (await session.exec(select(func.min(Photo.fetch_at)))).one()
