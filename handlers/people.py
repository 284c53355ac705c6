"""People: joining by one's own contact, and what officers see: who is there, who has not joined, who is unreachable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telegram.ext import filters

from handlers.kit import (
    ROLE_NAMES,
    Act,
    Button,
    Command,
    Feature,
    Key,
    Press,
    Reader,
    Screen,
    command,
    key,
    message,
    pages,
    pressed,
    rows,
    safe,
)
from locales import N_
from models import response
from models.outbox import Method
from models.people import actions as people
from models.people import roster, rules
from models.people.roster import Card, Coverage, Reach
from models.people.rules import Level, Lost, Seat
from models.refused import Refused
from models.task import actions as tasks

PEOPLE_KEY = N_("👥 People")
CONTACT_KEY = N_("📱 Share my phone number")
SLOT = "people"

LOST = {
    Lost.BLOCKED: N_("has blocked the bot"),
    Lost.DELETED: N_("account deleted or never started"),
    Lost.OTHER: N_("reason unknown"),
}
MARKS = {Reach.JOINED: "✅", Reach.NOT_JOINED: "⏳", Reach.UNREACHABLE: "🔴"}


@dataclass(frozen=True)
class Area(Press):
    """A region at a glance; "" is one's own."""

    code = "po"
    region: str


@dataclass(frozen=True)
class Places(Press):
    """The divisions one level down."""

    code = "pp"
    region: str
    page: int


@dataclass(frozen=True)
class Listing(Press):
    """A list of people: `what` is a(ll), h(ere, not below), n(ot joined) or u(nreachable)."""

    code = "pl"
    region: str
    what: str
    page: int


@dataclass(frozen=True)
class OpenCard(Press):
    """Somebody's card; `back` is "region.what.page", the list it was opened from, or empty."""

    code = "pc"
    person: int
    back: str


@dataclass(frozen=True)
class ShowPhone(OpenCard):
    """The whole number."""

    code = "ps"


@dataclass(frozen=True)
class Reached(OpenCard):
    """Reached by phone."""

    code = "pr"


@dataclass(frozen=True)
class Change(Press):
    """Begin to change an entry: `what` is "name", "phone", "move" or "end" (handlers/roster.py goes on from there)."""

    code = "ph"
    person: int
    what: str


@dataclass(frozen=True)
class Add(Press):
    """Begin to add somebody (handlers/roster.py goes on from there)."""

    code = "pa"


# --- joining ----------------------------------------------------------------------------------------------------------


async def join(act: Act) -> None:
    """A contact was shared: the only way in, and only with one's own."""
    contact = act.message.contact
    assert contact is not None
    forwarded = act.message.forward_origin is not None
    if not rules.own_contact(act.user.id, contact.user_id, forwarded):
        raise Refused("people.foreign_contact")
    await response.joined(act.session, act.now, act.visitor.chat_id, contact.phone_number)
    act.visitor = await people.visitor(act.session, act.visitor.chat_id)
    await act.say("menu.welcome")
    await act.say("menu.commands", method=Method.COMMANDS)


async def untied(reader: Reader, args: dict[str, Any]) -> Screen:
    """To an account that was cut off: why, and the way back in."""
    _ = reader.words
    why = {
        "ended": _("Your posts have been ended, so nothing is sent here any more."),
        "renumbered": _("Your phone number in the roster was changed, so nothing is sent here any more."),
        "moved": _("Your number joined from another account, so nothing is sent here any more."),
    }[args["why"]]
    more = _("If that is a mistake, ask the officers of your township, then press the button below.")
    return Screen(f"{why}\n{more}", keys=[[Key(_(CONTACT_KEY), contact=True)]])


# --- the officers' deeds ----------------------------------------------------------------------------------------------


async def mine(act: Act) -> None:
    """/people"""
    act.me.seat(*rules.OFFICERS)
    await act.show("people.area", slot=SLOT, region="")


