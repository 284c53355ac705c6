"""Who is not in the roster learns how to be added and nothing else, whatever they send or press."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from typing import get_type_hints

from sqlmodel import func, select

from bot.app import FEATURES
from bot.sandbox import Phone
from handlers.kit import House, Press, Reader
from handlers.menu import LANGUAGES, helping, joining
from locales import catalogue
from models import journal
from models.people.tables import Account
from models.report.tables import Photo, Report
from tests.village import CAST, PIXEL, REGIONS, Village

EVE = 9999


def stranger(village: Village, user_id: int = EVE) -> Phone:
    """Eve, whose number nobody entered."""
    village.sandbox.add_person(user_id, "Eve", f"+86100000{user_id:05d}")
    return village.sandbox.phone(user_id)


async def a_report(village: Village) -> str:
    """Something to be curious about. → its number"""
    village.bob.photo(PIXEL, "屋后裂缝变大了")
    village.bob.location(29.12, 118.21)
    await village.bob.until(lambda p: p.press("✅"))
    await village.olga.until(lambda p: "受理" in p.screen())
    await village.settled()
    async with village.app.database.reading() as session:
        return (await session.exec(select(Report.number))).one()


async def doors(village: Village) -> set[str]:
    """All that may be said to a stranger."""
    words, house = catalogue("zh_CN"), House(FEATURES)
    async with village.app.database.reading() as session:
        zone, policy = village.app.settings.zone(), village.app.policy
        reader = Reader(session, village.clock.now(), words, zone, None, house, policy)
        open_to_all = [(await joining(reader, {})).text, (await helping(reader, {})).text]
    refusals = ("people.stranger", "people.foreign_contact", "menu.no_form", "menu.no_command", "menu.old_button")
    said = {*open_to_all, "语言 / Language", *(house.refusal(words, reason, {}) for reason in refusals)}
    return {plain(text) for text in said}


def plain(text: str) -> str:
    return text.replace("<b>", "").replace("</b>", "").strip()


def everything(number: str) -> list[str]:
    """Every command, every key of the menu in both languages, the number as it is and as it may be typed, words."""
    house = House(FEATURES)
    keys = [catalogue(locale)(label) for locale in LANGUAGES for label in (
        "📷 Report a hazard", "🔥 Report a fire", "📋 My tasks", "👥 People", "✅ Nothing found today", "❓ Help",
    )]  # fmt: skip
    commands = [f"/{entry.name}" for entry in house.commands]
    return [
        *commands, "/start", f"/start {number.replace('-', '')}", "/import", "/people 330824", *keys, number,
        number.lower().replace("-", " "), number[:-1] + "0", "Bob", "网格员电话多少", "好", "村口塌方了有人受伤",
    ]  # fmt: skip


def presses() -> list[str]:
    """Every button there is, about the first of everything."""
    found, kinds = [], [Press]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if hasattr(kind, "code"):
            types = get_type_hints(kind)
            values = ["1" if types[each.name] is int else "330824106" for each in fields(kind)]
            found.append("|".join(["1", kind.code, *values]))
    return found


def knows(phone: Phone, number: str) -> list[str]:
    """Names, phones, places and numbers on this phone's screen that only the roster may know."""
    shown = "\n".join([str(message) for message in phone.incoming] + [str(toast) for toast in phone.toasts])
    secrets = [name.capitalize() for name in CAST] + [phone for _, phone, _, _ in CAST.values()]
    secrets += [name.removesuffix("村委会") for name in REGIONS.values()] + [number, number.split("-")[1], "裂缝"]
    return [secret for secret in secrets if secret in shown]


