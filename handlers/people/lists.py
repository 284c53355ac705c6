"""What officers see: who is there, who has not joined, who cannot be reached, and one person's card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers.kit import ROLE_NAMES, Acknowledge, Act, Button, Press, Reader, Screen, aloud, pages, rows, safe
from handlers.people.presses import SLOT, Add, Area, Change, Listing, OpenCard, Places, Reached, ShowPhone
from locales import N_
from models import response
from models.people import roster, rules
from models.people.roster import Card, Coverage, Reach
from models.people.rules import Level, Lost, Seat
from models.refused import Refused
from models.task import actions as tasks

LOST = {
    Lost.BLOCKED: N_("has blocked the bot"),
    Lost.DELETED: N_("account deleted or never started"),
    Lost.OTHER: N_("reason unknown"),
}
MARKS = {Reach.JOINED: "✅", Reach.NOT_JOINED: "⏳", Reach.UNREACHABLE: "🔴"}


async def _show(act: Act, kind: str, **args: Any) -> None:
    """Put a screen of the roster. What the roster had asked before is given up: later words are not for it."""
    if act.question is not None and act.question.kind.startswith("people."):
        await act.answered()
    await act.show(kind, slot=SLOT, **args)


async def mine(act: Act) -> None:
    """/people"""
    act.me.seat(*rules.OFFICERS)
    await _show(act, "people.area", region="")


async def area(act: Act, press: Area) -> None:
    """A region at a glance."""
    if not press.region:
        return await mine(act)
    await roster.region(act.session, act.me, press.region)
    return await _show(act, "people.area", region=press.region)


async def places(act: Act, press: Places) -> None:
    """Down one level."""
    await roster.region(act.session, act.me, press.region)
    await _show(act, "people.places", region=press.region, page=press.page)


async def listing(act: Act, press: Listing) -> None:
    """A list of people."""
    await roster.region(act.session, act.me, press.region)
    await _show(act, "people.list", region=press.region, what=press.what, page=press.page)


async def open_card(act: Act, press: OpenCard) -> None:
    """One person."""
    await roster.card(act.session, act.me, press.person)
    await _show(act, "people.card", person=press.person, back=press.back)


async def show_phone(act: Act, press: ShowPhone) -> None:
    """The whole number; that it was asked for is noted."""
    await roster.show_phone(act.session, act.now, act.me, press.person)
    await _show(act, "people.card", person=press.person, back=press.back, phone=True)


async def reached(act: Act, press: Reached) -> None:
    """Somebody whom the bot could not reach answered the phone."""
    await response.reached(act.session, act.now, act.me, press.person)
    act.toast = act.words("Noted.")
    await _show(act, "people.card", person=press.person, back=press.back)


# --- a region ---------------------------------------------------------------------------------------------------------


async def area_screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A region at a glance: how many have joined, and the ways into it."""
    _ = reader.words
    own = rules.areas(reader.member)
    code = args["region"] or (own[0].region_code if len(own) == 1 else "")
    if not own:
        return None
    if not code:
        return Screen(_("👥 Which area?"), rows([Button(seat.region_name, Area(seat.region_code)) for seat in own]))
    place = await roster.region(reader.session, reader.member, code)
    seen = await roster.coverage(reader.session, reader.member, code)
    text = f"👥 <b>{safe(place.name)}</b>\n{_covered(reader, seen)}"
    county = place.level < Level.TOWNSHIP
    ways = [
        _lists(reader, code, seen, county),
        [
            Button(_("By township") if county else _("By village"), Places(code, 0)),
            Button(_("The county's own") if county else _("The township's own"), Listing(code, "h", 0)),
        ],
        [Button("➕ " + _("Add somebody"), Add())],
        [] if [seat.region_code for seat in own] == [code] else [_back(reader, Area(_up(own, place.path)))],
    ]
    return Screen(text, [way for way in ways if way])


def _lists(reader: Reader, code: str, seen: Coverage, county: bool) -> list[Button]:
    """Ways to those who are missing. A county's not joined would fill no list: there a township is chosen first."""
    _ = reader.words
    found = []
    if seen.not_joined and not county:
        found.append(Button("⏳ " + _("Not joined") + f" {seen.not_joined}", Listing(code, "n", 0)))
    if seen.unreachable:
        found.append(Button("🔴 " + _("Unreachable") + f" {seen.unreachable}", Listing(code, "u", 0)))
    return found


def _covered(reader: Reader, seen: Coverage) -> str:
    """How well a region is reached, in one or two lines (M015)."""
    _ = reader.words
    text = _(
        "%(total)s people · %(joined)s joined · %(not_joined)s not yet",
        total=seen.total, joined=seen.joined, not_joined=seen.not_joined,
    )  # fmt: skip
    if not seen.unreachable:
        return text
    why = " · ".join(f"{_(LOST[lost])} {count}" for lost, count in seen.why.items())
    return f"{text}\n🔴 " + _("%(count)s cannot be reached: %(why)s", count=seen.unreachable, why=why)


def _back(reader: Reader, press: Press) -> Button:
    return Button(reader.words("Back"), press)


def _up(own: Sequence[Seat], path: str) -> str:
    """The region above the one with this path, while it is still one's own; "" is the top."""
    above = path.strip("/").split("/")[:-1]
    mine = any(path.startswith(seat.path) and path != seat.path for seat in own)
    return above[-1] if above and mine else ""


