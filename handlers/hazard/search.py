"""/find: cases by a number, a part of one, or words. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from handlers.hazard import card
from handlers.hazard.entries import entries, openers
from handlers.hazard.lists import SLOT, Cases, Seek
from handlers.kit import Act, Button, Command, Press, Reader, Route, Screen, answering, command, pressed, safe
from locales import N_
from locales.content import kinds
from models.hazard import register, search
from models.hazard.search import Word
from models.report import rules, views

MOST_BYTES = 48  # of the words, which a button carries from page to page
MOST_WORDS = 4
STILL = timedelta(minutes=10)  # later words are a report's


@dataclass(frozen=True)
class Found(Press):
    """A page of what these words find."""

    code = "lf"
    words: str
    page: int


# --- deeds ------------------------------------------------------------------------------------------------------------


async def find(act: Act) -> None:
    """/find, with or without the words."""
    words = (act.message.text or "").partition(" ")[2]
    if words.strip():
        await _find(act, words)
    else:
        await _ask(act)


async def seek(act: Act, _press: Seek) -> None:
    """The button of the lists."""
    await _ask(act)


async def _ask(act: Act) -> None:
    _ = act.me
    await act.ask("hazard.find")
    await act.say("hazard.find")


async def asked(act: Act) -> None:
    """The words came."""
    await act.answered()
    await _find(act, act.message.text or "")


async def _find(act: Act, typed: str) -> None:
    """A whole number opens its case; words, or a part of a number, bring a list."""
    if rules.looks_like_number(typed):
        await card.open_card(act, await views.by_number(act.session, act.me, typed))
        return
    words = clean(typed)
    search.check(_words(words))
    await act.show("hazard.found", slot=SLOT, words=words, page=0)


async def leaf(act: Act, press: Found) -> None:
    """Another page."""
    await act.show("hazard.found", slot=SLOT, follow=False, words=press.words, page=press.page)


# --- words ------------------------------------------------------------------------------------------------------------


def clean(typed: str) -> str:
    """As many of the words as a button can carry."""
    words = " ".join(typed.replace("|", " ").split()[:MOST_WORDS])
    return words.encode()[:MOST_BYTES].decode(errors="ignore").strip()


def _words(words: str) -> list[Word]:
    """Each word with the kinds it names, in either language."""
    return [Word(each, _kinds(each.lower())) for each in words.split()]


def _kinds(word: str) -> frozenset[str]:
    """The kinds in whose name a word stands, or that people call by a word in it."""
    if len(word) < search.SHORTEST:
        return frozenset()
    return frozenset(
        each.code
        for each in kinds()
        if word in each.zh or word in each.en.lower() or any(name in word for name in (*each.words, *each.words_en))
        or any(word in name for name in (*each.words, *each.words_en))
    )  # fmt: skip


# --- screens ----------------------------------------------------------------------------------------------------------


async def question(reader: Reader, _args: dict[str, Any]) -> Screen:
    """Ask for words."""
    return Screen(
        reader.words(
            "🔎 What are you looking for? Write it in one message: a number or its end (0620-0007), "
            "a kind, a village, or a word of the report."
        )
    )


async def found(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """What was found, the newest first."""
    if reader.me is None:
        return None
    _, words, page = reader.words, str(args["words"]), max(int(args["page"]), 0)
    answer = await search.search(reader.session, reader.now, reader.me, _words(words), page)
    head = _.n("🔎 <b>%(words)s</b>: %(n)s case", "🔎 <b>%(words)s</b>: %(n)s cases", answer.total, words=safe(words))
    own = await register.areas(reader.session, reader.me)
    text = [head, *entries(reader, answer.rows, own[0] if len(own) == 1 else None)]
    if not answer.total:
        text.append(_("Nothing found. Try fewer or other words, or the end of the number."))
    if answer.cut:
        text.append(_("Only the newest %(n)s cases were looked through; a whole number finds any.", n=search.NEWEST))
    again = [Button("🔎 " + _("Find again"), Seek())]
    again += [Button("📋 " + area.name, Cases(area.code)) for area in own]
    turns = _turns(words, page, (answer.total - 1) // register.PAGE)
    return Screen("\n".join(text), [row for row in (*openers(reader, answer.rows), turns, again[:3]) if row])


def _turns(words: str, page: int, last: int) -> list[Button]:
    around = [(page - 1, f"◀ {page}/{last + 1}"), (page + 1, f"{page + 2}/{last + 1} ▶")]
    return [Button(label, Found(words, to)) for to, label in around if 0 <= to <= last]


ROUTES: list[Route] = [
    command("find", find),
    pressed(Seek, seek),
    pressed(Found, leaf),
    answering("hazard.find", asked, still=STILL),
]
RENDERERS = {"hazard.find": question, "hazard.found": found}
REFUSALS = {
    "register.too_short": N_("Write at least two characters, such as a village, a kind or the end of a number.")
}
COMMANDS = [Command("find", N_("Find a case"))]
