"""A month in words: whatever the picture shows, for those who cannot see it or have it read to them. Counts nothing."""

from __future__ import annotations

from handlers.kit import safe
from handlers.stats import chart
from handlers.stats.chart import ROWS, Figures, Row, Span
from locales import N_, Words
from models.hazard.figures import Month

LINES = {
    "found": N_("<b>Found in time</b>: finding to report %(value)s (median, %(cases)s); %(past)s"),
    "mended": N_("<b>Mended quickly</b>: assignment to mended %(value)s (median, %(cases)s); %(past)s"),
    "warned": N_("<b>Warned precisely</b>: %(value)s of warnings came true (%(cases)s); %(past)s"),
    "controlled": N_(
        "<b>Kept under control</b>: of %(mending)s being mended %(overdue)s overdue, "
        "%(value)s of these under control measures (%(cases)s); %(past)s"
    ),
    "reopened": N_("<b>Solved for good</b>: so far %(value)s of the closed (%(cases)s); %(past)s"),
}
# Where there was nothing to measure.
NOTHING = {
    "found": N_("<b>Found in time</b>: no data; %(past)s"),
    "mended": N_("<b>Mended quickly</b>: no data; %(past)s"),
    "warned": N_("<b>Warned precisely</b>: no data, for no warnings are kept here yet"),
    "controlled": N_("<b>Kept under control</b>: none overdue of %(mending)s being mended; %(past)s"),
    "reopened": N_("<b>Solved for good</b>: no data; %(past)s"),
}


def caption(figures: Figures, month: Month, words: Words) -> str:
    """HTML of some 500 characters; Telegram takes 1024."""
    _ = words
    flow = _(
        "%(reported)s reported, %(closed)s closed, %(otherwise)s rejected, joined or withdrawn, "
        "%(again)s opened again; %(open)s open at the end",
        reported=month.reported, closed=month.closed, otherwise=month.otherwise, again=month.again, open=month.open,
    )  # fmt: skip
    after = _(
        "Of the closed: %(spot)s mended on the spot, %(looked)s looked at again; reporters: %(satisfied)s content, "
        "%(unsolved)s not",
        spot=month.on_spot, looked=month.looked, satisfied=month.satisfied, unsolved=month.unsolved,
    )  # fmt: skip
    lines = [f"📊 <b>{safe(chart.title(figures, words), 120)}</b>", flow, _weeks(figures.spans, words)]
    lines += ["▪️ " + _demand(row, figures, month, words) for row in ROWS]
    return "\n".join(lines + ([after] if month.closed else []))


def _weeks(spans: tuple[Span, ...], words: Words) -> str:
    _ = words
    each = [
        _("%(first)s–%(last)s: %(reported)s/%(closed)s/%(open)s", first=span.first.day, last=span.last.day,
          reported=span.reported, closed=span.closed, open=span.open)
        for span in spans
    ]  # fmt: skip
    return _("By week, reported/closed/open: %(weeks)s", weeks=" · ".join(each))


def _demand(row: Row, figures: Figures, month: Month, words: Words) -> str:
    """One of the five demands: what it came to, of how many cases, and the month before."""
    _ = words
    measure = getattr(figures, row.field)
    value, before = row.said(measure, words)
    facts = {
        "value": safe(value), "cases": chart.cases(measure.n, words),  # "<1%" is no tag
        "past": safe(chart.past(before, measure, words)),
        "mending": month.mending, "overdue": month.overdue,
    }  # fmt: skip
    return _((NOTHING if measure.value is None else LINES)[row.field], **facts)
