"""A patrol: every photo is a report of its own; at the end all are looked through on one screen, and sent at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers.kit import Act, Button, Reader, Screen, rows
from handlers.kit.case import STEPS, Open, place_line
from handlers.report.draft import REPORTERS
from handlers.report.presses import Clear, Drop, Pick, Review, SendAll
from handlers.report.screen import guesses
from locales.content import categories, kind, kinds
from models import response
from models.people.rules import Me
from models.report import actions as reports
from models.report import intake, marks, views
from models.report.rules import Part, Severity, Status
from models.report.views import View
from models.report.zero import DUTY

SHOWN = 20  # reports with buttons of their own; more would pass Telegram's hundred buttons
KINDS = 6  # likely kinds offered before the whole list


async def patrol(act: Act) -> None:
    """/patrol begins a round, and ends it."""
    act.me.seat(*REPORTERS)
    current = await intake.open_patrol(act.session, act.me)
    if current is None:
        await act.answered()
        await intake.start_patrol(act.session, act.now, act.me)
        await act.say("report.patrol")
        return
    await intake.end_patrol(act.session, act.now, act.me)
    await act.show("report.review", slot=f"patrol:{current.id}", patrol=current.id)


async def _again(act: Act, patrol_id: int, **args: Any) -> None:
    await act.show("report.review", slot=f"patrol:{patrol_id}", patrol=patrol_id, **args)


async def look(act: Act, press: Review) -> None:
    """The round's screen as it is now, or the kinds for one of its reports."""
    await _again(act, press.patrol, report=press.report, letter=press.letter)


async def pick(act: Act, press: Pick) -> None:
    """The kind of one report."""
    await marks.name_kind(act.session, act.now, act.me, press.report, press.kind, {entry.code for entry in kinds()})
    await _again(act, press.patrol)


async def drop(act: Act, press: Drop) -> None:
    """One report is taken out, once that was meant."""
    if press.sure:
        await reports.withdraw(act.session, act.now, act.policy, act.me, press.report)
        await _again(act, press.patrol)
    else:
        await _again(act, press.patrol, drop=press.report)


async def send_all(act: Act, press: SendAll) -> None:
    """Send every report of the round that lacks nothing but its kind, with the guess for it."""
    known, sent = {entry.code for entry in kinds()}, 0
    reader = Reader(act.session, act.now, act.words, act.zone, act.me, act.house, act.policy)
    for report_id in await intake.patrol_drafts(act.session, act.me, press.patrol):
        view = await views.look(act.session, act.me, report_id)
        if ready(view):
            likely = guesses(reader, view)[0]
            hint = Severity(kind(likely).hint)
            await response.submit(act.session, act.now, act.policy, act.me, report_id, likely, known, hint)
            sent += 1
    act.toast = act.words.n("%(n)s report sent.", "%(n)s reports sent.", sent)
    await _again(act, press.patrol)


def ready(view: View) -> bool:
    """Whether one tap can send it: nothing is missing but its kind, for which there is a guess."""
    return view.missing in ((), (Part.KIND,)) and not view.wants_after


# --- screens ----------------------------------------------------------------------------------------------------------


async def begun(reader: Reader, _args: dict[str, Any]) -> Screen:
    """The round has begun."""
    _ = reader.words
    return Screen(_("🚶 Patrol begun: every photo is a report of its own. Send a place after each. /patrol ends it."))


