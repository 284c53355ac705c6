"""The picture of a month (M026, M027 一图): what goes into it, and how its numbers are said. Counts nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent

from locales import N_, Words

FEW = 5  # below so many cases a median or a share is an anecdote, and is shown as one


@dataclass(frozen=True)
class Measure:
    """One of the five demands (M026), this month and the month before; None where there was nothing to measure.

    A time is the median in hours, a share lies between 0 and 1; `n` is of how many cases.
    """

    value: float | None
    n: int
    before: float | None = None
    n_before: int = 0


@dataclass(frozen=True)
class Span:
    """A week or a day of the month, both days included: cases reported and closed in it, and open when it ended."""

    first: date
    last: date
    reported: int
    closed: int
    open: int


@dataclass(frozen=True)
class Figures:
    """A month of an area; `month` is any day of it, `until` the last day counted of a month that is not over yet.

    Times: `found` 发现及时, from finding to report; `mended` 处置高效, from assignment to mended. Shares:
    `warned` 预警精准, of warnings that came true; `controlled` 管控到位, of overdue cases under a control measure;
    `reopened` 解决彻底, of closed cases opened again. `spans` stand in order, none in the future.
    """

    area: str
    month: date
    spans: tuple[Span, ...]
    found: Measure
    mended: Measure
    warned: Measure
    controlled: Measure
    reopened: Measure
    until: date | None = None


def draw(figures: Figures, words: Words) -> bytes:
    """The chart as a PNG of 1280 × 896 pixels; the same figures give the same bytes.

    The first one takes a second, others a fifth of it: call it in a thread, where one after another is painted.
    """
    # Half a second and 40 MB that only those pay who ask for a chart.
    from handlers.stats import paint

    return paint.png(figures, words)


def title(figures: Figures, words: Words) -> str:
    """Area and month; a month that is not over says so, since it is set beside a whole one."""
    _ = words
    month = format_skeleton("yMMMM", figures.month, locale=words.locale)
    if figures.until is None:
        return _("%(area)s, %(month)s", area=figures.area, month=month)
    return _("%(area)s, %(month)s, up to day %(day)s", area=figures.area, month=month, day=figures.until.day)


def times(measure: Measure, words: Words) -> tuple[str, str]:
    """This month's and last month's hours in words, in the same unit: minutes, hours or days, by the longer of both."""
    longest = max(measure.value or 0, measure.before or 0)
    if longest >= 48:
        hours, say = 24.0, N_("%(n)s d")
    elif longest >= 2:
        hours, say = 1.0, N_("%(n)s h")
    else:
        hours, say = 1 / 60, N_("%(n)s min")
    now, then = (None if hour is None else hour / hours for hour in (measure.value, measure.before))
    return _said(now, say, words), _said(then, say, words)


def _said(value: float | None, say: str, words: Words) -> str:
    _ = words
    if value is None:
        return _("no data")
    if 0 < value < 0.1:
        return "<" + _(say, n=format_decimal(0.1, locale=words.locale))
    return _(say, n=format_decimal(round(value, 1 if value < 10 else 0), locale=words.locale))


def shares(measure: Measure, words: Words) -> tuple[str, str]:
    """This month's and last month's share in whole percent; only what is all or nothing is said to be so."""
    return _percent(measure.value, words), _percent(measure.before, words)


def reopened(measure: Measure, words: Words) -> tuple[str, str]:
    """As `shares`, said with the word: a bare 5% beside "Solved for good" would read as the opposite."""
    _ = words
    values = zip((measure.value, measure.before), shares(measure, words), strict=True)
    now, then = (said if value is None else _("%(share)s reopened", share=said) for value, said in values)
    return now, then


def _percent(value: float | None, words: Words) -> str:
    _ = words
    if value is None:
        return _("no data")
    if 0 < value < 0.01:
        return "<" + format_percent(0.01, locale=words.locale)
    if 0.99 < value < 1:
        return ">" + format_percent(0.99, locale=words.locale)
    return format_percent(value, "#,##0%", locale=words.locale)


def cases(n: int, words: Words) -> str:
    """Of how many cases a number was made, and whether they are too few to lean on."""
    _ = words
    return _("n = %(n)s (few)", n=n) if n < FEW else _("n = %(n)s", n=n)


def past(value: str, measure: Measure, words: Words) -> str:
    """The month before in one line."""
    _ = words
    if measure.before is None:
        return _("month before: %(value)s", value=value)
    return _("month before: %(value)s, %(cases)s", value=value, cases=cases(measure.n_before, words))


@dataclass(frozen=True)
class Row:
    """One of the five demands: its field of Figures, name, meaning and way of saying values; a share, or a time."""

    field: str
    name: str
    means: str
    said: Callable[[Measure, Words], tuple[str, str]]
    share: bool = True

    def full(self, measure: Measure) -> float:
        """What a bar of the whole width stands for: 100 %, or the longer of two times."""
        return 1.0 if self.share else max(measure.value or 0, measure.before or 0) or 1.0


ROWS = (
    Row("found", N_("Found in time"), N_("finding to report, median; shorter is better"), times, share=False),
    Row("mended", N_("Mended quickly"), N_("assignment to mended, median; shorter is better"), times, share=False),
    Row("warned", N_("Warned precisely"), N_("warnings that came true; more is better"), shares),
    Row("controlled", N_("Kept under control"), N_("overdue cases under control measures; more is better"), shares),
    Row("reopened", N_("Solved for good"), N_("closed cases opened again; fewer is better"), reopened),
)