async def test_every_command_and_every_word_of_a_stranger_meets_the_door(village: Village) -> None:
    number = await a_report(village)
    allowed, texts = await doors(village), everything(number)
    eves = [stranger(village, EVE + at) for at in range(len(texts) // 7 + 1)]  # a chat gets a message a second
    for eve in eves:
        eve.start()
    for at, text in enumerate(texts):
        eves[at // 7].text(text)
    await village.settled()
    for eve in eves:
        assert {plain(str(message["text"])) for message in eve.incoming} <= allowed
        assert knows(eve, number) == []
        assert [[key["text"] for key in row] for row in (eve.keyboard or {})["keyboard"]] == [["📱 分享我的手机号"]]
        assert {entry["command"] for entry in eve.commands} == {"help", "language"}
    assert sum(len(eve.incoming) for eve in eves) == len(eves) + len(texts), "everything is answered"


async def test_every_form_of_a_stranger_meets_the_door_and_is_not_kept(village: Village) -> None:
    number = await a_report(village)
    eve, allowed = stranger(village), await doors(village)
    eve.start()
    eve.photo(PIXEL, number)
    eve.photo(PIXEL, as_file=True)
    eve.document(b"%PDF", "a.pdf")
    eve.album([PIXEL, PIXEL + b"2"])
    eve.voice(b"OggS")
    eve.location(29.12, 118.21)
    eve.venue(29.12, 118.21, "华山小学", "桐村镇")
    eve.contact()
    eve.contact(CAST["bob"][1])
    eve.contact("+8610000000099", None, "Nobody")
    eve.forward(village.bob.text("这是转发的"))
    await village.settled()
    assert {plain(str(message.get("text"))) for message in eve.incoming} <= allowed
    assert knows(eve, number) == []
    async with village.app.database.reading() as session:
        assert (await session.exec(select(func.count()).select_from(Photo))).one() == 1
        account = await session.get(Account, EVE)
        assert account is None or account.person_id is None


async def test_every_button_of_a_stranger_answers_with_the_door(village: Village) -> None:
    """Buttons seen on another's phone: their data is no secret."""
    number = await a_report(village)
    eve, allowed = stranger(village), await doors(village)
    eve.start()
    await eve.until(lambda p: p.incoming)
    message = eve.incoming[0]["message_id"]
    for data in presses():
        eve.press(message_id=message, data=data)
    await eve.until(lambda p: len(p.toasts) == len(presses()))
    await village.settled()
    said = {toast.get("text") for toast in eve.toasts} - {None}
    assert said <= {text[:200] for text in allowed}
    assert knows(eve, number) == []
    assert (await status(village)) == "submitted", "and nothing was done"


async def status(village: Village) -> str:
    async with village.app.database.reading() as session:
        return str((await session.exec(select(Report.status))).one())


async def test_who_was_in_the_roster_is_a_stranger_afterwards(village: Village) -> None:
    """Olga's old cards and buttons stay in her chat; they open nothing once her post has ended."""
    number = await a_report(village)
    card = next(m for m in reversed(village.olga.incoming) if "reply_markup" in m)
    buttons = [
        b["callback_data"] for row in card["reply_markup"]["inline_keyboard"] for b in row if "callback_data" in b
    ]
    await ended(village, "olga")
    before = len(village.olga.incoming)
    for data in buttons:
        village.olga.press(message_id=card["message_id"], data=data)
    for text in (number, "/people", "/tasks"):
        village.olga.text(text)
    await village.settled()
    said = [str(message.get("text")) for message in village.olga.incoming[before:]]
    assert not any(number in text or "Bob" in text for text in said)
    assert {plain(text) for text in said} <= await doors(village)
    assert (await status(village)) == "submitted"


async def ended(village: Village, name: str) -> None:
    """Carol ends all posts of somebody."""
    village.carol.text("/people")
    await village.carol.until(lambda p: "👥 开化县" in p.screen())
    village.carol.press(message_id=village.carol.incoming[-1]["message_id"], data=f"1|qx|{village.ids[name]}||")
    await village.sandbox.phone(CAST[name][0]).until(lambda p: "您的岗位已经结束" in p.screen())
    await village.settled()


# --- joining ----------------------------------------------------------------------------------------------------------


async def test_a_forwarded_contact_is_refused_even_ones_own(village: Village) -> None:
    """Nina's contact message, forwarded by Nina to herself, could have come through many hands."""
    nina = village.nina
    nina.chat.started = True
    own = village.bob.contact()
    eve = stranger(village)
    eve.start()
    eve.forward(own)
    nina.forward(nina.contact() | {"contact": {"phone_number": CAST["nina"][1], "first_name": "Nina", "user_id": EVE}})
    await village.settled()
    async with village.app.database.reading() as session:
        account = await session.get(Account, EVE)
    assert account is None or account.person_id is None
    assert "这不是您" in eve.screen()


async def test_a_second_account_cuts_the_first_one_off_and_the_officers_hear_of_it(village: Village) -> None:
    number = await a_report(village)
    other = village.sandbox.add_person(7777, "Bob's new phone", CAST["bob"][1])
    other.start()
    await other.until(lambda p: p.keyboard)
    other.tap("分享我的手机号")
    await other.until(lambda p: any("欢迎" in str(m.get("text")) for m in p.messages))
    await village.olga.until(lambda p: "换了账号" in p.screen())
    await village.bob.until(lambda p: "另一个账号上登记" in p.screen())
    before = len(village.bob.incoming)
    village.bob.text(number)
    village.bob.photo(PIXEL + b"old phone")
    other.text(number)
    await other.until(lambda p: number in p.screen())
    await village.settled()
    assert {plain(str(m["text"])) for m in village.bob.incoming[before:]} <= await doors(village)
    assert [name for name in ("carol",) if "换了账号" in "\n".join(village.texts(name))] == []


# --- groups -----------------------------------------------------------------------------------------------------------


async def test_a_group_is_left_without_a_word(village: Village) -> None:
    bot = village.sandbox.bot()
    village.sandbox.add_to_group(bot.token, -100123, "华山村邻里群", by=CAST["bob"][0])
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        while not village.sandbox.ledger.of("leaveChat", chat_id=-100123):
            await asyncio.sleep(0.02)
    await village.settled()
    assert [call.method for call in village.sandbox.ledger if call.chat_id == -100123] == ["leaveChat"]


async def test_what_is_said_in_a_group_is_not_answered(village: Village) -> None:
    """The bot is asked for somebody's report where all can read."""
    number = await a_report(village)
    bot = village.sandbox.bot()
    village.sandbox.add_to_group(bot.token, -100124, "群", by=CAST["olga"][0])
    chat = bot.chats[-100124]
    person = village.sandbox.world.people[CAST["olga"][0]]
    for text in (number, "/people", "/tasks"):
        message = {
            "message_id": bot.next_message_id(), "from": person.user(), "chat": chat.about(),
            "date": village.sandbox.world.date(), "text": text,
        }  # fmt: skip
        bot.updates.put("message", message, "chat:-100124")
    await village.settled()
    assert {call.method for call in village.sandbox.ledger if call.chat_id == -100124} == {"leaveChat"}
    assert chat.entries == {}


# --- phones -----------------------------------------------------------------------------------------------------------


async def test_a_phone_is_shown_on_tap_one_at_a_time_and_each_look_is_noted(village: Village) -> None:
    village.olga.text("/people")
    await village.olga.until(lambda p: "👥 桐村镇" in p.screen())
    screen = village.olga.incoming[-1]["message_id"]
    for data in ("1|pl|330824106|a|0", "1|pp|330824106|0", "1|pl|330824106200|a|0", f"1|pc|{village.ids['bob']}|"):
        village.olga.press(message_id=screen, data=data)
    await village.settled()
    assert knows_phones(village) == set(), "lists and cards are masked"
    for name in ("bob", "lena", "bob"):
        village.olga.press(message_id=screen, data=f"1|ps|{village.ids[name]}|330824106.a.0")
        await village.olga.until(lambda p, name=name: CAST[name][1] in p.screen())  # type: ignore[misc]
        await village.settled()
        assert knows_phones(village) == {name}
    async with village.app.database.reading() as session:
        looks = {name: await journal.read(session, "person", village.ids[name]) for name in CAST}
    noted = {name: [e.actor_id for e in each if e.verb == "show_phone"] for name, each in looks.items()}
    assert {name: by for name, by in noted.items() if by} == {
        "bob": [village.ids["olga"]] * 2, "lena": [village.ids["olga"]],
    }  # fmt: skip


def knows_phones(village: Village) -> set[str]:
    """Whose whole number stands in Olga's chat now."""
    return {name for name, (_, phone, _, _) in CAST.items() if phone in village.olga.screen()}