async def review(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The round's reports, a line each, and one tap for all that are ready; or the kinds for one of them."""
    if reader.me is None:
        return None
    patrol_id, chosen = int(args["patrol"]), int(args.get("report", 0))
    found = await _of_round(reader, reader.me, patrol_id)
    left = [view for view in found if view.status is Status.DRAFT]
    for view in left:
        if view.id == chosen:
            return _kinds(reader, view, patrol_id, str(args.get("letter", "")))
    if not left:
        return _over(reader, reader.me, found, patrol_id)
    return _listed(reader, found, left, patrol_id, int(args.get("drop", 0)))


async def _of_round(reader: Reader, me: Me, patrol_id: int) -> list[View]:
    ids = await intake.patrol_reports(reader.session, me, patrol_id)
    return [await views.look(reader.session, me, report_id) for report_id in ids]


def _listed(reader: Reader, found: Sequence[View], left: Sequence[View], patrol_id: int, dropping: int) -> Screen:
    _ = reader.words
    head = _.n("🚶 Patrol ended: %(n)s report to review", "🚶 Patrol ended: %(n)s reports to review", len(left))
    lines = [_line(reader, view) for view in found]
    buttons = [_buttons(reader, view, patrol_id, dropping) for view in left[:SHOWN]]
    if any(ready(view) for view in left):
        buttons.insert(0, [Button("✅ " + _("Send all"), SendAll(patrol_id))])
    if not all(ready(view) for view in left):
        lines.append(_("🟡 Something is missing: open it and send what it asks for."))
    return Screen("\n".join([head, *lines]), buttons)


def _line(reader: Reader, view: View) -> str:
    """State, number, kind, place, photos: everything by which one tells it from the others."""
    _ = reader.words
    if view.status is Status.DRAFT:
        state, mark = "", "🟢" if ready(view) else "🟡"
    else:
        state, mark = " · " + _(STEPS[view.status]), "✅"
        mark = "↩️" if view.status in (Status.WITHDRAWN, Status.REJECTED) else mark
    where = place_line(reader, view) if view.source else _("place missing")
    photos = len(view.photos) + len(view.files)
    return f"{mark} {view.number} · {_name(reader, view)}{state}\n      📍 {where} · 📷 {photos}"


def _name(reader: Reader, view: View) -> str:
    return kind(guesses(reader, view)[0]).name(reader.words.locale)


def _buttons(reader: Reader, view: View, patrol_id: int, dropping: int) -> list[Button]:
    _, short = reader.words, view.number[-6:-2]
    if view.id == dropping:
        yes = Button("🗑 " + _("Take %(number)s out", number=short), Drop(patrol_id, view.id, 1))
        return [yes, Button(_("Keep"), Review(patrol_id, 0, ""))]
    change = Button(f"{short} {_name(reader, view)}", Review(patrol_id, view.id, ""))
    open_it = [] if ready(view) else [Button(_("Open"), Open(view.id))]
    return [change, *open_it, Button("🗑", Drop(patrol_id, view.id, 0))]


def _kinds(reader: Reader, view: View, patrol_id: int, letter: str) -> Screen:
    """Which kind one of them is; one tap and the round's screen is back."""
    _ = reader.words
    if letter == "-":
        found = [Button(c.name(_.locale), Review(patrol_id, view.id, c.letter)) for c in categories()]
    else:
        codes = [k.code for k in kinds() if k.letter == letter] if letter else guesses(reader, view)[:KINDS]
        found = [Button(kind(code).name(_.locale), Pick(patrol_id, view.id, code)) for code in codes]
    other = [] if letter else [Button(_("Other kinds…"), Review(patrol_id, view.id, "-"))]
    last = [*other, Button(_("Open"), Open(view.id)), Button(_("Back"), Review(patrol_id, 0, ""))]
    return Screen("\n\n".join([_line(reader, view), _("👉 Which kind is it?")]), [*rows(found), last])


def _over(reader: Reader, me: Me, found: Sequence[View], patrol_id: int) -> Screen:
    """Nothing is left to send: what was sent, or that nothing was found, which one tap makes a zero report."""
    _ = reader.words
    if any(view.status is not Status.WITHDRAWN for view in found):
        text = _("🚶 Patrol ended; nothing is left to send.")
        return Screen("\n".join([text, *(_line(reader, view) for view in found)]))
    offer = [[Button("✅ " + _("Nothing found today"), Clear(patrol_id))]] if me.holds(*DUTY) else []
    return Screen(_("🚶 Patrol ended without findings."), offer)
