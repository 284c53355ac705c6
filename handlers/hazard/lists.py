"""/mine and /cases: lists of cases with their filters, each case one tap from its card. Decides nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from handlers.hazard.entries import entries, openers
from handlers.kit import Act, Button, Command, Press, Reader, Route, Screen, command, pages, pressed, rows, safe
from handlers.kit.case import GRADES, MARKS
from locales import N_
from locales.content import categories, kind, kinds
from models.hazard import register
from models.hazard.figures import following
from models.hazard.register import Counts, Key, Page, Pick, Scope, Wanted
from models.people import actions as people
from models.people.actions import Place
from models.people.rules import Level, Role, sees
from models.refused import Refused
from models.report.rules import Severity

SLOT = "cases"  # lists and what is found are one message
MINE, MEND = "mine", "mend"
REPORTERS = (Role.GRID_WORKER, Role.VILLAGE_LEAD, Role.TOWNSHIP_OFFICER)

PICKS = {
    "a": Pick.ALL, "o": Pick.OPEN, "l": Pick.LATE, "v": Pick.VERIFY, "s": Pick.ASSIGN, "p": Pick.PASSED,
    "m": Pick.MEND, "k": Pick.CHECK, "d": Pick.CLOSED,
}  # fmt: skip
LABELS = {
    "a": N_("All"), "o": N_("Not closed"), "l": N_("Overdue"), "v": N_("To verify"), "s": N_("To assign"),
    "p": N_("Passed on"), "m": N_("Being mended"), "k": N_("To check"), "d": N_("Closed"),
}  # fmt: skip
STEPWISE = "vspmk"


@dataclass(frozen=True)
class Cases(Press):
    """A list. `where` is an area's code, "mine" or "mend"; `pick` a letter of PICKS, for closed ones with the month,
    such as "d2607"; `grade` and `what` (a kind's code or a category's letter) narrow it; `turn` is the page.
    """

    code = "ll"
    where: str
    pick: str = "o"
    grade: str = ""
    what: str = ""
    turn: str = ""


@dataclass(frozen=True)
class Choose(Press):
    """What the list is to show: `ask` is "grade", "kind", the letter of a category, or a page of places such as "0"."""

    code = "lx"
    where: str
    pick: str
    grade: str
    what: str
    ask: str


@dataclass(frozen=True)
class Seek(Press):
    """Ask for the words to look for."""

    code = "ls"


# --- deeds ------------------------------------------------------------------------------------------------------------


async def mine(act: Act) -> None:
    """/mine: what I reported."""
    _ = act.me
    await _show(act, Cases(MINE, "a"), follow=True)


async def cases(act: Act) -> None:
    """/cases: what is open in my area; for officers the queue they share."""
    own = await register.areas(act.session, act.me)
    await _show(act, Cases(own[0].code if own else MEND), follow=True)


async def turn(act: Act, press: Cases) -> None:
    """Another filter, another page."""
    await _show(act, press)


async def choose(act: Act, press: Choose) -> None:
    """What to choose from."""
    if press.ask not in ("grade", "kind") and not press.ask.isdigit() and not _of(press.ask):
        raise Refused("menu.old_button")
    await _show(act, _list(press), ask=press.ask)


async def _show(act: Act, here: Cases, follow: bool = False, ask: str = "") -> None:
    """Put the list: by a command at the bottom of the chat, by a button where it stands."""
    wanted = _wanted(here, act.now.astimezone(act.zone).date(), act.zone)
    if wanted.scope is Scope.AREA:
        await register.area(act.session, act.me, here.where)
    await act.show("hazard.cases", slot=SLOT, follow=follow, ask=ask, **asdict(here))


def _list(press: Choose) -> Cases:
    return Cases(press.where, press.pick, press.grade, press.what)


def _of(wanted: str) -> tuple[str, ...]:
    """The kinds of a category by its letter, or one kind by its code."""
    return tuple(each.code for each in kinds() if wanted in (each.letter, each.code))


def _wanted(here: Cases, today: date, zone: Any) -> Wanted:
    """What a button asks for. Refused when nobody knows what it means any more."""
    pick, codes = PICKS.get(here.pick[:1]), _of(here.what)
    month = here.pick[1:] or f"{today:%y%m}"
    known = here.grade in ("", *Severity) and bool(codes or not here.what)
    if pick is None or not known or not re.fullmatch(r"\d\d(0[1-9]|1[0-2])", month):
        raise Refused("menu.old_button")
    first = date(2000 + int(month[:2]), int(month[2:]), 1)
    since, until = (datetime.combine(day, time(), zone) for day in (first, following(first)))
    scope = Scope(here.where) if here.where in (MINE, MEND) else Scope.AREA
    grade = Severity(here.grade) if here.grade else None
    code = here.where if scope is Scope.AREA else ""
    return Wanted(scope, pick, code, grade, codes, since, until)


# --- pages ------------------------------------------------------------------------------------------------------------

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _brief(value: int) -> str:
    """A whole number, briefly: a button holds 64 bytes."""
    found, left = "", abs(value)
    while left or not found:
        left, digit = divmod(left, 36)
        found = DIGITS[digit] + found
    return "-" + found if value < 0 else found


def packed(back: bool, at: int, key: Key) -> str:
    """Page `at`, which begins behind this key, or ends before it."""
    return "" if at == 0 else ".".join([("<" if back else ">") + _brief(at), *(_brief(value) for value in key)])


def unpacked(turn: str) -> tuple[int, Key, bool]:
    """The way back: page, key, whether it ends there. What nobody understands is the first page."""
    if not re.fullmatch(r"[<>][0-9a-z]{1,4}(\.-?[0-9a-z]{1,11}){1,8}", turn):
        return 0, (), False
    at, *key = turn[1:].split(".")
    return int(at, 36), tuple(int(value, 36) for value in key), turn[0] == "<"


async def _page(reader: Reader, here: Cases, wanted: Wanted) -> tuple[Page, int]:
    """The rows, and which page they are; from the top when those behind the key are all gone."""
    at, key, back = unpacked(here.turn)
    found = await register.page(reader.session, reader.now, reader.member, wanted, key, back)
    if found.rows or not key:
        return found, at
    return await register.page(reader.session, reader.now, reader.member, wanted), 0


def _turns(here: Cases, page: Page, at: int, total: int) -> list[Button]:
    last = max(total - 1, 0) // register.PAGE
    found = []
    if page.before:
        found.append(Button(f"◀ {at}/{last + 1}", replace(here, turn=packed(True, max(at - 1, 0), page.first))))
    if page.after:
        found.append(
            Button(f"{at + 2}/{max(last, at + 1) + 1} ▶", replace(here, turn=packed(False, at + 1, page.last)))
        )
    return found


# --- the list ---------------------------------------------------------------------------------------------------------


async def screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A list as it is at this moment, or a choice for it."""
    if reader.me is None:
        return None
    here = Cases(**{name: str(args[name]) for name in ("where", "pick", "grade", "what", "turn")})
    if ask := str(args.get("ask", "")):
        return await _ask(reader, here, ask)
    today = reader.now.astimezone(reader.zone).date()
    wanted = _wanted(here, today, reader.zone)
    counts = await register.counts(reader.session, reader.now, reader.me, wanted)
    page, at = await _page(reader, here, wanted)
    place = await people.place(reader.session, wanted.code) if wanted.code else None
    own = await register.areas(reader.session, reader.me)
    text = [_head(reader, here, place, counts, wanted), *entries(reader, page.rows, place or next(iter(own), None))]
    if not page.rows:
        text.append(reader.words("None.") + (" 👍" if here.pick in ("o", "l") else ""))
    first = replace(here, turn="")
    buttons = [
        *openers(reader, page.rows),
        _turns(here, page, at, counts.of(wanted.pick)),
        *_months(first, wanted, today),
        *_filters(reader, first, wanted, counts),
        _tools(reader, first, wanted),
        *await _ways(reader, first, place, own),
    ]
    return Screen("\n".join(text), [row for row in buttons if row])