async def area(act: Act, press: Area) -> None:
    """A region at a glance."""
    if not press.region:
        return await mine(act)
    await roster.region(act.session, act.me, press.region)
    return await act.show("people.area", slot=SLOT, region=press.region)


async def places(act: Act, press: Places) -> None:
    """Down one level."""
    await roster.region(act.session, act.me, press.region)
    await act.show("people.places", slot=SLOT, region=press.region, page=press.page)


async def listing(act: Act, press: Listing) -> None:
    """A list of people."""
    await roster.region(act.session, act.me, press.region)
    await act.show("people.list", slot=SLOT, region=press.region, what=press.what, page=press.page)


async def open_card(act: Act, press: OpenCard) -> None:
    """One person."""
    await roster.card(act.session, act.me, press.person)
    await act.show("people.card", slot=SLOT, person=press.person, back=press.back)


async def show_phone(act: Act, press: ShowPhone) -> None:
    """The whole number; that it was asked for is noted."""
    await roster.show_phone(act.session, act.now, act.me, press.person)
    await act.show("people.card", slot=SLOT, person=press.person, back=press.back, phone=True)


async def reached(act: Act, press: Reached) -> None:
    """Somebody whom the bot could not reach answered the phone."""
    await response.reached(act.session, act.now, act.me, press.person)
    act.toast = act.words("Noted.")
    await act.show("people.card", slot=SLOT, person=press.person, back=press.back)


async def change(act: Act, press: Change) -> None:
    """Ask for the right name or phone, or which post moves or ends."""
    if press.what in ("name", "phone"):
        await roster.changeable(act.session, act.me, press.person)
        await act.ask(f"roster.{press.what}", person=press.person)
    await roster.card(act.session, act.me, press.person)
    await act.show("roster.change", slot=SLOT, person=press.person, what=press.what)


async def add(act: Act, _press: Add) -> None:
    """Ask who is to be added."""
    act.me.seat(*rules.OFFICERS)
    await act.ask("roster.add", draft=0)
    await act.show("roster.add", slot=SLOT)


# --- a region ---------------------------------------------------------------------------------------------------------


async def area_screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A region at a glance: how many have joined, and the ways into it."""
    _ = reader.words
    own = rules.areas(reader.member)
    code = args["region"] or (own[0].region_code if len(own) == 1 else "")
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
    return Screen(text, [[Button(reader.words("Open"), OpenCard(card.id, ""))]])


async def task_line(reader: Reader, person_id: int) -> tuple[str, Press | None] | None:
    """The task in one line of /tasks."""
    try:
        card = await roster.card(reader.session, reader.member, person_id)
    except Refused:
        return None
    line = reader.words("Reach by phone: %(name)s, %(place)s", name=card.name, place=card.seats[0].region_name)
    return line, OpenCard(person_id, "")


FEATURE = Feature(
    routes=[
        message(filters.CONTACT, join),
        command("people", mine),
        key(PEOPLE_KEY, mine),
        pressed(Area, area),
        pressed(Places, places),
        pressed(Listing, listing),
        pressed(OpenCard, open_card),
        pressed(ShowPhone, show_phone),
        pressed(Reached, reached),
        pressed(Change, change),
        pressed(Add, add),
    ],
    renderers={
        "people.untied": untied,
        "people.area": area_screen,
        "people.places": places_screen,
        "people.list": list_screen,
        "people.card": card_screen,
        "person.unreachable.due": reminder,
    },
    refusals={
        "people.stranger": N_(
            "This number is not in the roster. "
            "Ask the officers of your township to add you, then press the button again."
        ),
        "people.foreign_contact": N_(
            "That is not your own number. "
            "Please press the button below; a forwarded or another's contact does not count."
        ),
        "people.not_your_post": N_("Your post does not include this. /help shows what you can do."),
        "people.settled": N_("That has been settled already."),
    },
    commands=[Command("people", N_("Who is there, who has not joined"), roles=rules.OFFICERS)],
    task_lines={response.UNREACHABLE: task_line},
)
