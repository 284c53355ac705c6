"""Steps of a case in the chats: what Bob reports, Olga gives out, and Lena mends; or the same without their taps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import select

from models.hazard import actions as hazards
from models.people import actions as people
from models.people.rules import Me
from models.report import actions as reports
from models.report import intake
from models.report.intake import PhotoPart, PlacePart
from models.report.rules import Severity
from models.report.tables import Photo, Report
from tests.cast import POLICY, ZONE
from tests.village import PIXEL, Village

SPOT = (29.12, 118.21)
FAR = (29.13, 118.21)  # 1.1 km to the north
QUICK: dict[str, object] = {"sending.chat_burst": 10, "hazard.recheck_share": 0}
EVERYBODY = ("bob", "lena", "nina", "olga", "oscar", "carol", "charlie")


async def press(village: Village, name: str, *labels: str) -> None:
    """Somebody presses one button after the other."""
    phone = getattr(village, name)
    for label in labels:
        answers = len(phone.toasts)
        phone.press(label)
        await phone.until(lambda p, seen=answers: len(p.toasts) > seen)  # it comes after the commit
        await village.settled()


async def says(village: Village, name: str, words: str) -> None:
    getattr(village, name).text(words)
    await village.settled()


async def shows(village: Village, name: str, mark: int = 1, place: tuple[float, float] = SPOT) -> None:
    """A photo and a place."""
    getattr(village, name).photo(PIXEL + bytes([mark]))
    await village.settled()
    getattr(village, name).location(*place, 10)
    await village.settled()


async def reported(village: Village) -> None:
    village.bob.photo(PIXEL)
    village.bob.location(*SPOT, 12)
    await village.settled()
    await press(village, "bob", "✅")


async def given(village: Village) -> None:
    """Olga accepts what Bob found and gives it to Lena; how they press that is told elsewhere."""
    village.bob.photo(PIXEL)
    village.bob.location(*SPOT, 12)
    await village.settled()
    bob, olga, now = await me(village, "bob"), await me(village, "olga"), village.clock.now()
    async with village.app.database.transaction() as session:
        await reports.submit(session, now, POLICY, bob, 1, "A01", ("A01",), Severity.L)
        await hazards.accept(session, now, POLICY, olga, 1)
        await hazards.assign(session, now, POLICY, olga, 1, village.ids["lena"])
    village.app.database.bell.ring()
    await village.settled()


async def me(village: Village, name: str) -> Me:
    """Somebody, as far as permissions go."""
    async with village.app.database.reading() as session:
        found = await people.person(session, village.ids[name])
    assert found is not None
    return found


async def many(village: Village, name: str, count: int, kind: str = "A01") -> None:
    """Somebody reported so many hazards, two kilometres from the last, without a tap."""
    getattr(village, name).photo(PIXEL)
    await village.settled()
    file_id, who, now = (await rows(village, Photo))[0].file_id, await me(village, name), village.clock.now()
    async with village.app.database.transaction() as session:
        for nth in range(count):
            photo, place = PhotoPart(file_id, f"{file_id}-{nth}"), PlacePart(29.12 + nth / 50, 118.21, 10)
            report_id = await intake.add_part(session, now, POLICY, ZONE, who, photo=photo, place=place)
            await reports.submit(session, now, POLICY, who, report_id, kind, (kind,), Severity.L)
            # What comes next is another one.
            (await session.get_one(Report, report_id)).last_part_at = now - timedelta(days=1)
    village.app.database.bell.ring()
    await village.settled()
    village.soon(minutes=2)  # a chat may get as many again


async def mended(village: Village, mark: int = 1) -> None:
    """Lena hands in: two messages and one tap."""
    await press(village, "lena", "整改完成")
    await shows(village, "lena", mark)
    await press(village, "lena", "已修复")


async def rows(village: Village, table: Any) -> list[Any]:
    async with village.app.database.reading() as session:
        return list((await session.exec(select(table).order_by(*table.__table__.primary_key))).all())


async def status(village: Village) -> str:
    return str((await rows(village, Report))[0].status)


def last(village: Village, name: str) -> str:
    """The newest message of the bot with its buttons."""
    message = next(m for m in reversed(getattr(village, name).messages) if not m.get("outgoing"))
    keys = message.get("reply_markup", {}).get("inline_keyboard", [])
    return "\n".join([village.texts(name)[-1], *(f"[{b['text']}]" for row in keys for b in row)])


def toast(village: Village, name: str) -> str:
    return str(getattr(village, name).toasts[-1]["text"])
