"""The figures on a phone: a picture with words below it, turned to another month or area on the same message."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox import Phone
from handlers.stats import paint
from handlers.stats.caption import caption
from handlers.stats.chart import Figures, Measure
from handlers.stats.month import BACK, count
from handlers.stats.presses import SHUT, Look
from locales import LOCALES, catalogue
from models.base import swap
from models.hazard.figures import Middle, Month
from models.report.tables import Report
from tests.cast import Cast
from tests.stats.histories import Story, at
from tests.stats.test_chart import FEW, MANY, texts
from tests.village import COUNTY, MORNING, NEXT_VILLAGE, OTHER_TOWN, OTHER_VILLAGE, TOWN, VILLAGE, Village

NOW = count(MORNING.date())
MONTH = Month(
    (), reported=0, closed=0, otherwise=0, again=0, open=0, found=Middle(None, 0), mended=Middle(None, 0), on_spot=0,
    mending=0, overdue=0, controlled=0, came_again=0, satisfied=0, unsolved=0, looked=0,
)  # fmt: skip


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: the numbers themselves are tried on both in test_figures."""
    return sqlite_url


async def shown(phone: Phone, words: str) -> dict[str, Any]:
    """Wait for a picture whose words hold these."""

    def newest(p: Phone) -> dict[str, Any]:
        found = p.incoming[-1] if p.incoming else {}
        return found if "photo" in found and words in found["caption"] else {}

    return await phone.until(newest)


async def a_june(village: Village) -> None:
    """A case of June mended and closed, one still open; and one told in confidence, of which Lena must not hear."""
    cast = Cast(village.app.database, village.ids)
    story = await (await Story.begins(cast, at(2, 8, 6), at(2, 9, 6))).given(at(2, 10, 6))
    await (await story.mended(at(3, 10, 6))).closed(at(4, 9, 6))
    await Story.begins(cast, at(30, 6, 6), at(30, 9, 6))
    secret = await Story.begins(cast, at(30, 7, 6), at(30, 10, 6))
    async with village.app.database.transaction() as session:
        await swap(session, Report, {"id": secret.id}, {"confidential": True})


async def test_lena_sees_her_village_and_turns_back_a_month_on_the_same_message(village: Village) -> None:
    await a_june(village)
    await village.present("lena")
    village.lena.text("/stats")
    july = await shown(village.lena, "华山村　2026年7月（截至1日）")
    assert "新报0件，销号0件" in july["caption"]
    assert "期末未销号1件" in july["caption"]
    assert village.lena.buttons == ["◀ 6月"]
    village.lena.press("◀ 6月")
    june = await shown(village.lena, "华山村　2026年6月")
    assert june["message_id"] == july["message_id"]
    assert june["photo"][-1]["file_unique_id"] != july["photo"][-1]["file_unique_id"]
    assert june["caption"].splitlines() == [
        "📊 华山村　2026年6月",
        "新报2件，销号1件，驳回、重复或撤回0件，销号后重开0件；期末未销号1件",
        "每周（新报/销号/周末未销号）：1–7日 1/1/0 · 8–14日 0/0/0 · 15–21日 0/0/0 · 22–28日 0/0/0 · 29–30日 1/0/1",
        "▪️ 发现及时：从发现到上报，中位2小时（2例，偏少）；上月无数据",
        "▪️ 处置高效：从交办到整改完，中位24小时（1例，偏少）；上月无数据",
        "▪️ 预警精准：无数据，这里还没有预警记录",
        "▪️ 管控到位：期末在整改0件，没有超期；上月无数据",
        "▪️ 解决彻底：本月销号的，到现在重开0%（1例，偏少）；上月无数据",
        "本月销号的：立查立改0件，复查过0件；上报人满意0件，没解决0件",
    ]
    assert village.lena.buttons == ["◀ 5月", "7月 ▶"]


async def test_carol_goes_down_to_a_village_and_up_again(village: Village) -> None:
    await a_june(village)
    await village.present("carol")
    village.carol.text("/stats")
    first = await shown(village.carol, "开化县")
    village.carol.press("◀")
    await shown(village.carol, "开化县　2026年6月")
    for label, words in (("按乡镇看", "开化县"), ("桐村镇", "桐村镇"), ("按村看", "桐村镇"), ("华山村", "华山村")):
        village.carol.press(label)
        await shown(village.carol, f"{words}　2026年6月")
        await village.settled()
    village.carol.press("⬆ 桐村镇")
    last = await shown(village.carol, "桐村镇　2026年6月")
    assert "新报3件" in last["caption"], "the county counts what was told in confidence"
    assert last["message_id"] == first["message_id"]
    village.carol.press("按村看")
    await village.carol.until(lambda p: set(p.buttons) == {"华山村", "建丰村", "返回"})
    village.carol.press("返回")
    await village.carol.until(lambda p: "⬇ 按村看" in p.buttons)


