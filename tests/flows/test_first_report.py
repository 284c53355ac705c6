"""The first report: two messages and one tap, a number at once, the township's card, an answer on the same screen."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import select

from models.report.tables import Photo, Report
from tests.village import PIXEL, Village

PLACE = (29.12, 118.21)


async def reported(village: Village) -> None:
    """Bob's two messages and one tap."""
    village.bob.photo(PIXEL)
    await village.bob.until(lambda p: "YH-330824106-260701-0001-" in p.screen())
    village.bob.location(*PLACE, 12)
    await village.bob.until(lambda p: "✅ 房后切坡" in p.screen())
    village.bob.press("✅")
    await village.olga.until(lambda p: "受理" in p.screen())
    await village.settled()


async def test_bob_reports_in_two_messages_and_one_tap(village: Village, tmp_path: Path) -> None:
    await village.joins("bob", "olga", "oscar", "otto", "carol")
    await reported(village)
    card = village.olga.screen()
    for part in ("〔photo〕", "较大 · 房后切坡", "桐村镇 华山村（精确到 12 米）", "Bob · 09:00", "高德", "百度"):
        assert part in card
    assert "YH-330824106-260701-0001-" in village.oscar.screen()
    for stranger in ("otto", "carol"):
        assert "YH-" not in "\n".join(village.texts(stranger))
    receipt = next(m for m in reversed(village.bob.messages) if "已报给桐村镇" in str(m.get("text")))
    village.olga.press("受理")
    await village.bob.until(lambda p: "已受理：Olga" in p.screen())
    await village.settled()
    assert village.bob.messages[-1]["message_id"] == receipt["message_id"]  # the same screen, edited
    assert "已受理：Olga" in village.oscar.screen()
    assert "✅ 受理" not in village.oscar.screen()
    async with village.app.database.reading() as session:
        (photo,) = (await session.exec(select(Photo))).all()
    assert photo.path is not None
    assert (tmp_path / "photos" / photo.path).read_bytes() == PIXEL


async def test_the_officers_are_reminded_and_then_the_county(village: Village) -> None:
    await village.present("bob", "olga", "oscar", "carol")
    await reported(village)
    await village.later(minutes=29)
    assert "⏰ 待核实" not in village.olga.screen()
    await village.later(minutes=2)
    assert "⏰ 待核实 · 限 07-02 09:00" in village.olga.screen()
    village.olga.text("/tasks")
    await village.settled()
    assert "有 1 件事等您办" in village.texts("olga")[-1]
    await village.later(hours=12)
    assert "09:00 起由桐村镇 乡镇干部 (Olga, Oscar)办" in village.carol.screen()


async def test_a_rejection_says_why_in_the_officers_own_words(village: Village) -> None:
    await village.present("bob", "olga", "oscar")
    await reported(village)
    village.olga.press("驳回")
    await village.settled()
    village.olga.press("其他")
    await village.settled()
    village.olga.text("上周已经修好了，请看看是不是老照片")
    await village.settled()
    assert "已驳回：Olga，09:00。原因：上周已经修好了" in village.bob.screen()
    async with village.app.database.reading() as session:
        assert (await session.exec(select(Report.status))).one() == "rejected"


async def test_two_officers_at_once_get_one_honest_answer_each(village: Village) -> None:
    await village.present("bob", "olga", "oscar")
    await reported(village)
    village.olga.press("受理")
    village.oscar.press("受理")
    await village.settled()
    answers = sorted(str(village.sandbox.phone(user).toasts[-1]["text"]) for user in (2001, 2002))
    assert "已受理。" in answers
    assert {"Olga已经先办了这件，卡片上是最新情况。", "Oscar已经先办了这件，卡片上是最新情况。"} & set(answers)


async def test_who_joins_late_finds_what_could_not_reach_them(village: Village) -> None:
    await village.present("bob", "oscar")
    village.bob.photo(PIXEL)
    village.bob.location(*PLACE, 12)
    await village.settled()
    village.bob.press("✅")
    await village.settled()
    await village.joins("olga")
    assert "有 1 件事等您办" in village.texts("olga")[-1]
    village.olga.press("待核实")
    await village.settled()
    village.olga.press("受理")
    await village.settled()
    assert "待交办" in village.olga.screen()


async def test_everything_speaks_english_after_one_press(village: Village) -> None:
    await village.present("bob", "olga")
    village.bob.text("/language")
    await village.settled()
    village.bob.press("English")
    await village.settled()
    assert "Welcome, Bob." in village.texts("bob")[-1]
    assert any(entry["description"] == "Report a hazard" for entry in village.bob.commands)
    village.bob.photo(PIXEL)
    await village.settled()
    assert "Now the place" in village.texts("bob")[-1]


async def test_each_sees_the_commands_of_their_post(village: Village) -> None:
    await village.joins("bob", "olga", "carol")
    commands = {
        name: {entry["command"] for entry in getattr(village, name).commands} for name in ("bob", "olga", "carol")
    }
    assert {"report", "fire", "tasks", "help", "language"} <= commands["bob"]
    assert "people" not in commands["bob"]
    assert {"report", "people"} <= commands["olga"]
    assert "report" not in commands["carol"]
