"""Words about a report and the case it becomes, which its reporter and its officers read alike. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.kit.lines import safe
from handlers.kit.press import Press
from handlers.kit.reader import Reader
from locales import N_
from locales.content import kind
from models.report.rules import PlaceSource, RejectReason, Severity, Status
from models.report.views import View


@dataclass(frozen=True)
class Open(Press):
    """Bring a case to the bottom of the chat: the reporter's own screen, or the card."""

    code = "ro"
    report: int


@dataclass(frozen=True)
class Nudge(Press):
    """一键催办"""

    code = "hn"
    report: int


@dataclass(frozen=True)
class Answer(Press):
    """满意 1, 没解决 0."""

    code = "ho"
    report: int
    yes: int


@dataclass(frozen=True)
class Compare(Press):
    """Send the photos before and after mending as one album."""

    code = "hab"
    report: int


MARKS = {Severity.E: "🔴", Severity.M: "🟠", Severity.L: "🟡", Severity.G: "🔵"}
GRADES = {
    Severity.E: N_("emergency"),
    Severity.M: N_("major"),
    Severity.L: N_("considerable"),
    Severity.G: N_("minor"),
}
ANSWERS = {
    "danger": N_("Somebody hurt or trapped"),
    "exposed": N_("People live or work there"),
    "growing": N_("It is getting worse"),
}
REASONS = {
    RejectReason.NOT_FOUND: N_("Not there"),
    RejectReason.UNCLEAR: N_("Photo unclear"),
    RejectReason.ELSEWHERE: N_("Not our area"),
    RejectReason.KNOWN: N_("Known already"),
    RejectReason.OTHER: N_("Other…"),
}
STEPS = {
    Status.SUBMITTED: N_("to be verified"),
    Status.ACCEPTED: N_("verified, not registered yet"),
    Status.REGISTERED: N_("to be assigned"),
    Status.TRANSFERRED: N_("with the department"),
    Status.ASSIGNED: N_("being mended"),
    Status.FIXED: N_("to be checked"),
    Status.CLOSED: N_("closed"),
    Status.REJECTED: N_("rejected"),
    Status.WITHDRAWN: N_("withdrawn"),
    Status.DUPLICATE: N_("joined to another"),
    Status.DRAFT: N_("not sent yet"),
}


def summary(reader: Reader, view: View) -> list[str]:
    """What was reported, a line each: number, grade and kind, what makes it urgent, what came with it, place, words."""
    _ = reader.words
    lines = [f"📄 <b>{view.number}</b>"]
    if view.kind or view.severity:
        name = kind(view.kind).name(_.locale) if view.kind else _("kind not yet known")
        lines.append(f"{MARKS[view.severity]} {_(GRADES[view.severity])} · {name}" if view.severity else f"⚠️ {name}")
    if view.incomplete and view.missing:
        lines.append("🟨 " + _("to be completed"))
    told = [_(ANSWERS[name]) for name in ANSWERS if getattr(view, name)]
    if told:
        lines.append("❗ " + " · ".join(told))
    if view.photos or view.files:
        lines.append("📷 " + _.n("%(n)s photo", "%(n)s photos", len(view.photos) + len(view.files)))
    if view.voices:
        lines.append("🎤 " + _.n("%(n)s voice note", "%(n)s voice notes", len(view.voices)))
    if view.lost:
        lines.append("⚠️ " + _.n("%(n)s file could not be kept", "%(n)s files could not be kept", view.lost))
    if view.source is not None:
        lines.append("📍 " + place_line(reader, view))
    if view.words:
        lines.append("💬 " + safe(view.words, 200))
    return lines


def place_line(reader: Reader, view: View) -> str:
    """Where it is, and how sure that is: GPS with its metres, a venue, the picture's place, or the village only."""
    _ = reader.words
    where = f"{view.township} {view.village}" if view.village != view.township else view.township
    if view.source is PlaceSource.VILLAGE:
        return _("%(where)s (only the village is known)", where=where)
    if view.source is PlaceSource.VENUE:
        return f"{where} · {safe(view.place_words, 80)}"
    if view.source is PlaceSource.EXIF:
        return _("%(where)s (as the picture says)", where=where)
    if view.accuracy:
        return _("%(where)s (exact to %(metres)s m)", where=where, metres=round(view.accuracy))
    return where
