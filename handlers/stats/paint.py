"""Paints a month with matplotlib: axes from zero, nothing without its number of cases. Chooses no numbers.

Importing it takes half a second, so `handlers.stats.chart` does that when the first chart is asked for.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.ticker import MaxNLocator
from pylopdf_fonts_zh_cn import sans_path

from handlers.stats import chart
from handlers.stats.chart import FEW, ROWS, Figures, Measure, Row, Span
from locales import Words

SIZE = (1280, 896)  # pixels; Telegram shows no more of a photo
INCHES = (10, 7)
INK, PALE, TRACK = "#1f2933", "#66727f", "#eceff2"
# Told apart by those who see no red or green, too (Okabe and Ito).
REPORTED, CLOSED, OPEN = "#0072b2", "#009e73", "#d55e00"
NOW, THEN = "#33557a", "#b4bfca"
LABELLED = 8  # spans whose bars have room for their numbers

# A machine may have no Chinese font, or somebody's own settings: the font comes as a package, the rest as shipped.
matplotlib.rcdefaults()
fontManager.addfont(sans_path())
matplotlib.rcParams["font.family"] = FontProperties(fname=sans_path()).get_name()
matplotlib.rcParams["text.parse_math"] = False  # a "$" in a name is a "$"
matplotlib.rcParams["hatch.linewidth"] = 2.0

# matplotlib promises nothing to several threads at once, and keeps 12 MB of font for each that ever painted.
_painter = ThreadPoolExecutor(1, "painter")


def png(figures: Figures, words: Words) -> bytes:
    """The finished picture. The same figures and words give the same bytes. Waits for its turn."""
    return _painter.submit(_png, figures, words).result()


def _png(figures: Figures, words: Words) -> bytes:
    out = io.BytesIO()
    figure(figures, words).savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def figure(figures: Figures, words: Words) -> Figure:
    """Title above, weeks on the left, the five demands on the right."""
    made = Figure(figsize=INCHES, dpi=SIZE[0] / INCHES[0], facecolor="white")
    FigureCanvasAgg(made)
    _head(made, chart.title(figures, words))
    flow = made.add_axes((0.075, 0.47, 0.42, 0.34))
    stock = made.add_axes((0.075, 0.09, 0.42, 0.23))
    _flow(flow, figures.spans, words)
    _stock(stock, figures.spans, words)
    rows = made.add_axes((0.57, 0.05, 0.39, 0.83), xlim=(0, 1), ylim=(len(ROWS), 0))
    rows.axis("off")
    for top, row in enumerate(ROWS):
        _row(rows, top, row, getattr(figures, row.field), words)
    return made


def _head(made: Figure, said: str) -> None:
    """The title, smaller where a long name would leave the picture."""
    head = made.text(0.04, 0.93, said, size=22, color=INK, va="center")
    wide = head.get_window_extent().width / SIZE[0]
    head.set_fontsize(22 * min(1.0, 0.92 / wide))


# --- the weeks --------------------------------------------------------------------------------------------------------


def _flow(axes: Axes, spans: tuple[Span, ...], words: Words) -> None:
    """Reported and closed side by side."""
    _ = words
    reported, closed = [span.reported for span in spans], [span.closed for span in spans]
    _frame(axes, spans, max([*reported, *closed], default=0))
    if not any(reported + closed):
        axes.set_title(_("Reported and closed"), loc="left", size=15, color=INK, pad=12)
        return _nothing(axes, _("nothing reported or closed") if spans else _("no data"))
    for shift, counts, colour in ((-0.2, reported, REPORTED), (0.2, closed, CLOSED)):
        places = [place + shift for place in range(len(spans))]
        bars = axes.bar(places, counts, width=0.36, color=colour)
        if len(spans) <= LABELLED:
            axes.bar_label(bars, padding=2, size=12, color=colour)
    axes.set_title("■ " + _("%(n)s reported", n=sum(reported)), loc="left", size=15, color=REPORTED, pad=12)
    axes.set_title("■ " + _("%(n)s closed", n=sum(closed)), loc="right", size=15, color=CLOSED, pad=12)
    return None


def _stock(axes: Axes, spans: tuple[Span, ...], words: Words) -> None:
    """Open at the end of each week."""
    _ = words
    counts = [span.open for span in spans]
    _frame(axes, spans, max(counts, default=0))
    if not counts:
        axes.set_title(_("Open at the end"), loc="left", size=15, color=INK, pad=12)
        return _nothing(axes, _("no data"))
    dots = 7 if len(spans) <= LABELLED else 0
    axes.plot(range(len(counts)), counts, color=OPEN, marker="o", markersize=dots, linewidth=2, clip_on=False)
    axes.set_title("● " + _("%(n)s open at the end", n=counts[-1]), loc="left", size=15, color=OPEN, pad=12)
    if len(spans) <= LABELLED:
        for place, count in enumerate(counts):
            axes.annotate(
                str(count), (place, count), (0, 8), textcoords="offset points", ha="center", size=12, color=OPEN
            )
    if spans:
        axes.set_xlabel(_("day of the month"), size=12, color=PALE, loc="right")
    return None


def _frame(axes: Axes, spans: tuple[Span, ...], most: int) -> None:
    """Axes from zero in whole cases, days of the month below."""
    top = max(most, 1) * 1.15
    axes.set_ylim(0, top)
    axes.set_yticks([tick for tick in MaxNLocator(nbins=4, integer=True).tick_values(0, top) if tick <= top])
    axes.set_xlim(-0.6, max(len(spans), 1) - 0.4)
    axes.grid(axis="y", color=TRACK, linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=12, labelcolor=PALE)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    step = -(-len(spans) // LABELLED) or 1
    names = [f"{s.first.day}–{s.last.day}" if s.last > s.first else str(s.first.day) for s in spans]
    axes.set_xticks(range(0, len(spans), step), names[::step])


def _nothing(axes: Axes, said: str) -> None:
    axes.set_yticks([])
    axes.text(0.5, 0.5, said, transform=axes.transAxes, size=15, color=PALE, ha="center", va="center")


# --- the five demands -------------------------------------------------------------------------------------------------


def _row(axes: Axes, top: int, row: Row, measure: Measure, words: Words) -> None:
    """Name and value, what it means, a bar for this month and a thin one for the last."""
    now, then = row.said(measure, words)
    axes.text(0, top + 0.16, words(row.name), size=16, color=INK, va="center")
    axes.text(1, top + 0.15, now, size=20 if measure.value is not None else 15, va="center", ha="right",
              color=PALE if measure.value is None else NOW)  # fmt: skip
    axes.text(0, top + 0.36, words(row.means), size=11, color=PALE, va="center")
    full = row.full(measure)
    if row.share and measure.value is not None:
        axes.barh(top + 0.54, 1, height=0.14, color=TRACK)
    _bar(axes, top + 0.54, 0.14, measure.value, full, NOW, measure.n < FEW)
    _bar(axes, top + 0.645, 0.07, measure.before, full, THEN, measure.n_before < FEW)
    if measure.value is not None:
        axes.text(0, top + 0.79, chart.cases(measure.n, words), size=12, color=NOW, va="center")
    axes.text(1, top + 0.79, chart.past(then, measure, words), size=12, color=PALE, va="center", ha="right")


def _bar(axes: Axes, y: float, height: float, value: float | None, full: float, colour: str, few: bool) -> None:
    """A bar from zero; a hatched one stands on few cases."""
    if value:
        inside, hatch = ("white", "///") if few else (colour, None)
        axes.barh(y, value / full, height, facecolor=inside, edgecolor=colour, hatch=hatch, linewidth=int(few))