def _head(reader: Reader, here: Cases, place: Place | None, counts: Counts, wanted: Wanted) -> str:
    """Whose list, which filter, how many."""
    _ = reader.words
    title = place.name if place else _("Reported by me") if here.where == MINE else _("For me to mend")
    found = [f"📋 <b>{safe(title)}</b>", f"{_(LABELS[here.pick[0]])} {counts.of(wanted.pick)}"]
    if wanted.monthly:
        found[1] = f"{wanted.since:%Y-%m} {found[1]}"
    if wanted.pick is Pick.OPEN and counts.late:
        found.append(f"{_(LABELS['l'])} {counts.late}")
    if wanted.grade:
        found.append(f"{MARKS[wanted.grade]} {_(GRADES[wanted.grade])}")
    if here.what:
        found.append(safe(_kind_name(reader, here.what)))
    return " · ".join(found)


def _kind_name(reader: Reader, wanted: str) -> str:
    names = {each.letter: each for each in categories()}
    return (names[wanted] if wanted in names else kind(wanted)).name(reader.words.locale)


# --- the ways on ------------------------------------------------------------------------------------------------------


def _months(here: Cases, wanted: Wanted, today: date) -> list[list[Button]]:
    """What was closed is leafed through by months: each costs what happened in it."""
    if not wanted.monthly:
        return []
    before, after = (wanted.since - timedelta(days=1)).date(), wanted.until.date()
    found = [Button(f"◀ {before:%Y-%m}", replace(here, pick=f"d{before:%y%m}"))]
    if after <= today:
        found.append(Button(f"{after:%Y-%m} ▶", replace(here, pick=f"d{after:%y%m}")))
    return [found]


