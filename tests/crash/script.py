"""What one reporter does on a phone: join, photo, place, one tap; it waits for each answer, however long it takes."""

from __future__ import annotations

import asyncio
import re
from random import Random

from bot.sandbox import Phone
from tests.crash.county import Reporter
from tests.village import SHARE

NUMBER = re.compile(r"YH-\d{9}-\d{6}-\d{4}-[0-9A-Z]")
REPORTED = "已报给"


async def report(phone: Phone, who: Reporter, chance: Random, thinks: float, patience: float) -> str:
    """Report one hazard. → the number on the receipt.

    `thinks`: seconds before each step, at most; `patience`: seconds for one answer, with several starts of the bot.
    """
    await asyncio.sleep(chance.uniform(0, thinks))
    phone.start()
    await phone.until(lambda p: p.keyboard, patience)
    await asyncio.sleep(chance.uniform(0, thinks))
    phone.tap(SHARE)
    await phone.until(lambda p: any("欢迎" in words for words in said(p)), patience)
    await asyncio.sleep(chance.uniform(0, thinks))
    phone.photo(who.photo)
    await phone.until(lambda p: numbers(p), patience)
    await asyncio.sleep(chance.uniform(0, thinks))
    phone.location(*who.place, accuracy=8)
    await phone.until(lambda p: any("✅" in label for label in p.buttons), patience)
    await asyncio.sleep(chance.uniform(0, thinks))
    phone.press("✅")
    receipt = await phone.until(lambda p: next((words for words in said(p) if REPORTED in words), None), patience)
    found = NUMBER.search(receipt or "")
    assert found, f"a receipt without a number: {receipt}"
    return found[0]


def said(phone: Phone) -> list[str]:
    """What the bot wrote in this chat, as it stands there now."""
    return [str(message.get("text") or message.get("caption") or "") for message in phone.incoming]


def numbers(phone: Phone) -> set[str]:
    """The numbers of all reports in this chat."""
    return set(NUMBER.findall("\n".join(said(phone))))
