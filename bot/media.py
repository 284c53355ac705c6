"""Photos kept as files: downloaded soon after they came, also over faults and restarts, found by report number."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.clock import Clock
from bot.database import Database, rung
from bot.errors import name_of
from models.policy import Policy
from models.report import actions as reports
from models.report.actions import PhotoToFetch

log = structlog.get_logger()


@dataclass
class Media:
    """Fetches what is due: the rows say so, so that nothing is forgotten over a restart."""

    database: Database
    bot: Bot
    clock: Clock
    policy: Policy
    folder: Path
    _under_way: bool = False

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
                except Exception as error:  # the database or the disk is away: the rows stay due
                    log.warning("fetch_failed", error=name_of(error))
                    found = 0
                if not found:
                    await rung(bell, 1.0)

    async def fetch_due(self) -> int:
        """Download the photos that are due, one after another. → how many were tried."""
        async with self.database.reading() as session:
            photos = await reports.photos_due(session, self.clock.now())
        for photo in photos:
            self._under_way = True
            try:
                await self._one(photo)
            finally:
                self._under_way = False
        return len(photos)

    async def next_due(self) -> datetime | None:
        """When the next download is due."""
        async with self.database.reading() as session:
            return await reports.next_fetch(session)

    async def _one(self, photo: PhotoToFetch) -> None:
        try:
            file = await self.bot.get_file(photo.file_id)
            data = bytes(await file.download_as_bytearray())
        except TelegramError as error:
            await self._failed(photo, error)
            return
        path = self.folder / photo.number / f"{photo.id}.jpg"
        await asyncio.to_thread(_write, path, data)
        digest = hashlib.sha256(data).hexdigest()
        async with self.database.transaction() as session:
            place = path.relative_to(self.folder).as_posix()
            await reports.photo_kept(session, photo.id, place, digest, len(data))

    async def _failed(self, photo: PhotoToFetch, error: TelegramError) -> None:
        attempts = photo.attempts + 1
        final = isinstance(error, BadRequest) or attempts >= self.policy.media.retries
        again = None if final else self.clock.now() + reports.fetch_pause(attempts)
        log.warning("photo_not_fetched", photo=photo.id, attempts=attempts, final=final, error=type(error).__name__)
        async with self.database.transaction() as session:
            await reports.photo_failed(session, photo.id, attempts, type(error).__name__, again)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: a crash leaves a .part file, never half a photo under its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
