"""📜 经过: an officer reads what happened to a case and sees its photos, without leaving the chat."""

from __future__ import annotations

from tests.flows.test_first_report import reported
from tests.village import Village


async def test_olga_reads_what_happened_so_far(village: Village) -> None:
    await village.present("bob", "olga", "carol")
    await reported(village)
    village.olga.press("受理")
    await village.settled()
    village.olga.press("经过")
    await village.olga.until(lambda p: "入库上图" in p.screen())
    told = village.olga.screen()
    for line in ("09:00 Bob 开始上报", "09:00 Bob 上报 · 房后切坡、滑坡迹象 📷1", "09:00 Olga 受理", "09:00 入库上图"):
        assert line in told
    village.olga.press("整改前 1")
    await village.olga.until(lambda p: "photo" in p.messages[-1])
    village.olga.press("卡片")
    await village.olga.until(lambda p: "待交办" in p.screen())


async def test_a_page_turned_later_shows_what_is_true_then(village: Village) -> None:
    await village.present("bob", "olga", "oscar", "carol")
    await reported(village)
    village.olga.press("经过")
    await village.olga.until(lambda p: "09:00 Bob 上报" in p.screen())
    village.oscar.press("受理")
    await village.settled()
    village.olga.press("卡片")
    await village.settled()
    village.olga.press("经过")
    await village.olga.until(lambda p: "09:00 Oscar 受理" in p.screen())
