"""Small pieces of screens: times, lists, pages, links to maps, names of roles. Asks no database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from urllib.parse import quote
from zoneinfo import ZoneInfo

import geocoordinates_ffi as geo

from handlers.kit.press import Button, Press
from locales import N_, Words
from models.people.rules import Role

ROLE_NAMES = {
    Role.GRID_WORKER: N_("grid worker"),
    Role.VILLAGE_LEAD: N_("village head"),
    Role.TOWNSHIP_OFFICER: N_("township officer"),
    Role.COUNTY_ADMIN: N_("county administrator"),
}


def clock_time(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "09:05" today, "07-02 09:05" this year, "2025-07-02 09:05" else."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def aloud(words: Words, absent: Sequence[str]) -> list[str]:
    """Who was passed over on the way up because nobody could reach them, said aloud to whoever is told instead."""
    if not absent:
        return []
    return ["⚠️ " + words("Could not be reached, so it comes to you: %(names)s", names=safe(", ".join(absent)))]


def safe(text: str, most: int = 400) -> str:
    """A person's words for HTML: escaped, and cut where a screen would overflow."""
    return escape(text if len(text) <= most else text[: most - 1] + "…", quote=False)


def rows(buttons: Sequence[Button], width: int = 2) -> list[list[Button]]:
    """Buttons laid out so many to a row."""
    return [list(buttons[i : i + width]) for i in range(0, len(buttons), width)]


PAGE = 8  # rows of buttons a thumb reaches without scrolling


def pages(lines: Sequence[list[Button]], page: int, turn: Callable[[int], Press]) -> list[list[Button]]:
    """One page of rows of buttons, and below it the ways to the pages beside it."""
    last = max(len(lines) - 1, 0) // PAGE
    page = min(max(page, 0), last)
    around = [(page - 1, f"◀ {page}/{last + 1}"), (page + 1, f"{page + 2}/{last + 1} ▶")]
    turns = [Button(label, turn(to)) for to, label in around if 0 <= to <= last]
    return [*lines[page * PAGE : (page + 1) * PAGE], *([turns] if turns else [])]


def map_links(latitude: float, longitude: float, name: str) -> list[tuple[str, str]]:
    """Addresses that open a WGS-84 place in Amap (GCJ-02) and Baidu (BD-09), each in its own datum (domain 7.5)."""
    here = geo.Wgs84(lat=latitude, lon=longitude)
    amap, baidu, title = geo.wgs84_to_gcj02(here), geo.wgs84_to_bd09(here), quote(name)
    amap_place, baidu_place = f"{amap.lon:.6f},{amap.lat:.6f}", f"{baidu.lat:.6f},{baidu.lon:.6f}"
    baidu_rest = f"title={title}&content={title}&coord_type=bd09ll&output=html"
    return [
        ("amap", f"https://uri.amap.com/marker?position={amap_place}&name={title}&coordinate=gaode"),
        ("baidu", f"https://api.map.baidu.com/marker?location={baidu_place}&{baidu_rest}"),
    ]
