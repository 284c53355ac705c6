"""Photos kept as files: downloaded soon after they came, also over faults and restarts, found by report number.

photos/YH-330824106-260701-0001-R/1.jpg, 2.ogg …, small pictures in thumbs/ beside them. It decides nothing of reports.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import ClassVar

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from telegram import Bot
from telegram.error import BadRequest

from bot import pictures
from bot.clock import Clock
from bot.database import Database, rung
from bot.errors import name_of
from bot.pictures import Spot
from models.hazard import likeness
from models.policy import Policy
from models.report import intake, photos
from models.report.intake import PlacePart
from models.report.photos import TOO_BIG, Kept, PhotoToFetch
from models.report.rules import Form, PlaceSource

log = structlog.get_logger()

LARGEST = 20 << 20  # bytes; Telegram's own limit for bots, and ours where a Bot API server of one's own has none
SPARE = 200 << 20  # bytes that photos leave free: a database that cannot write loses reports, a photo can wait
REFUSALS = 5  # a file that Telegram does not know is asked for so often; "temporarily unavailable" says the same
THUMBS = "thumbs"


class _TooBig(Exception):
    """The file is larger than a bot can fetch."""


def write_whole(path: Path, data: bytes) -> None:
    """Whole or not at all: a crash leaves a .part file, never half a photo under its name. OSError when it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)  # half a file on a full disk would keep it full
        raise


