"""What people do with reports, one transaction each, for the tests beside."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from models.report import actions as reports
from models.report import intake, views
from models.report.intake import PhotoPart, PlacePart, WordsPart
from models.report.rules import Status
from models.report.views import View
from tests.cast import POLICY, ZONE, Cast
from tests.village import MORNING

KINDS = ("A1", "B2")
SLOPE = PlacePart(29.13, 118.41, 12.0)
_serial = count(1)


def a_photo(album: str | None = None) -> PhotoPart:
    """A photo nobody has seen before."""
    number = next(_serial)
    return PhotoPart(f"file{number}", f"unique{number}", album)


def some_words(words: str) -> WordsPart:
    """A message of its own."""
    return WordsPart(next(_serial), words)


async def sends(
    cast: Cast,
    name: str,
    *,
    photo: PhotoPart | None = None,
    place: PlacePart | None = None,
    words: WordsPart | None = None,
    at: datetime = MORNING,
) -> int:
    """Somebody sends a part. → the report it came to."""
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        return await intake.add_part(session, at, POLICY, ZONE, me, photo=photo, place=place, words=words)


async def submits(cast: Cast, name: str, report_id: int, kind: str = "A1", at: datetime = MORNING) -> None:
    """Somebody confirms the kind."""
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await reports.submit(session, at, POLICY, me, report_id, kind, KINDS)


async def submitted(cast: Cast, name: str = "bob", at: datetime = MORNING) -> int:
    """A whole report, sent."""
    report_id = await sends(cast, name, photo=a_photo(), place=SLOPE, at=at)
    await submits(cast, name, report_id, at=at)
    return report_id


async def seen(cast: Cast, report_id: int, by: str = "carol") -> View:
    """The report as somebody sees it."""
    me = await cast.me(by)
    async with cast.database.reading() as session:
        return await views.look(session, me, report_id)


async def status(cast: Cast, report_id: int) -> Status:
    """Where the report stands."""
    return (await seen(cast, report_id)).status


async def withdraws(cast: Cast, name: str, report_id: int, at: datetime = MORNING) -> None:
    """The reporter takes it back."""
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await reports.withdraw(session, at, POLICY, me, report_id)
