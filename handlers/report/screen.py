"""The reporter's screen: what is there, the next missing part, the guessed kinds, and what became of it."""

from __future__ import annotations

from typing import Any

from handlers.kit import Button, Reader, Screen, rows
from handlers.kit.case import summary
from handlers.report import alike, marks, outcome
from handlers.report.lines import fate
from handlers.report.presses import (
    Alarm,
    Another,
    Confirm,
    HereAbouts,
    Kinds,
    NoPhoto,
    Replace,
    Review,
    Toggle,
    Withdraw,
)  # fmt: skip
from locales import N_
from locales.content import categories, kind, kinds
from models.report import rules, views
from models.report.rules import KindFacts, Part, Severity, Status
from models.report.views import View

GUESSES = 5  # kinds offered on the confirming screen, the likeliest in a row of its own
SAFETY = N_("⚠️ Keep yourself safe first. Call now: 110 · 119 · 120 · forest fire 12119.")
QUESTIONS = {"danger": N_("Hurt or trapped"), "exposed": N_("Inhabited"), "growing": N_("Worsening")}


async def instructions(reader: Reader, _args: dict[str, Any]) -> Screen:
    """What to send, safety first."""
    _ = reader.words
    return Screen(
        _(SAFETY)
        + "\n\n"
        + _("📷 Send a photo (several are fine) and 📍 your place, in any order. Then one tap, and it is reported.")
        + "\n"
        + marks.hotlines(reader),
        [marks.begin(reader)],
    )


async def screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The reporter's own report as it stands at this moment."""
    if reader.me is None:
        return None
    view = await views.look(reader.session, reader.me, int(args["report"]))
    text = [*summary(reader, view), *marks.lines(reader, view)]
    if view.danger or view.severity is Severity.E:
        text = [reader.words(SAFETY), "", *text]
    if view.status is Status.SUBMITTED:
        return _sent(reader, view, [*text, "", fate(reader, view), *await outcome.waiting(reader, view)])
    if view.status is not Status.DRAFT:
        became, buttons = await outcome.lines(reader, view)
        return Screen("\n".join([*text, "", *became, *await alike.outcome(reader, view)]), buttons)
    ask, buttons = _next_question(reader, view, letter := args.get("letter", ""))
    known, offers = ([], []) if letter else await alike.question(reader, view, guesses(reader, view)[:GUESSES])
    if view.severity is Severity.E:
        ask = reader.words("❗ What is there goes to the officers within minutes, or at once by 🆘.") + "\n" + ask
    return Screen("\n".join([*text, "", *known, ask]), [*offers, *buttons, *_ways_out(reader, view)])


async def reminder(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The one reminder of an unfinished report: the same screen, with what happens next."""
    shown = await screen(reader, args)
    if shown is None or not shown.buttons:
        return None
    note = reader.words("⏰ This report is not finished yet. Without an answer it goes to the township as it is.")
    if (await views.look(reader.session, reader.member, int(args["report"]))).confidential:
        note = reader.words("⏰ This report is not finished yet. Without an answer it goes to the county as it is.")
    return Screen(f"{note}\n\n{shown.text}", shown.buttons)


def _sent(reader: Reader, view: View, text: list[str]) -> Screen:
    """Sent, not decided: what is still missing may follow, and second thoughts are possible for a while."""
    _, lines = reader.words, text
    buttons: list[list[Button]] = []
    if view.missing or view.wants_after:
        ask, buttons = _next_question(reader, view, "")
        lines = [*text, ask]
    last = [Button(_("Withdraw"), Withdraw(view.id))]
    if view.closed_at is None:
        last.append(Button(_("➕ Another one"), Another(view.id)))
    last += outcome.nudge(reader, view)
    return Screen("\n".join(lines), [*buttons, last])


def _ways_out(reader: Reader, view: View) -> list[list[Button]]:
    _ = reader.words
    wrong = [Button(_("Wrong place"), Replace(view.id))] if view.source else []
    last = [Button("🆘 " + _("Life in danger"), Alarm(view.id)), *wrong, Button(_("Withdraw"), Withdraw(view.id))]
    back = [[Button("🚶 " + _("Back to the patrol"), Review(view.patrol_id, 0, ""))]] if view.patrol_id else []
    return [marks.toggles(reader, view), last, *back]


def _next_question(reader: Reader, view: View, letter: str) -> tuple[str, list[list[Button]]]:
    _ = reader.words
    missing = view.missing[0] if view.missing else Part.KIND
    if missing is Part.PLACE:
        text = _("👉 Now the place: press <b>📍 Send my place</b> below.")
        return text, [[Button(_("In %(village)s, no exact place", village=view.village), HereAbouts(view.id))]]
    if missing is Part.PHOTO:
        first = view.on_spot and not view.after
        ask = _("👉 First a photo of how it was.") if first else _("👉 Now a photo, please.")
        return ask, [[Button(_("No photo"), NoPhoto(view.id))]]
    if view.wants_after:
        return marks.ask_after(reader, view)
    if letter == "-":
        heads = [Button(c.name(_.locale), Kinds(view.id, c.letter)) for c in categories()]
        return _("👉 Which kind is it?"), [*rows(heads), [Button(_("Back"), Kinds(view.id, ""))]]
    if letter:
        names = [Button(k.name(_.locale), Confirm(view.id, k.code)) for k in kinds() if k.letter == letter]
        back = [Button(_("Back"), Kinds(view.id, "-"))]
        return _("👉 Which kind is it? One tap sends the report."), [*rows(names), back]
    sent = view.status is Status.SUBMITTED
    return _("👉 What is it?") if sent else _("👉 What is it? One tap sends the report."), _guesses(reader, view)


def _guesses(reader: Reader, view: View) -> list[list[Button]]:
    _ = reader.words
    first, *others = guesses(reader, view)[:GUESSES]
    likely = Button("✅ " + kind(first).name(_.locale), Confirm(view.id, first))
    rest = [Button(kind(code).name(_.locale), Confirm(view.id, code)) for code in others]
    grave = rules.asks_severity(Severity(kind(first).worst))
    return [[likely], *rows(rest), *([_questions(reader, view)] if grave else []), _more(reader, view)]


def _more(reader: Reader, view: View) -> list[Button]:
    return [Button(reader.words("Other kinds…"), Kinds(view.id, "-"))]


def _questions(reader: Reader, view: View) -> list[Button]:
    """The severity questions as toggles (domain 6.1), answered before the tap on the kind."""
    answers = {"danger": view.danger, "exposed": view.exposed, "growing": view.growing}
    return [
        Button(("☑️ " if answers[name] else "⬜ ") + reader.words(label), Toggle(view.id, name))
        for name, label in QUESTIONS.items()
    ]


def guesses(reader: Reader, view: View) -> list[str]:
    """All kinds, the likeliest first; one that was chosen already stays in front."""
    month = reader.now.astimezone(reader.zone).month
    facts = [KindFacts(k.code, (*k.words, *k.words_en), k.months, k.common) for k in kinds()]
    found = rules.guess(facts, view.words, month, view.recent)
    return [view.kind, *(code for code in found if code != view.kind)] if view.kind else found
