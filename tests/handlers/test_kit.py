"""The kit: buttons that fit and answer months later, map links in the right datum, times as people read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from bot.app import FEATURES
from handlers.kit import House, Press, clock_time, map_links, rows, safe
from handlers.report.presses import Confirm, Kinds

KAIHUA = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)

# Test vectors of domain 7.5: WGS-84 → GCJ-02, latitude first.
VECTORS = [((29.1367, 118.4150), (29.134074, 118.420211)), ((28.3720, 121.3860), (28.368944, 121.390409))]


@pytest.mark.parametrize(("wgs", "gcj"), VECTORS)
def test_amap_gets_its_own_datum(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    links = dict(map_links(*wgs, "YH-1"))
    longitude, latitude = parse_qs(urlsplit(links["amap"]).query)["position"][0].split(",")
    assert (float(latitude), float(longitude)) == pytest.approx(gcj, abs=1e-6)


def bd09(latitude: float, longitude: float) -> tuple[float, float]:
    """GCJ-02 → BD-09 by the published formula, to check the library against."""
    from math import atan2, cos, hypot, pi, sin

    turn = pi * 3000 / 180
    length = hypot(longitude, latitude) + 0.00002 * sin(latitude * turn)
    angle = atan2(latitude, longitude) + 0.000003 * cos(longitude * turn)
    return length * sin(angle) + 0.006, length * cos(angle) + 0.0065


@pytest.mark.parametrize(("wgs", "gcj"), VECTORS)
def test_baidu_gets_its_own_datum(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    links = dict(map_links(*wgs, "桐村镇 & 华山村"))
    query = parse_qs(urlsplit(links["baidu"]).query)
    latitude, longitude = map(float, query["location"][0].split(","))
    assert (latitude, longitude) == pytest.approx(bd09(*gcj), abs=2e-6)
    assert query["title"] == ["桐村镇 & 华山村"]


def test_a_button_carries_what_was_put_in() -> None:
    assert Confirm.unpack(Confirm(12, "A01").pack()) == Confirm(12, "A01")
    assert Kinds.unpack(Kinds(12, "").pack()) == Kinds(12, "")


@pytest.mark.parametrize("data", ["", "1|rc", "1|rc|x|A01", "2|rc|12|A01", "1|zz|12|A01", "1|rc|12|A01|more"])
def test_an_old_or_foreign_button_is_no_button_of_ours(data: str) -> None:
    assert Confirm.unpack(data) is None


def test_a_button_that_would_not_fit_is_refused_when_it_is_made() -> None:
    @dataclass(frozen=True)
    class Long(Press):
        code = "zz"
        words: str

    with pytest.raises(ValueError, match="does not fit"):
        Long("村" * 30).pack()
    with pytest.raises(ValueError, match="does not fit"):
        Long("a|b").pack()


def test_no_two_buttons_share_a_code() -> None:
    kinds: list[type[Press]] = [Press]
    for kind in kinds:
        kinds += kind.__subclasses__()
    codes = [kind.code for kind in kinds if "code" in vars(kind) and kind.__module__.startswith("handlers")]
    assert len(codes) == len(set(codes))


def test_all_features_fit_together() -> None:
    house = House(FEATURES)
    assert {"report.screen", "hazard.card", "task.list", "menu.welcome"} <= set(house.renderers)
    assert all(re.fullmatch(r"[a-z_]{1,32}", entry.name) for entry in house.commands)
    with pytest.raises(ValueError, match="given twice"):
        House([*FEATURES, FEATURES[0]])


@pytest.mark.parametrize(
    ("moment", "read"),
    [
        (datetime(2026, 7, 1, 1, 5, tzinfo=UTC), "09:05"),
        (datetime(2026, 6, 30, 16, 0, tzinfo=UTC), "00:00"),
        (datetime(2026, 6, 30, 15, 59, tzinfo=UTC), "06-30 23:59"),
        (datetime(2025, 12, 31, 1, 0, tzinfo=UTC), "2025-12-31 09:00"),
    ],
)
def test_times_are_read_on_the_wall_clock(moment: datetime, read: str) -> None:
    assert clock_time(moment, NOON, KAIHUA) == read


def test_peoples_words_do_no_harm() -> None:
    assert safe('<b>裂缝</b> & "水"') == '&lt;b&gt;裂缝&lt;/b&gt; &amp; "水"'
    assert safe("山" * 500, 10) == "山" * 9 + "…"
    assert rows([], 2) == []
