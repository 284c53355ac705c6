"""Lines about a report that its reporter and its officers read alike."""

from __future__ import annotations

from handlers.kit import Reader, safe
from locales import N_
from locales.content import kind
from models.report.rules import PlaceSource, RejectReason, Severity, Status
from models.report.views import View

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


def summary(reader: Reader, view: View) -> list[str]:
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
        lines.append("📍 " + _place_line(reader, view))
    if view.words:
        lines.append("💬 " + safe(view.words, 200))
    return lines


def _place_line(reader: Reader, view: View) -> str:
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


def fate(reader: Reader, view: View) -> str:
    _ = reader.words
    if view.status is Status.SUBMITTED and view.submitted_at:
        return "✅ " + _(
            "Reported at %(time)s to the officers of %(township)s. Their decision will stand here.",
            time=reader.time(view.submitted_at), township=view.township,
        )  # fmt: skip
    if view.status is Status.WITHDRAWN:
        return "↩️ " + _("Withdrawn.")
    return _decision(reader, view)


def _decision(reader: Reader, view: View) -> str:
    _ = reader.words
    assert view.decided_at is not None
    who = {"name": safe(view.decided_by or ""), "time": reader.time(view.decided_at)}
    if view.status is Status.ACCEPTED:
        return "🟢 " + _("Accepted by %(name)s at %(time)s.", **who)
    reason = safe(view.reject_words) or _(REASONS[view.reject_reason or RejectReason.OTHER])
    return "🔴 " + _("Rejected by %(name)s at %(time)s: %(reason)s", **who, reason=reason)
