"""What a card says: the six steps, who holds it and until when, its proof, what lies near. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers.hazard.show import FIVES, PLATES
from handlers.kit import Reader, safe
from handlers.kit.case import GRADES, summary
from handlers.kit.case import MARKS as COLOURS
from handlers.kit.progress import DONE, LATE, accepted, bar, ended, held, proof, why_words
from handlers.kit.progress import step as step
from locales.content import kind
from models.hazard.rules import major
from models.hazard.views import Near, Sight
from models.report.rules import Status


def card(reader: Reader, sight: Sight, hints: Sequence[str] = ()) -> list[str]:
    """Everything a card says, a line each; `hints` are about what may be the same."""
    view = sight.report
    found = summary(reader, view)
    found += _who(reader, sight)
    found += hints
    found += [_near(reader, each) for each in sight.near if not any(each.number in hint for hint in hints)]
    found.append("")
    found += bar(reader, view.status) + ended(reader, sight)
    if view.status in (Status.ACCEPTED, Status.REGISTERED):
        found += accepted(reader, view)
    if sight.holder is not None:
        found += held(reader, sight.holder)
    found += _mending(reader, sight) + _major(reader, sight)
    return found


def _who(reader: Reader, sight: Sight) -> list[str]:
    _, view = reader.words, sight.report
    found = []
    if view.submitted_at:
        who = safe(view.reporter) if view.reporter else _("reporter not shown")
        found.append(f"👤 {who} · {reader.time(view.submitted_at)}")
    if view.confidential:
        found.append("🔒 " + _("Confidential: only the county and the reporter know who reported it."))
    if view.on_spot:
        found.append("🔧 " + _("Mended on the spot by its finder."))
        if view.after and not sight.round:
            found.append("📸 " + _.n("%(n)s photo after", "%(n)s photos after", len(view.after)))
    if sight.supporters:
        text = _.n("%(n)s other person reported it too", "%(n)s others reported it too", sight.supporters)
        found.append("➕ " + text)
    if sight.relapsed:
        found.append("♻️ " + _("Came again after it was closed."))
    elif sight.reopened:
        found.append("♻️ " + _.n("Reopened %(n)s time", "Reopened %(n)s times", sight.reopened))
    return found


def _near(reader: Reader, near: Near) -> str:
    _ = reader.words
    name = kind(near.kind).name(_.locale) if near.kind else _("kind not yet known")
    where = _("%(metres)s m away: %(kind)s, %(state)s", metres=round(near.metres), kind=name,
              state=step(reader, near.status))  # fmt: skip
    return f"🧭 {where} ({near.number[-6:]})"


SHOWN = (Status.ASSIGNED, Status.FIXED, Status.CLOSED)  # once it was opened again the old proof proves nothing


def _mending(reader: Reader, sight: Sight) -> list[str]:
    """Who mends it, with which proof, and what was asked."""
    _ = reader.words
    found = []
    if sight.department:
        found.append(f"🏛 {sight.department}")
    if sight.rectifier and sight.report.status is not Status.ASSIGNED:
        found.append("👷 " + _("Mended by %(name)s", name=safe(sight.rectifier)))
    if sight.extended:
        found.append("🗓 " + _.n("Extended %(n)s time", "Extended %(n)s times", sight.extended))
    if sight.wished_days is not None:
        why = safe(why_words(_, sight.wished_why))
        found.append("🙋 " + _.n("Asks for %(n)s more day: %(why)s", "Asks for %(n)s more days: %(why)s",
                                sight.wished_days, why=why))  # fmt: skip
    if sight.report.status in SHOWN:
        found += proof(reader, sight.proof)
    if sight.nudged_at is not None:
        found.append("🔔 " + _("%(name)s pressed to hurry at %(time)s", name=safe(nudger(reader, sight)),
                              time=reader.time(sight.nudged_at)))  # fmt: skip
    return found


def nudger(reader: Reader, sight: Sight) -> str:
    """Who pressed 一键, but for a reporter who is not to be known."""
    hidden = sight.report.reporter_id == sight.nudged_by_id and not sight.report.reporter
    return reader.words("The reporter") if hidden else sight.nudged_by or ""


def _major(reader: Reader, sight: Sight) -> list[str]:
    _ = reader.words
    if not major(sight.report.severity) or sight.report.status not in DONE:
        return []
    found = []
    if sight.plate and sight.plated_at:
        found.append("🏷 " + _("Plate of the %(level)s since %(time)s", level=_(PLATES[sight.plate]),
                              time=reader.time(sight.plated_at)))  # fmt: skip
        if sight.unplated_at:
            found.append("🏷 " + _("Taken down at %(time)s", time=reader.time(sight.unplated_at)))
    found += [f"▫️ {_(label)}: {safe(sight.five[name], 120)}" for name, label in FIVES.items() if sight.five.get(name)]
    return found


def reminder(reader: Reader, sight: Sight, due_at: datetime, mark: str) -> list[str]:
    """The words of a rung: since when it waits, until when, and what being told so late means (M029)."""
    _, view = reader.words, sight.report
    late = due_at < reader.now
    head = _("Overdue since %(time)s", time=reader.time(due_at)) if late else _(
        "Due at %(time)s", time=reader.time(due_at))  # fmt: skip
    found = [f"{'🔴' if late else '⏰'} <b>{step(reader, view.status)}</b> · {head}"]
    if mark:
        found.append("⚠️ " + _("This is noted: %(mark)s.", mark=_(LATE[mark])))
    found += summary(reader, view)
    if sight.holder is not None and reader.member.id not in sight.holder.ids:
        found += held(reader, sight.holder)[:1]
    return found


def nudged(reader: Reader, sight: Sight) -> list[str]:
    """The words of 一键."""
    _, view = reader.words, sight.report
    assert sight.holder is not None
    name = kind(view.kind).name(_.locale) if view.kind else ""
    colour = f"{COLOURS[view.severity]} {_(GRADES[view.severity])} · {name}" if view.severity else name
    head = "🔔 " + _("%(name)s asks you to hurry:", name=safe(nudger(reader, sight)))
    return [head, f"📄 <b>{view.number}</b>", colour, *held(reader, sight.holder)]
