"""What others press, type and scan on their phones about a confidential report: the data of buttons is no secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest
from sqlmodel import select

from bot.app import FEATURES
from bot.sandbox import Limits, Phone
from handlers.kit import House, Press
from models import journal
from models.report.tables import Report
from tests.village import CAST, PIXEL, Village, open_village

WORDS = "厂里的污水池没有盖"
ELSEWHERE = ("handlers.people", "handlers.menu", "handlers.stats")  # buttons about people, languages and figures
TEXTS = ("", "M", "give", "a1", "approve", "-")  # what a field of words may hold


@pytest.fixture
async def village(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    """Everybody has joined some time ago; rewards are on, so that their buttons are tried as well."""
    calm = Limits(flood=False, same_offset_throttle=False)
    policy = {"sending.chat_burst": 10, "reward.on": True, "report.withdraw_within": "10m"}
    async with open_village(sqlite_url, tmp_path, policy=policy, limits=calm) as opened:
        await opened.present(*CAST)
        yield opened


async def told(village: Village) -> Report:
    """Bob's confidential report, as his phone sends it."""
    village.bob.text("/report")
    await village.bob.until(lambda p: p.press("保密上报"))
    village.bob.photo(PIXEL, WORDS)
    village.bob.location(29.12, 118.21)
    await village.bob.until(lambda p: p.press("✅"))
    await village.carol.until(lambda p: "受理" in p.screen())
    await village.settled()
    async with village.app.database.reading() as session:
        return (await session.exec(select(Report))).one()


def presses(report_id: int) -> Iterator[str]:
    """Every button there is, about this report."""
    kinds = [Press]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if "code" not in vars(kind) or not kind.__module__.startswith("handlers"):
            continue
        if not kind.__module__.startswith(ELSEWHERE):
            types = get_type_hints(kind)
            for text in TEXTS if str in types.values() else TEXTS[:1]:
                values = [str(report_id) if types[each.name] is int else text for each in fields(kind)]
                yield "|".join(["1", kind.code, *values])


def leaks(phone: Phone, number: str) -> list[str]:
    """By what the report, or Bob, could be told on this phone."""
    shown = "\n".join([str(message) for message in phone.incoming] + [str(toast.get("text")) for toast in phone.toasts])
    secrets = [number, number.replace("-", ""), number[-6:], WORDS, CAST["bob"][1], CAST["bob"][1][3:], "Bob"]
    return [secret for secret in secrets if secret in shown]


async def deeds(village: Village, report: Report) -> list[str]:
    async with village.app.database.reading() as session:
        return [entry.verb for entry in await journal.read(session, "report", report.id or 0)]


async def test_no_button_of_the_township_opens_it_or_does_anything_to_it(village: Village) -> None:
    report = await told(village)
    phone, before = village.olga, await deeds(village, report)
    phone.text("/tasks")
    await village.settled()
    message = phone.incoming[-1]["message_id"]
    pressed = list(presses(report.id or 0))
    assert len(pressed) > 60
    for start in range(0, len(pressed), 25):
        for data in pressed[start : start + 25]:
            phone.press(message_id=message, data=data)
        await village.settled()
    assert leaks(phone, report.number) == []
    assert await deeds(village, report) == before


async def test_no_command_and_no_number_finds_it_in_the_village_but_the_county_does(village: Village) -> None:
    report = await told(village)
    phone, number = village.lena, report.number
    typed = [number, number.lower().replace("-", " "), number.replace("-", ""), f"/start {number.replace('-', '')}"]
    words = [number[-6:], "污水池"]
    for entry in House(FEATURES).commands:
        if entry.name not in ("people", "language", "zero"):  # the roster names Bob, as it did before
            typed += [f"/{entry.name} {word}" for word in words]
    for start in range(0, len(typed), 8):
        for text in typed[start : start + 8]:
            phone.text(text)
        await village.settled()
    assert [each for each in leaks(phone, number) if each not in words] == []
    village.carol.text(number)  # the right things were asked
    await village.settled()
    assert {number, WORDS, "Bob"} <= set(leaks(village.carol, report.number))