def _filters(reader: Reader, here: Cases, wanted: Wanted, counts: Counts) -> list[list[Button]]:
    """The filters, each with how many it shows; a step at which nothing stands is left out."""
    first = {Scope.MINE: "aod", Scope.MEND: "old", Scope.AREA: "old"}[wanted.scope]

    def chip(letter: str) -> Button:
        chosen, label = here.pick[0] == letter, reader.words(LABELS[letter])
        counted = letter != "d" or wanted.monthly or wanted.scope is not Scope.AREA
        many = f" {counts.of(PICKS[letter])}" if counted else ""
        return Button(("✓ " if chosen else "") + label + many, replace(here, pick=letter))

    def wants(letter: str) -> bool:
        return letter in "aod" or here.pick[0] == letter or counts.of(PICKS[letter]) > 0

    steps = [chip(letter) for letter in STEPWISE if wanted.scope is Scope.AREA and wants(letter)]
    return [[chip(letter) for letter in first if wants(letter)], *rows(steps, 3)]


def _tools(reader: Reader, here: Cases, wanted: Wanted) -> list[Button]:
    """Grade, kind and words."""
    _ = reader.words
    find = Button("🔎 " + _("Find…"), Seek())
    if wanted.scope is not Scope.AREA:
        return [find]
    grade = f"{MARKS[wanted.grade]} {_(GRADES[wanted.grade])}" if wanted.grade else _("Grade…")
    what = _kind_name(reader, here.what) if here.what else _("Kind…")
    ways = [(grade, "grade"), (what, "kind")]
    found = [Button(label, Choose(here.where, here.pick, here.grade, here.what, ask)) for label, ask in ways]
    clear = [Button("✖ " + _("Clear"), replace(here, grade="", what=""))] if here.grade or here.what else []
    return [*found, *clear, find]


async def _ways(reader: Reader, here: Cases, place: Place | None, own: Sequence[Place]) -> list[list[Button]]:
    """To the places below and above, to one's own reports, and to what one has to mend."""
    _, me, found = reader.words, reader.member, []
    if place is not None and place.level < Level.VILLAGE:
        label = _("By township") if place.level < Level.TOWNSHIP else _("By village")
        found.append(Button("📂 " + label, Choose(here.where, here.pick, here.grade, here.what, "0")))
    for area in own:
        codes = place.path.strip("/").split("/") if place is not None else []
        above = codes[-2] if len(codes) > 1 and sees(me, f"/{'/'.join(codes[:-1])}/") else area.code
        up = await people.place(reader.session, above) if area.code in codes else area
        if up.code != here.where:
            found.append(Button(("⬆ " if area.code in codes else "🏘 ") + up.name, Cases(up.code)))
    if here.where != MINE and me.holds(*REPORTERS):
        found.append(Button("🙋 " + _("Reported by me"), Cases(MINE, "a")))
    mending = await register.counts(reader.session, reader.now, me, Wanted(Scope.MEND, Pick.OPEN))
    if here.where != MEND and (many := mending.of(Pick.OPEN)):
        found.append(Button("🔧 " + _("For me to mend") + f" {many}", Cases(MEND)))
    return rows(found)


# --- what can be chosen -----------------------------------------------------------------------------------------------


async def _ask(reader: Reader, here: Cases, ask: str) -> Screen:
    """Grades, kinds or places, and the way back."""
    _ = reader.words
    back = [Button(_("Back"), here)]
    if ask.isdigit():
        return await _places(reader, here, int(ask), back)
    if ask == "grade":
        found = [Button(f"{MARKS[each]} {_(GRADES[each])}", replace(here, grade=each)) for each in reversed(Severity)]
        return Screen(_("Which grade?"), [*rows(found), [Button(_("All grades"), replace(here, grade=""))], back])
    if ask == "kind":
        heads = [
            Button(each.name(_.locale), Choose(here.where, here.pick, here.grade, here.what, each.letter))
            for each in categories()
        ]
        return Screen(_("Which kinds?"), [*rows(heads), [Button(_("All kinds"), replace(here, what=""))], back])
    whole = Button(_("All of these"), replace(here, what=ask))
    names = [Button(each.name(_.locale), replace(here, what=each.code)) for each in kinds() if each.letter == ask]
    up = Choose(here.where, here.pick, here.grade, here.what, "kind")
    title = _("Which kinds of %(category)s?", category=safe(_kind_name(reader, ask)))
    return Screen(title, [[whole], *rows(names), [Button(_("Back"), up)]])


async def _places(reader: Reader, here: Cases, page: int, back: list[Button]) -> Screen:
    """The divisions one level down, with what is open there."""
    place = await register.area(reader.session, reader.member, here.where)
    found = await register.below(reader.session, reader.now, reader.member, here.where)
    leads = [
        Button(f"{each.name} {open_}" + (f" 🔴{late}" if late else ""), Cases(each.code)) for each, open_, late in found
    ]
    turns = pages(rows(leads), page, lambda to: Choose(here.where, here.pick, here.grade, here.what, str(to)))
    text = reader.words("📂 <b>%(place)s</b>: open cases, 🔴 of them overdue", place=safe(place.name))
    return Screen(text, [*turns, back])


ROUTES: list[Route] = [command("mine", mine), command("cases", cases), pressed(Cases, turn), pressed(Choose, choose)]
RENDERERS = {"hazard.cases": screen}
COMMANDS = [
    Command("mine", N_("What I reported"), roles=REPORTERS),
    Command("cases", N_("Cases of my area")),
]
