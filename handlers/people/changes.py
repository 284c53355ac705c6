"""The roster in the officers' hands: adding, correcting, moving and ending people; half-made additions are rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegram import Message
from telegram.ext import filters

from handlers.kit import ACT, ROLE_NAMES, Act, Button, Reader, Screen, pages, rows, safe
from handlers.people.presses import SLOT, Add, Change, Choose, End, GiveRole, GiveUp, Look, Move
from models import response
from models.people import roster, rules
from models.people.roster import Card, Opening
from models.people.rules import Role
from models.question import Question
from models.refused import Refused

# --- adding -----------------------------------------------------------------------------------------------------------


async def add(act: Act, _press: Add) -> None:
    """Ask who is to be added."""
    act.me.seat(*rules.OFFICERS)
    await act.ask("people.add", draft=0)
    await act.show("people.add", slot=SLOT)


class OthersContact(filters.MessageFilter):
    """True for somebody else's contact in the hands of an officer; whose it is decides who is added, nothing more."""

    def filter(self, message: Message) -> bool:
        act = ACT.get()
        shared, me = message.contact, act.visitor.me
        return shared is not None and shared.user_id != act.user.id and me is not None and me.holds(*rules.OFFICERS)


async def contact(act: Act) -> None:
    """A contact of the phone book begins an addition."""
    shared = act.message.contact
    assert shared is not None
    await _begin(act, rules.contact_name(shared.first_name, shared.last_name), shared.phone_number)


async def typed(act: Act) -> None:
    """Typed words in an addition or a move: name and phone at first, later a part of the place's name."""
    asked, text = _asked(act), (act.message.text or "").strip()
    if asked.args.get("role"):
        await _show_places(act, asked, find=text[:20])
    else:
        await _begin(act, *rules.name_and_phone(text))


async def _begin(act: Act, name: str, phone: str) -> None:
    name, plain = rules.clean_name(name), await roster.check_new(act.session, act.me, phone, act.check_phone)
    draft = act.update.update_id
    await act.ask("people.add", draft=draft, name=name, phone=plain)
    await act.show("people.role", slot=SLOT, draft=draft, name=name, phone=plain)


def _asked(act: Act, draft: int | None = None) -> Question:
    """The half-made addition or move that is open, or Refused when a button belongs to another one."""
    asked = act.question
    if asked is None or asked.kind not in ("people.add", "people.move") or draft not in (None, asked.args["draft"]):
        raise Refused("people.no_draft")
    return asked


async def give_role(act: Act, press: GiveRole) -> None:
    """The role is chosen; where only one place is possible, that is the end."""
    asked = _asked(act, press.draft)
    asked = Question(**{**asked.model_dump(), "args": {**asked.args, "role": press.role}})
    areas = rules.areas(act.me, Role(press.role))
    if not areas:
        raise Refused("people.not_your_region")
    first = await roster.opening(act.session, act.me, Role(press.role), areas[0].region_code)
    if len(areas) == 1 and first.final and not first.deeper:
        return await _add(act, asked, first.place.code)
    await act.ask(asked.kind, **asked.args)
    return await _show_places(act, asked)


async def look(act: Act, press: Look) -> None:
    """Another page, or one level down."""
    await _show_places(act, _asked(act, press.draft), region=press.region, page=press.page)


async def _show_places(act: Act, asked: Question, **where: Any) -> None:
    args: dict[str, Any] = {name: asked.args[name] for name in ("draft", "role", "person") if name in asked.args}
    await act.show("people.place", slot=SLOT, **args, **where)


async def choose(act: Act, press: Choose) -> None:
    """The place is chosen: added, or moved."""
    asked = _asked(act, press.draft)
    if asked.kind == "people.add":
        return await _add(act, asked, press.region)
    person, role = int(asked.args["person"]), Role(asked.args["role"])
    await act.answered()
    await roster.move(act.session, act.now, act.me, person, role, asked.args["source"], press.region)
    act.toast = act.words("Moved.")
    return await _show_card(act, person)


async def _add(act: Act, asked: Question, region: str) -> None:
    name, phone, role = asked.args["name"], asked.args["phone"], Role(asked.args["role"])
    await act.answered()
    person = await roster.add(act.session, act.now, act.me, name, phone, role, region, act.check_phone)
    act.toast = act.words("Added.")
    await _show_card(act, person)


async def _show_card(act: Act, person: int) -> None:
    await act.show("people.card", slot=SLOT, person=person)


async def give_up(act: Act, press: GiveUp) -> None:
    """Back to where the question came from."""
    await act.answered()
    if press.person:
        await roster.card(act.session, act.me, press.person)
        await _show_card(act, press.person)
    else:
        await act.show("people.area", slot=SLOT, region="")


# --- correcting, moving, ending ---------------------------------------------------------------------------------------


async def change(act: Act, press: Change) -> None:
    """Ask for the right name or phone, or which post moves or ends."""
    if press.what in ("name", "phone"):
        await roster.changeable(act.session, act.me, press.person)
        await act.ask(f"people.{press.what}", person=press.person)
    await roster.card(act.session, act.me, press.person)
    await act.show("people.change", slot=SLOT, person=press.person, what=press.what)


async def renamed(act: Act) -> None:
    """The right name came."""
    person = int(_answer(act))
    await act.answered()
    await roster.rename(act.session, act.now, act.me, person, act.message.text or "")
    await _show_card(act, person)


