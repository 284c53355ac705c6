"""Reports so many metres from the slope, with photos that look like this or that, for the tests beside."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from models.report import photos
from models.report.intake import PlacePart
from models.report.photos import Kept
from tests.cast import Cast, later
from tests.hazard.steps import changed
from tests.report.steps import SLOPE, a_photo, sends, submits
from tests.village import MORNING

LOOK = "0f1e2d3c4b5a6978"
_serial = count(1)


def north(metres: float) -> PlacePart:
    """So far from the slope."""
    return PlacePart(SLOPE.latitude + metres / 111_195, SLOPE.longitude, 12.0)


def blurred(bits: int, of: str = LOOK) -> str:
    """The same picture, seen a little otherwise: so many bits of it differ, as far from each other as can be."""
    value = int(of, 16)
    for bit in range(bits):
        value ^= 1 << bit * 64 // max(bits, 1)
    return f"{value:016x}"


async def draft(cast: Cast, name: str = "bob", place: PlacePart | None = SLOPE, at: datetime = MORNING) -> int:
    """A photo, and a place if there is one."""
    report_id = await sends(cast, name, photo=a_photo(), at=at)
    if place is not None:
        await sends(cast, name, place=place, at=at)
    await changed(cast, report_id, closed_at=at)  # what comes next is a report of its own
    return report_id


async def found(
    cast: Cast, name: str = "bob", place: PlacePart | None = SLOPE, kind: str = "A1", at: datetime = MORNING
) -> int:
    """A whole report, sent."""
    report_id = await draft(cast, name, place, at)
    if place is None:
        await changed(cast, report_id, place_source="village")
    await submits(cast, name, report_id, kind, at)
    return report_id


async def kept(cast: Cast, report_id: int, look: str | None) -> None:
    """The photos of this report are fetched, and this is what they look like."""
    async with cast.database.transaction() as session:
        for photo in await photos.photos_due(session, MORNING + later(days=365)):
            if photo.report_id == report_id:
                await photos.photo_kept(session, photo, Kept(f"{next(_serial)}.jpg", "0" * 64, 9, likeness=look))
