"""A patrol: every photo is a report of its own, and all are sent with one tap from one screen at the end."""

from __future__ import annotations

from typing import Any

from handlers.kit import Act, Button, Reader, Screen
from handlers.report.draft import REPORTERS
from handlers.report.presses import Open, SendAll
from handlers.report.screen import guesses
from locales.content import kind, kinds
from models.report import actions as reports
from models.report import intake, views
from models.report.rules import Part, Severity


async def patrol(act: Act) -> None:
    """/patrol begins a round, and ends it."""
    act.me.seat(*REPORTERS)
    current = await intake.open_patrol(act.session, act.me)
    if current is None:
        await intake.start_patrol(act.session, act.now, act.me)
        await act.say("report.patrol")
        return
    await intake.end_patrol(act.session, act.now, act.me)
    await act.show("report.review", slot=f"patrol:{current.id}", patrol=current.id)


async def send_all(act: Act, press: SendAll) -> None:
    """Send every report of the round that lacks nothing but its kind, with the guess for it."""
    known = {entry.code for entry in kinds()}
    reader = Reader(act.session, act.now, act.words, act.zone, act.me, act.house)
    for report_id in await intake.patrol_drafts(act.session, act.me, press.patrol):
        view = await views.look(act.session, act.me, report_id)
        if view.missing in ((), (Part.KIND,)):
            likely = guesses(reader, view)[0]
            hint = Severity(kind(likely).hint)
            await reports.submit(act.session, act.now, act.policy, act.me, report_id, likely, known, hint)
    act.toast = act.words("Sent.")
    await act.show("report.review", slot=f"patrol:{press.patrol}", follow=False, patrol=press.patrol)


async def begun(reader: Reader, _args: dict[str, Any]) -> Screen:
    """The round has begun."""
    _ = reader.words
    return Screen(_("🚶 Patrol begun: every photo is a report of its own. Send a place after each. /patrol ends it."))


async def review(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The round's unfinished reports, a line each, and one tap for all of them."""
    if reader.me is None:
        return None
    _ = reader.words
    left = [
        await views.look(reader.session, reader.me, report_id)
        for report_id in await intake.patrol_drafts(reader.session, reader.me, int(args["patrol"]))
    ]
    if not left:
        return Screen(_("🚶 Patrol ended; nothing is left to send."))
    lines, buttons = [], []
    for view in left:
        ready = view.missing in ((), (Part.KIND,))
        name = kind(guesses(reader, view)[0]).name(_.locale)
        lines.append(f"{'🟢' if ready else '🟡'} {view.number} · {name}")
        buttons.append([Button(f"{view.number[-6:]} {name}", Open(view.id))])
    send = [Button("✅ " + _("Send all"), SendAll(int(args["patrol"])))]
    head = _.n("🚶 Patrol ended: %(n)s report to review", "🚶 Patrol ended: %(n)s reports to review", len(left))
    return Screen("\n".join([head, *lines]), [send, *buttons[:20]])