async def places_screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The divisions of a region, and how many of their people have joined."""
    code = args["region"]
    place = await roster.region(reader.session, reader.member, code)
    found = await roster.places(reader.session, reader.member, code)
    leads = [
        Button(
            f"{below.name} {seen.joined}/{seen.total}" + (" 🔴" if seen.unreachable else ""),
            Listing(below.code, "a", 0) if below.level >= Level.VILLAGE else Area(below.code),
        )
        for below, seen in found
    ]
    text = reader.words("<b>%(place)s</b>: joined / all", place=safe(place.name))
    turns = pages(rows(leads), args["page"], lambda page: Places(code, page))
    return Screen(text, [*turns, [_back(reader, Area(code))]])


async def list_screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """People, each with a button that opens the card."""
    _ = reader.words
    code, what, page = args["region"], args["what"], args["page"]
    place = await roster.region(reader.session, reader.member, code)
    wanted = {"n": Reach.NOT_JOINED, "u": Reach.UNREACHABLE}.get(what)
    cards = await roster.listed(reader.session, reader.member, code, below=what != "h")
    cards = [card for card in cards if wanted is None or card.reach is wanted]
    label = {"n": " · " + _("Not joined"), "u": " · " + _("Unreachable")}.get(what, "")
    text = f"👥 <b>{safe(place.name)}</b>{label}" + ("" if cards else "\n" + _("Nobody."))
    lines = [f"{MARKS[card.reach]} {card.name} · {post(reader, card.seats[0])}" for card in cards]
    entries = [
        [Button(line, OpenCard(card.id, f"{code}.{what}.{page}"))] for line, card in zip(lines, cards, strict=True)
    ]
    up = Places(_up(rules.areas(reader.member), place.path), 0) if place.level >= Level.VILLAGE else Area(code)
    return Screen(text, [*pages(entries, page, lambda to: Listing(code, what, to)), [_back(reader, up)]])


# --- one person -------------------------------------------------------------------------------------------------------


def post(reader: Reader, seat: Seat) -> str:
    """A post in words."""
    return f"{seat.region_name} {reader.words(ROLE_NAMES[seat.role])}"


async def card_screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """One person: posts, how to reach them, and what this officer may do about it."""
    _ = reader.words
    card = await roster.card(reader.session, reader.member, int(args["person"]))
    back = args.get("back") or f"{card.seats[0].region_code}.a.0"
    phone = bool(args.get("phone"))
    buttons: list[list[Button]] = []
    if await tasks.find(reader.session, response.UNREACHABLE, card.id):
        buttons.append([Button("📞 " + _("Reached by phone"), Reached(card.id, back))])
    if not phone:
        buttons.append([Button(_("Show phone"), ShowPhone(card.id, back))])
    if rules.may_change(reader.member, card.seats):
        correct = {"name": _("Correct name"), "phone": _("Correct phone")}
        buttons.append([Button(label, Change(card.id, what)) for what, label in correct.items()])
    if roster.endable(reader.member, card):
        buttons.append([Button(_("Move…"), Change(card.id, "move")), Button(_("End…"), Change(card.id, "end"))])
    code, what, page = back.split(".")
    return Screen(_card_text(reader, card, phone), [*buttons, [_back(reader, Listing(code, what, int(page)))]])


def _card_text(reader: Reader, card: Card, phone: bool) -> str:
    _ = reader.words
    reach = {
        Reach.JOINED: _("Joined"),
        Reach.NOT_JOINED: _("Not joined yet. Ask them to open this bot and press the button that shares their number."),
        Reach.UNREACHABLE: _("Cannot be reached: %(why)s", why=_(LOST[card.lost or Lost.OTHER])),
    }[card.reach]
    lines = [f"👤 <b>{safe(card.name)}</b>", *(f"· {safe(post(reader, seat))}" for seat in card.seats)]
    lines.append("📱 " + (card.phone if phone else rules.masked_phone(card.phone)))
    lines += ["🎩 " + safe(" · ".join(card.hats))] if card.hats else []
    lines += [_("Deputy: %(name)s", name=safe(card.deputy))] if card.deputy else []
    return "\n".join([*lines, f"{MARKS[card.reach]} {reach}"])


# --- the task "this person cannot be ---------------------------------------------------------------------


async def reminder(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A rung of the ladder: somebody still cannot be reached. Nothing is said once that ended."""
    task = await tasks.get(reader.session, int(args["task"]))
    if task is None or task.ended_at is not None:
        return None
    card = await roster.card(reader.session, reader.member, task.subject_id)
    facts = {"name": safe(card.name), "post": safe(post(reader, card.seats[0]))}
    text = reader.words(
        "⏰ Nothing has reached <b>%(name)s</b> (%(post)s) since %(since)s: %(why)s. Please phone them.",
        since=reader.time(task.opened_at), why=reader.words(LOST[card.lost or Lost.OTHER]), **facts,
    )  # fmt: skip
    text = "\n".join([*aloud(reader.words, args.get("absent", ())), text])
    noted = Button("👌 " + reader.words("Noted"), Acknowledge(task.id or 0))
    return Screen(text, [[Button(reader.words("Open"), OpenCard(card.id, "")), noted]])


async def task_line(reader: Reader, person_id: int) -> tuple[str, Press | None] | None:
    """The task in one line of /tasks."""
    try:
        card = await roster.card(reader.session, reader.member, person_id)
    except Refused:
        return None
    line = reader.words("Reach by phone: %(name)s, %(place)s", name=card.name, place=card.seats[0].region_name)
    return line, OpenCard(person_id, "")