async def renumbered(act: Act) -> None:
    """The right phone came."""
    person = int(_answer(act))
    await act.answered()
    await response.renumbered(act.session, act.now, act.me, person, act.message.text or "", act.check_phone)
    await _show_card(act, person)


def _answer(act: Act) -> int:
    assert act.question is not None
    return int(act.question.args["person"])


async def move(act: Act, press: Move) -> None:
    """Where this post moves to."""
    seats = roster.endable(act.me, await roster.card(act.session, act.me, press.person))
    if (press.role, press.region) not in {(seat.role, seat.region_code) for seat in seats}:
        raise Refused("people.gone")
    args = {"draft": act.update.update_id, "person": press.person, "role": press.role, "source": press.region}
    await act.ask("people.move", **args)
    await _show_places(act, Question(chat_id=act.visitor.chat_id, kind="people.move", args=args, asked_at=act.now))


async def end(act: Act, press: End) -> None:
    """It ends."""
    seat = (await roster.card(act.session, act.me, press.person)).seats[0]
    role = Role(press.role) if press.role else None
    await response.ended(act.session, act.now, act.policy, act.me, press.person, role, press.region)
    act.toast = act.words("Ended.")
    if await roster.seen(act.session, act.me, press.person):
        await _show_card(act, press.person)
    else:
        code = press.region or seat.region_code
        await act.show("people.list", slot=SLOT, region=code, what="a", page=0)


# --- screens ----------------------------------------------------------------------------------------------------------


async def add_screen(reader: Reader, _args: dict[str, Any]) -> Screen:
    """Who is to be added."""
    _ = reader.words
    text = _(
        "➕ Who? Share the contact from your phone book (📎 → Contact), "
        "or write name and phone number in one message."
    )  # fmt: skip
    return Screen(text, [[_cancel(reader, 0)]])


def _cancel(reader: Reader, person: int) -> Button:
    return Button(reader.words("Cancel"), GiveUp(person))


async def role_screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """Which post the new person gets."""
    _ = reader.words
    roles = [Button(_(ROLE_NAMES[role]), GiveRole(args["draft"], role)) for role in rules.appointable(reader.member)]
    text = _("➕ <b>%(name)s</b> %(phone)s\n👉 Which post?", name=safe(args["name"]), phone=args["phone"])
    return Screen(text, [*rows(roles), [_cancel(reader, 0)]])


async def place_screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """Where the post is to be held: places to tap, or a part of a name typed."""
    _ = reader.words
    draft, role, find = int(args["draft"]), Role(args["role"]), args.get("find", "")
    own = [seat.region_code for seat in rules.areas(reader.member, role)]
    code = args.get("region", "") or (own[0] if len(own) == 1 else "")
    found = await _openings(reader, role, [code] if code else own, find, inside=bool(code))
    top = []
    if code and not find:
        here = await roster.opening(reader.session, reader.member, role, code)
        top = [[Button(_("All of %(place)s", place=here.place.name), Choose(draft, code))]] if here.final else []
    text = _("👉 Where? Press the place, or write a part of its name.")
    if not found and not top:
        text = _("There is no such place in your area. Write a part of its name.")
    leads = rows([_opening(draft, each) for each in found])
    turns = pages(leads, args.get("page", 0), lambda page: Look(draft, code, page))
    higher = [Button(_("Back"), Look(draft, "", 0))] if find or code not in ("", *own) else []
    return Screen(text, [*top, *turns, [*higher, _cancel(reader, int(args.get("person", 0)))]])


async def _openings(reader: Reader, role: Role, codes: Sequence[str], find: str, inside: bool) -> list[Opening]:
    session, me = reader.session, reader.member
    if find or inside:
        return [found for code in codes for found in await roster.openings(session, me, role, code, find)]
    return [await roster.opening(session, me, role, code) for code in codes]


def _opening(draft: int, found: Opening) -> Button:
    ends = found.final and not found.deeper
    code = found.place.code
    return Button(found.place.name, Choose(draft, code) if ends else Look(draft, code, 0))


async def change_screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """What is wrong with an entry: a name or phone to be typed, a post to be tapped."""
    _ = reader.words
    card = await roster.card(reader.session, reader.member, int(args["person"]))
    name = safe(card.name)
    text = {
        "name": _("✍️ Write the right name of <b>%(name)s</b> in one message.", name=name),
        "phone": _("✍️ Write the right phone number of <b>%(name)s</b>. They join again with it.", name=name),
        "move": _("Which post of <b>%(name)s</b> moves?", name=name),
        "end": _("Which post of <b>%(name)s</b> ends? Who holds none is sent nothing any more.", name=name),
    }[args["what"]]
    return Screen(text, [*_posts(reader, card, args["what"]), [Button(_("Back"), GiveUp(card.id))]])


def _posts(reader: Reader, card: Card, what: str) -> list[list[Button]]:
    _ = reader.words
    if what not in ("move", "end"):
        return []
    mark, deed = ("➡️", Move) if what == "move" else ("❌", End)
    seats = roster.endable(reader.member, card)
    each = [
        [Button(f"{mark} {s.region_name} {_(ROLE_NAMES[s.role])}", deed(card.id, s.role, s.region_code))] for s in seats
    ]
    every = [[Button("❌ " + _("All of them"), End(card.id, "", ""))]] if what == "end" and len(seats) > 1 else []
    return [*each, *every]
