"""The month's picture is honest: from zero, with its number of cases, nothing made of no data, all of it legible."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image, ImageChops

from handlers.stats import paint
from handlers.stats.chart import Figures, Measure, Span, draw, shares, times, title
from locales import LOCALES, catalogue

EN = catalogue("en")
ZH = catalogue("zh_CN")
NOTHING = Measure(None, 0)


def weeks(*counts: tuple[int, int, int]) -> tuple[Span, ...]:
    """The weeks of October 2026 as (reported, closed, open)."""
    days = ((1, 4), (5, 11), (12, 18), (19, 25), (26, 31))
    return tuple(
        Span(date(2026, 10, first), date(2026, 10, last), *each)
        for (first, last), each in zip(days, counts, strict=False)
    )


MANY = Figures(
    "开化县", date(2026, 10, 1), weeks((14, 9, 31), (32, 28, 35), (27, 30, 32), (41, 22, 51), (18, 35, 34)),
    Measure(1.4, 132, 2.3, 118), Measure(61, 121, 75, 101), Measure(0.62, 13, 0.5, 8),
    Measure(0.97, 31, 0.88, 26), Measure(0.048, 124, 0.069, 97),
)  # fmt: skip
FEW = Figures(
    "芹阳办事处花山村", date(2026, 10, 1), weeks((1, 0, 1), (0, 1, 0), (2, 0, 2)),
    Measure(0.4, 3, 1.5, 6), Measure(20, 1), Measure(None, 0, 1.0, 2), Measure(0.0, 2, 0.5, 4), Measure(0.0, 9, 0.0, 7),
    until=date(2026, 10, 18),
)  # fmt: skip
QUIET = Figures(
    "开化县", date(2026, 10, 1), weeks(*[(0, 0, 0)] * 5), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING
)  # fmt: skip
EMPTY = replace(QUIET, spans=())
DAILY = replace(
    MANY, spans=tuple(Span(date(2026, 10, day), date(2026, 10, day), day % 5, day % 4, 6 + day) for day in range(1, 32))
)
LONG = replace(FEW, area="浙江省衢州市开化县芹阳办事处花山村村民委员会第三网格和第四网格")
ALL = {"many": MANY, "few": FEW, "quiet": QUIET, "empty": EMPTY, "daily": DAILY, "long": LONG}

every = pytest.mark.parametrize("figures", ALL.values(), ids=ALL)
in_each_language = pytest.mark.parametrize("locale", LOCALES)


def texts(made: Figure) -> list[Text]:
    """Everything written in it."""
    made.draw_without_rendering()
    return [text for text in made.findobj(Text) if text.get_visible() and text.get_text()]


def said(figures: Figures) -> list[str]:
    return [text.get_text() for text in texts(paint.figure(figures, EN))]


def bars(figures: Figures, which: int) -> list[Rectangle]:
    """The bars of the weeks (0), or of the five demands (2), those of nothing left out."""
    found = paint.figure(figures, EN).axes[which].patches
    return [bar for bar in found if isinstance(bar, Rectangle) and bar.get_width() and bar.get_height()]


@every
@in_each_language
def test_it_is_a_picture_for_a_phone(figures: Figures, locale: str) -> None:
    """Warnings are errors: a sign that the font lacks would be one."""
    with Image.open(io.BytesIO(draw(figures, catalogue(locale)))) as made:
        assert (made.format, made.size) == ("PNG", (1280, 896))


def test_a_sign_that_the_font_lacks_would_be_noticed() -> None:
    with pytest.warns(UserWarning, match="missing from font"):
        draw(replace(MANY, area="\ue000"), ZH)


def test_chinese_names_are_really_drawn() -> None:
    """Boxes in place of signs would make both heads the same."""
    heads = []
    for area in ("开化县", "常山县"):
        with Image.open(io.BytesIO(draw(replace(MANY, area=area), ZH))) as made:
            heads.append(made.convert("L").crop((0, 0, 1280, 100)))
    where = ImageChops.difference(*heads).point([0] * 64 + [255] * 192).getbbox()
    assert where is not None
    assert where[2] - where[0] > 60, "two signs differ, the third is the same"
    assert where[2] < 140


def test_the_same_figures_give_the_same_bytes_in_any_thread() -> None:
    async def at_once() -> list[bytes]:
        return await asyncio.gather(*(asyncio.to_thread(draw, each, ZH) for each in [MANY, FEW] * 3))

    assert asyncio.run(at_once()) == [draw(MANY, ZH), draw(FEW, ZH)] * 3


@every
@in_each_language
def test_all_is_legible(figures: Figures, locale: str) -> None:
    """Nothing leaves the picture, nothing lies on another text, nothing is smaller than can be read."""
    made = paint.figure(figures, catalogue(locale))
    found = [(text.get_text(), text.get_window_extent().padded(-1)) for text in texts(made)]
    for name, box in found:
        assert box.x0 >= 0, name
        assert box.y0 >= 0, name
        assert box.x1 <= paint.SIZE[0], name
        assert box.y1 <= paint.SIZE[1], name
    for (one, box), (other, there) in combinations(found, 2):
        assert not box.overlaps(there), (one, other)
    assert min(float(text.get_fontsize()) for text in texts(made)) >= 11


@every
def test_axes_begin_at_zero(figures: Figures) -> None:
    made = paint.figure(figures, EN)
    assert [axes.get_ylim()[0] for axes in made.axes[:2]] == [0, 0]
    assert {bar.get_y() for bar in bars(figures, 0)} <= {0}
    assert {bar.get_x() for bar in bars(figures, 2)} <= {0}


def test_every_number_stands_with_its_number_of_cases() -> None:
    shown = said(MANY)
    for n in (132, 121, 13, 31, 124):
        assert f"n = {n}" in shown
    assert [text for text in shown if text.startswith("month before")] == [
        "month before: 2.3 h, n = 118",
        "month before: 3.1 d, n = 101",
        "month before: 50%, n = 8",
        "month before: 88%, n = 26",
        "month before: 7% reopened, n = 97",
    ]


def test_weeks_say_their_sums_and_what_is_left() -> None:
    assert {"■ 132 reported", "■ 124 closed", "● 34 open at the end"} <= set(said(MANY))


def test_few_cases_are_marked_in_words_and_by_hatching() -> None:
    shown = said(FEW)
    assert {"n = 3 (few)", "n = 1 (few)", "n = 2 (few)", "n = 9", "month before: 100%, n = 2 (few)"} <= set(shown)
    hatched = [bar for bar in bars(FEW, 2) if bar.get_hatch()]
    assert [round(bar.get_width(), 2) for bar in hatched] == [0.27, 1.0, 1.0, 0.5]
    assert not any(bar.get_hatch() for bar in bars(MANY, 2))


def test_no_data_is_no_zero() -> None:
    shown = said(FEW)
    assert shown.count("no data") == 1
    assert "month before: no data" in shown
    assert "0%" in shown
    assert "0% reopened" in shown
    shown = said(QUIET)
    assert shown.count("no data") == 5
    assert {"nothing reported or closed", "● 0 open at the end"} <= set(shown)
    assert not any(text.startswith("n = ") for text in shown)
    assert bars(QUIET, 2) == []
    assert said(EMPTY).count("no data") == 7


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (0.4, 1.5, ("24 min", "90 min")),
        (0.5, 30, ("0.5 h", "30 h")),
        (30, 0.5, ("30 h", "0.5 h")),
        (47.9, None, ("48 h", "no data")),
        (1, 100, ("<0.1 d", "4.2 d")),
        (0, 100, ("0 d", "4.2 d")),
        (400, 2400, ("17 d", "100 d")),
        (None, None, ("no data", "no data")),
    ],
)
def test_both_months_speak_the_same_unit(now: float | None, before: float | None, words: tuple[str, str]) -> None:
    assert times(Measure(now, 9, before, 9), EN) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0%"), (0.004, "<1%"), (0.014, "1%"), (0.986, "99%"), (0.997, ">99%"), (1, "100%")]
)
def test_only_all_is_a_hundred_percent(share: float, words: str) -> None:
    assert shares(Measure(share, 999, share, 999), EN) == (words, words)


def test_a_month_that_is_not_over_says_so() -> None:
    assert title(MANY, EN) == "开化县, October 2026"
    assert title(FEW, EN) == "芹阳办事处花山村, October 2026, up to day 18"
    assert "2026年10月" in title(FEW, ZH)


def test_who_asks_for_no_chart_pays_for_none() -> None:
    told = "import sys, bot.app, handlers.stats.chart; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "False\n"