def room(folder: Path) -> int:
    """Bytes free where this folder lies, or will."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


@dataclass
class Media:
    """Fetches what is due: the rows say so, so that nothing is forgotten over a restart."""

    database: Database
    bot: Bot
    clock: Clock
    policy: Policy
    folder: Path
    write: Callable[[Path, bytes], None] = write_whole
    free: Callable[[Path], int] = room
    _under_way: bool = False
    _refused: int = 0
    _rests_until: float = 0.0

    @property
    def idle(self) -> bool:
        """Whether no download is under way in this process."""
        return not self._under_way

    async def run(self) -> None:
        """Fetch until cancelled."""
        async with self.database.bell.listening() as bell:
            while True:
                bell.clear()
                try:
                    found = await self.fetch_due()
                except Exception as error:  # the database is away: the rows stay due
                    log.warning("fetch_failed", error=name_of(error))
                    found = 0
                if not found:
                    await rung(bell, 1.0)

    async def fetch_due(self) -> int:
        """Download the photos that are due, one after another. → how many were tried; none while the disk is full."""
        if monotonic() < self._rests_until:
            return 0
        async with self.database.reading() as session:
            due = await photos.photos_due(session, self.clock.now())
        for tried, photo in enumerate(due):
            self._under_way = True
            try:
                await self._one(photo)
                self._refused = 0
            except OSError as error:
                await self._rest(error)
                return tried
            finally:
                self._under_way = False
        return len(due)

    async def next_due(self) -> datetime | None:
        """When the next download is due."""
        async with self.database.reading() as session:
            return await photos.next_fetch(session)

    async def _one(self, photo: PhotoToFetch) -> None:
        """Fetch one. OSError: the disk does not take it; nothing is counted against the photo."""
        if photo.path is not None:
            return await self._put_right(photo)
        if self.free(self.folder) < SPARE:
            raise OSError(errno.ENOSPC, "too little room is left")
        try:
            data = await self._fetched(photo)
        except Exception as error:  # Telegram's, the line's, or of an answer nobody expected: never into the loop
            return await self._failed(photo, error)
        kept, spot = await asyncio.to_thread(self._keep, photo, data)
        async with self.database.transaction() as session:
            if await photos.photo_kept(session, photo, kept):
                await self._tell(session, photo.report_id, kept, spot)
        return None

    async def _tell(self, session: AsyncSession, report_id: int, kept: Kept, spot: Spot | None) -> None:
        """What only a look into the file could tell: where it was taken, and that it is like another."""
        if spot is not None:
            place = PlacePart(spot.latitude, spot.longitude, spot.accuracy, source=PlaceSource.EXIF)
            await intake.place_from_file(session, self.clock.now(), report_id, place)
        if kept.likeness is not None:
            await likeness.noticed(session, self.clock.now(), self.policy, report_id)

    async def _fetched(self, photo: PhotoToFetch) -> bytes:
        file = await self.bot.get_file(photo.file_id)
        if (file.file_size or 0) > LARGEST:
            raise _TooBig
        return bytes(await file.download_as_bytearray())

    def _keep(self, photo: PhotoToFetch, data: bytes) -> tuple[Kept, Spot | None]:
        """Write the file and its small picture (in a thread). → what was kept, and the place a picture file names."""
        folder = PurePosixPath(photo.number)
        path = folder / f"{photo.nth}{pictures.ending(data, photo.form)}"
        self.write(self.folder / path, data)
        seen = pictures.look(data) if photo.form is not Form.VOICE else pictures.Seen()
        thumb = folder / THUMBS / f"{photo.nth}.jpg" if seen.small else None
        if seen.small and thumb:
            self.write(self.folder / thumb, seen.small)
        sha256 = hashlib.sha256(data).hexdigest()
        kept = Kept(str(path), sha256, len(data), str(thumb) if thumb else None, seen.likeness)
        return kept, seen.spot if photo.form is Form.FILE else None

    async def _put_right(self, photo: PhotoToFetch) -> None:
        """Its report changed (另报一件): the file follows it. One that is not there is downloaded once more."""
        path, thumb = await asyncio.to_thread(self._follow, photo)
        async with self.database.transaction() as session:
            await photos.photo_moved(session, photo, path, thumb)

    def _follow(self, photo: PhotoToFetch) -> tuple[str | None, str | None]:
        assert photo.path is not None
        new = PurePosixPath(photo.number) / f"{photo.nth}{PurePosixPath(photo.path).suffix}"
        small = PurePosixPath(photo.number) / THUMBS / f"{photo.nth}.jpg"
        moved = [self._move(old, to) for old, to in ((photo.path, new), (photo.thumb, small))]
        return moved[0], moved[1]

    def _move(self, old: str | None, new: PurePosixPath) -> str | None:
        if old is None:
            return None
        source, target = self.folder / old, self.folder / new
        if source != target and source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
        return str(new) if target.exists() else None  # a crash after the move finds it there already

    async def _failed(self, photo: PhotoToFetch, error: Exception) -> None:
        attempts = photo.attempts + 1
        too_big = isinstance(error, _TooBig) or (isinstance(error, BadRequest) and "too big" in error.message.lower())
        final = too_big or attempts >= self.policy.media.retries
        final = final or (isinstance(error, BadRequest) and attempts >= REFUSALS)
        again = None if final else self.clock.now() + photos.fetch_pause(attempts)
        what = TOO_BIG if too_big else type(error).__name__
        log.warning("photo_not_fetched", photo=photo.id, attempts=attempts, final=final, error=what)
        async with self.database.transaction() as session:
            await photos.photo_failed(session, self.clock.now(), photo.id, attempts, what, again)

    async def _rest(self, error: OSError) -> None:
        """The disk is full or away: rest a second, doubling, at most five minutes, and tell the operator once."""
        pause = min(2.0**self._refused, 300.0)
        self._refused += 1
        self._rests_until = monotonic() + pause
        log.error("disk_takes_nothing", error=errno.errorcode.get(error.errno or 0, "?"), rests=pause)
        with suppress(Exception):  # the database may lie on the same disk; the next round tells it then
            async with self.database.transaction() as session:
                await photos.disk_full(session, self.clock.now())


@dataclass
class Purge:
    """A schedule (bot/ticker) of its own kind, since it touches the disk: files of matters that ended long ago go."""

    EVERY: ClassVar[timedelta] = timedelta(hours=1)

    policy: Policy = field(repr=False)
    folder: Path = field(repr=False)

    async def due(self, session: AsyncSession, now: datetime) -> list[int]:
        """The reports whose files are to go."""
        return await photos.to_empty(session, now - self.policy.media.keep)

    async def act(self, session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
        """Rows first, then the folder, then the commit: what fails halfway is done again an hour later."""
        number = await photos.empty(session, now, now - policy.media.keep, report_id)
        if number is not None:
            await asyncio.to_thread(_remove, self.folder / number)

    async def next_due(self, _session: AsyncSession) -> datetime | None:
        """Nobody waits for it."""
        return None


def _remove(folder: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