async def test_a_time_below_the_smallest_unit_is_no_tag_to_telegram(village: Village) -> None:
    await Story.begins(Cast(village.app.database, village.ids), at(1, 8), at(1, 8) + timedelta(seconds=1))
    await village.present("lena")
    village.lena.text("/stats")
    assert "&lt;" not in (shown_now := (await shown(village.lena, "华山村"))["caption"])
    assert "从发现到上报，中位<0.1分钟" in shown_now


async def test_nobody_reads_the_figures_of_another_area_by_a_copied_button(village: Village) -> None:
    await village.present("olga", "bob", "otto")
    for phone, elsewhere in (
        (village.olga, (OTHER_TOWN, OTHER_VILLAGE, COUNTY)),
        (village.otto, (TOWN, VILLAGE, COUNTY)),
        (village.bob, (TOWN, NEXT_VILLAGE)),
    ):
        phone.text("/stats")
        message = (await shown(phone, "2026年7月"))["message_id"]
        await village.settled()
        for code in elsewhere:
            phone.press(data=Look(code, NOW, SHUT).pack(), message_id=message)
            await village.settled()
            assert "别处" in phone.toasts.pop()["text"]
        assert len([m for m in phone.incoming if "photo" in m]) == 1


async def test_months_that_are_to_come_or_long_gone_cannot_be_reached(village: Village) -> None:
    await village.present("lena")
    village.lena.text("/stats")
    message = (await shown(village.lena, "2026年7月"))["message_id"]
    for month, words in ((0, "2025年8月"), (10**9, "2026年7月"), (NOW - BACK, "2025年8月")):
        village.lena.press(data=Look(VILLAGE, month, 99).pack(), message_id=message)
        await shown(village.lena, words)
        await village.settled()
    assert village.lena.buttons == ["9月 ▶"]


async def test_strangers_get_nothing_and_everybody_of_the_roster_has_the_command(village: Village) -> None:
    village.otto.start()
    village.otto.text("/stats")
    await village.settled()
    assert not any("photo" in message for message in village.otto.messages)
    await village.joins("bob", "carol")
    for phone in (village.bob, village.carol):
        assert {"command": "stats", "description": "本月情况"} in phone.commands


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("figures", [MANY, replace(FEW, warned=Measure(None, 0))], ids=["many", "few"])
def test_words_say_every_number_of_the_picture(figures: Figures, locale: str) -> None:
    """But the ticks of its axes."""
    reported, closed = (sum(getattr(span, name) for span in figures.spans) for name in ("reported", "closed"))
    month = replace(MONTH, reported=reported, closed=closed, open=figures.spans[-1].open)
    made = paint.figure(figures, catalogue(locale))
    ticks = {id(label) for axes in made.axes for label in axes.get_yticklabels()}
    written = " ".join(text.get_text() for text in texts(made) if id(text) not in ticks)
    said = set(re.findall(r"[\d.]+", caption(figures, month, catalogue(locale))))
    assert set(re.findall(r"[\d.]+", written)) <= said


@pytest.mark.parametrize("locale", LOCALES)
def test_the_longest_words_fit_below_a_picture(locale: str) -> None:
    """Telegram takes 1024 characters."""
    full = Measure(0.997, 98765, 0.997, 98765)
    long = Measure(1234, 98765, 1234, 98765)
    until = MANY.month + timedelta(days=30)
    figures = Figures(MANY.area * 20, MANY.month, MANY.spans, long, long, full, full, full, until)
    n = 98765
    many = Month(
        (), reported=n, closed=n, otherwise=n, again=n, open=n, found=Middle(n, n), mended=Middle(n, n), on_spot=n,
        mending=n, overdue=n, controlled=n, came_again=n, satisfied=n, unsolved=n, looked=n,
    )  # fmt: skip
    assert len(caption(figures, many, catalogue(locale))) < 1024
