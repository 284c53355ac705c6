"""Kaihua county for the demo: its real divisions, and people who are visibly invented by this code."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models.people.rules import Role, short_name

FACTS = Path(__file__).with_name("kaihua")
REGIONS = FACTS / "regions.csv"
COUNTY = "330824"
LABELS = {
    Role.GRID_WORKER: "网格员",
    Role.VILLAGE_LEAD: "村负责人",
    Role.TOWNSHIP_OFFICER: "乡镇干部",
    Role.COUNTY_ADMIN: "县管理员",
}
STATIONS = "资规局;水利局;住建局"  # hats of each township's second officer
SPREAD = 0.03  # degrees between a township's middle and its villages, about three kilometres


@dataclass(frozen=True)
class Sample:
    """An invented person: chat account, phone beginning with 100, post, and where the page's picker shows them."""

    user_id: int
    name: str
    phone: str
    role: Role
    region_code: str
    group: tuple[str, ...]


@cache
def divisions() -> dict[str, str]:
    """Code → the name people use, of the county, its townships and villages."""
    with REGIONS.open(encoding="utf-8") as file:
        return {row["code"]: short_name(row["name"]) for row in csv.DictReader(file)}


def people() -> list[Sample]:
    """Per village a lead and two grid workers, per township two officers, and two county administrators."""
    return [
        Sample(100_000 + serial, name, f"100{serial:08d}", role, code, group)
        for serial, (name, role, code, group) in enumerate(_posts(), start=1)
    ]


def _posts() -> Iterator[tuple[str, Role, str, tuple[str, ...]]]:
    names = divisions()
    for number in (1, 2):
        yield f"县管理员{number}", Role.COUNTY_ADMIN, COUNTY, (names[COUNTY],)
    for code, name in names.items():
        if len(code) == 9:
            for number in (1, 2):
                yield f"{name}干部{number}", Role.TOWNSHIP_OFFICER, code, (name,)
        elif len(code) == 12:
            group = (names[code[:9]], name)
            yield f"{name}负责人", Role.VILLAGE_LEAD, code, group
            for number in (1, 2):
                yield f"{name}网格员{number}", Role.GRID_WORKER, code, group


def write_roster(path: Path, samples: Iterable[Sample]) -> None:
    """The people as a roster file, the way a county would hand one in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["姓名", "手机", "岗位", "区划代码", "兼职"])
        rows.writerows([s.name, s.phone, LABELS[s.role], s.region_code, _hats(s)] for s in samples)


def _hats(sample: Sample) -> str:
    """A township's second officer speaks for the county's departments there, so that a case can be passed to them."""
    return STATIONS if sample.role is Role.TOWNSHIP_OFFICER and sample.name.endswith("2") else ""


@cache
def outline() -> list[Any]:
    """The county's border as GeoJSON coordinates, simplified (WGS-84, longitude first)."""
    shape = json.loads((FACTS / "boundary.geojson").read_text(encoding="utf-8"))["features"][0]["geometry"]
    return list(shape["coordinates"])


@cache
def places() -> dict[str, tuple[float, float]]:
    """A point (latitude, longitude) for every village.

    The divisions come without coordinates, so these are only for show: scattered by code inside the border, the
    villages of a township together, the same at every start. The page says so on its map.
    """
    ring = outline()[0][0]
    chance = random.Random(COUNTY)
    middles = _middles(ring, [code for code in divisions() if len(code) == 9], chance)
    found = {}
    for code in divisions():
        if len(code) == 12:
            longitude, latitude = middles[code[:9]]
            found[code] = _near(ring, longitude, latitude, chance)
    return found


def _middles(ring: list[Any], townships: list[str], chance: random.Random) -> dict[str, tuple[float, float]]:
    """Points of the townships, each as far as may be from those placed before."""
    middles: dict[str, tuple[float, float]] = {}
    for code in townships:
        candidates = [_somewhere(ring, chance) for _ in range(60)]
        middles[code] = max(
            candidates, key=lambda point: min((_apart(point, other) for other in middles.values()), default=0.0)
        )
    return middles


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2


def _somewhere(ring: list[Any], chance: random.Random) -> tuple[float, float]:
    longitudes, latitudes = [p[0] for p in ring], [p[1] for p in ring]
    while True:
        point = chance.uniform(min(longitudes), max(longitudes)), chance.uniform(min(latitudes), max(latitudes))
        if _inside(ring, *point):
            return point


def _near(ring: list[Any], longitude: float, latitude: float, chance: random.Random) -> tuple[float, float]:
    for _ in range(200):
        x, y = chance.gauss(longitude, SPREAD), chance.gauss(latitude, SPREAD)
        if _inside(ring, x, y):
            return round(y, 5), round(x, 5)
    return latitude, longitude


def _inside(ring: list[Any], x: float, y: float) -> bool:
    """Whether a point lies inside a ring: a ray to the right crosses its border an odd number of times."""
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside
