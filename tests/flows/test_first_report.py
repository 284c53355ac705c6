"""The first report: two messages and one tap, a number at once, the township's card, and an answer on the same screen."""

from __future__ import annotations

from tests.village import PIXEL, Village


async def test_bob_reports_in_two_messages_and_one_tap(village: Village) -> None:
    await village.joins("bob", "olga", "oscar", "otto", "carol")
    village.bob.photo(PIXEL)
    await village.bob.until(lambda p: "YH-330824106-260701-0001-" in p.screen())
    village.bob.location(29.12, 118.21, 12)
    await village.bob.until(lambda p: "一键" in p.screen() or "✅" in p.screen())
    village.bob.press("✅")
    await village.olga.until(lambda p: "受理" in p.screen())
    await village.settled()
    assert "YH-330824106-260701-0001-" in village.oscar.screen()
    for stranger in ("otto", "carol"):
        assert "YH-" not in "\n".join(village.texts(stranger))
    village.olga.press("受理")
    await village.bob.until(lambda p: "Olga" in p.screen())
    print(village.bob.screen())
    print(village.olga.screen())
    print(village.oscar.screen())
