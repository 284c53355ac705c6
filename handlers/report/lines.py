"""To whom a report went, in one line."""

from __future__ import annotations

from handlers.kit import Reader
from models.report.rules import Status
from models.report.views import View


def fate(reader: Reader, view: View) -> str:
    """Where a report that was just sent is now; "" for one that has come further."""
    _ = reader.words
    if view.status is Status.SUBMITTED and view.submitted_at and view.confidential:
        return "✅ " + _(
            "Reported in confidence at %(time)s to the county alone. Its decision will stand here.",
            time=reader.time(view.submitted_at),
        )
    if view.status is Status.SUBMITTED and view.submitted_at:
        return "✅ " + _(
            "Reported at %(time)s to the officers of %(township)s. Their decision will stand here.",
            time=reader.time(view.submitted_at), township=view.township,
        )  # fmt: skip
    return ""
