"""The reporter's side: parts in any order, the next missing one asked for, one tap for the kind."""

from __future__ import annotations

from typing import Any

from telegram import Message

from handlers.kit import Act, Button, Reader, Screen, rows
from handlers.report.card import open_card
from handlers.report.lines import fate, summary
from handlers.report.presses import Confirm, HereAbouts, Kinds, NoPhoto, Withdraw
from locales.content import categories, kind, kinds
from models.people.rules import Role
from models.refused import Refused
from models.report import actions as reports
from models.report import rules
from models.report.actions import PhotoPart, PlacePart, View
from models.report.rules import KindFacts, Part, PlaceSource, Status

GUESSES = 5  # kinds offered on the confirming screen, the likeliest in a row of its own
SHORTEST_WORDS = 4  # fewer characters than this are no report but a greeting or a slip
REPORTERS = (Role.GRID_WORKER, Role.VILLAGE_LEAD, Role.TOWNSHIP_OFFICER)


async def how(act: Act) -> None:
    """/report: what to send."""
    act.me.seat(*REPORTERS)
    await act.say("report.how")


async def take_photo(act: Act) -> None:
    """A photo, alone or of an album; its caption counts as words."""
    photo = act.message.photo[-1]
    part = PhotoPart(photo.file_id, photo.file_unique_id, act.message.media_group_id)
    await _add(act, photo=part, words=act.message.caption or "")


async def take_place(act: Act) -> None:
    """A place: the phone's own position, a pin, or a venue."""
    await _add(act, place=_place_of(act.message))


def _place_of(message: Message) -> PlacePart:
    if message.venue is not None:
        spot = message.venue.location
        words = f"{message.venue.title} {message.venue.address}".strip()
        return PlacePart(spot.latitude, spot.longitude, words=words, source=PlaceSource.VENUE)
    assert message.location is not None
    return PlacePart(message.location.latitude, message.location.longitude, message.location.horizontal_accuracy)


async def take_words(act: Act) -> None:
    """A few words: a report's number opens it, anything else describes a hazard."""
    text = act.message.text or ""
    if rules.looks_like_number(text):
        await open_card(act, await reports.by_number(act.session, act.me, text))
    elif len(text.strip()) < SHORTEST_WORDS or not act.me.holds(*REPORTERS):
        raise Refused("menu.no_form")
    else:
        await _add(act, words=text)


async def _add(act: Act, **parts: Any) -> None:
    await reports.add_part(act.session, act.now, act.policy, act.zone, act.me, **parts)


async def hereabouts(act: Act, press: HereAbouts) -> None:
    """The village instead of an exact place."""
    await reports.use_village(act.session, act.now, act.me, press.report)


async def no_photo(act: Act, press: NoPhoto) -> None:
    """On without a photo."""
    await reports.waive_photo(act.session, act.now, act.me, press.report)


async def confirm(act: Act, press: Confirm) -> None:
    """The kind is confirmed; the report goes off."""
    known = {kind.code for kind in kinds()}
    await reports.submit(act.session, act.now, act.policy, act.me, press.report, press.kind, known)
    act.toast = act.words("Sent.")


async def choose_kind(act: Act, press: Kinds) -> None:
    """Leaf through the kinds."""
    await act.show("report.screen", slot=f"report:{press.report}", report=press.report, letter=press.letter)


async def withdraw(act: Act, press: Withdraw) -> None:
    """Give the report up."""
    await reports.withdraw(act.session, act.now, act.me, press.report)


async def instructions(reader: Reader, _args: dict[str, Any]) -> Screen:
    """What to send, safety first."""
    _ = reader.words
    return Screen(
        _(
            "Keep yourself safe first. Life in danger: 110 · 119 · 120 · forest fire 12119.\n\n"
            "📷 Send a photo (several are fine) and 📍 your place, in any order. Then one tap, and it is reported."
        )
    )


async def screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The reporter's own report as it stands at this moment."""
    if reader.me is None:
        return None
    view = await reports.look(reader.session, reader.me, int(args["report"]))
    if view.status is not Status.DRAFT:
        return Screen("\n".join([*summary(reader, view), "", fate(reader, view)]))
    ask, buttons = _next_question(reader, view, args.get("letter", ""))
    return Screen("\n".join([*summary(reader, view), "", ask]), [*buttons, [_withdraw(reader, view)]])


def _withdraw(reader: Reader, view: View) -> Button:
    return Button(reader.words("Withdraw"), Withdraw(view.id))


def _next_question(reader: Reader, view: View, letter: str) -> tuple[str, list[list[Button]]]:
    _ = reader.words
    missing = view.missing[0] if view.missing else Part.KIND
    if missing is Part.PLACE:
        text = _("👉 Now the place: press <b>📍 Send my place</b> below.")
        return text, [[Button(_("In %(village)s, no exact place", village=view.village), HereAbouts(view.id))]]
    if missing is Part.PHOTO:
        return _("👉 Now a photo, please."), [[Button(_("No photo"), NoPhoto(view.id))]]
    if letter == "-":
        heads = [Button(c.name(_.locale), Kinds(view.id, c.letter)) for c in categories()]
        return _("👉 Which kind is it?"), [*rows(heads), [Button(_("Back"), Kinds(view.id, ""))]]
    if letter:
        names = [Button(k.name(_.locale), Confirm(view.id, k.code)) for k in kinds() if k.letter == letter]
        return _("👉 Which kind is it? One tap sends the report."), [
            *rows(names),
            [Button(_("Back"), Kinds(view.id, "-"))],
        ]
    return _("👉 What is it? One tap sends the report."), _guesses(reader, view)


def _guesses(reader: Reader, view: View) -> list[list[Button]]:
    _ = reader.words
    month = reader.now.astimezone(reader.zone).month
    facts = [KindFacts(k.code, (*k.words, *k.words_en), k.months, k.common) for k in kinds()]
    first, *others = rules.guess(facts, view.words, month, view.recent)[:GUESSES]
    likely = Button("✅ " + kind(first).name(_.locale), Confirm(view.id, first))
    rest = [Button(kind(code).name(_.locale), Confirm(view.id, code)) for code in others]
    return [[likely], *rows(rest), [Button(_("Other kinds…"), Kinds(view.id, "-"))]]
