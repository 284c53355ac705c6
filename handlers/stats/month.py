"""The screen of a month: picture, words, the ways to the month and the area beside it. Decides nothing."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, tzinfo
from typing import Any

from babel.dates import format_skeleton

from handlers.kit import Act, Button, Reader, Screen, pages, rows
from handlers.stats.caption import caption
from handlers.stats.chart import Figures, Measure, Span, draw
from handlers.stats.presses import SHUT, SLOT, Look
from models.hazard import figures as counting
from models.hazard.figures import Middle, Month
from models.people import actions as people
from models.people.actions import Place
from models.people.rules import Level, Role, decides
from models.refused import Refused

BACK = 11  # months one can turn back: a year beside each other; older ones would cost all that happened since


async def mine(act: Act) -> None:
    """/stats: one's own area and this month."""
    own = await counting.own(act.session, act.me)
    if not own:
        raise Refused("stats.elsewhere")
    await act.show("stats.month", slot=SLOT, region=own[0].code, month=count(_today(act.now, act.zone)), page=SHUT)


async def look(act: Act, press: Look) -> None:
    """Another month or area, on the same screen."""
    await counting.area(act.session, act.me, press.region)
    await act.show("stats.month", slot=SLOT, region=press.region, month=press.month, page=press.page)


async def screen(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A month of an area, as of the moment it is sent."""
    place = await counting.area(reader.session, reader.member, args["region"])
    today = _today(reader.now, reader.zone)
    shown = min(max(int(args["month"]), count(today) - BACK), count(today))
    first = _first(shown)
    whole = decides(reader.member, place.path, Role.COUNTY_ADMIN)
    month, before = [
        await counting.month(reader.session, reader.now, reader.zone, place.code, of, confidential=whole)
        for of in (first, _first(shown - 1))
    ]
    said = _figures(place.name, first, today, month, before)
    picture = await asyncio.to_thread(draw, said, reader.words)
    buttons = await _buttons(reader, place, shown, int(args["page"]))
    return Screen(caption(said, month, reader.words), buttons, photo=picture)


# --- months -----------------------------------------------------------------------------------------------------------


def _today(now: datetime, zone: tzinfo) -> date:
    return now.astimezone(zone).date()


def count(day: date) -> int:
    """A month as a button names it: how many there were before it since the year 0."""
    return day.year * 12 + day.month - 1


def _first(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


# --- what is drawn ----------------------------------------------------------------------------------------------------


def _figures(area: str, first: date, today: date, month: Month, before: Month) -> Figures:
    """The numbers as the picture takes them: this month beside the one before."""
    return Figures(
        area=area, month=first, until=today if counting.following(first) > today else None,
        spans=tuple(Span(week.first, week.last, week.reported, week.closed, week.open) for week in month.weeks),
        found=_time(month.found, before.found), mended=_time(month.mended, before.mended), warned=Measure(None, 0),
        controlled=_share(month.controlled, month.overdue, before.controlled, before.overdue),
        reopened=_share(month.came_again, month.closed, before.came_again, before.closed),
    )  # fmt: skip


def _time(now: Middle, before: Middle) -> Measure:
    return Measure(now.hours, now.n, before.hours, before.n)


def _share(part: int, whole: int, part_before: int, whole_before: int) -> Measure:
    now, before = (some / of if of else None for some, of in ((part, whole), (part_before, whole_before)))
    return Measure(now, whole, before, whole_before)


# --- ways on ----------------------------------------------------------------------------------------------------------


async def _buttons(reader: Reader, place: Place, month: int, page: int) -> list[list[Button]]:
    """The months beside this one, and one level down or up; with a page open, the places below."""
    below = await _below(reader, place)
    if page > SHUT and below:
        lines = rows([Button(each.name, Look(each.code, month, SHUT)) for each in below])
        turns = pages(lines, page, lambda to: Look(place.code, month, to))
        return [*turns, [Button(reader.words("Back"), Look(place.code, month, SHUT))]]
    this = count(_today(reader.now, reader.zone))
    turns = [
        [_turn(reader, label, place, to) for label, to in (("◀ %s", month - 1), ("%s ▶", month + 1))
         if this - BACK <= to <= this]
    ]  # fmt: skip
    return [*turns, *rows(await _areas(reader, place, month, bool(below)))]


def _turn(reader: Reader, label: str, place: Place, to: int) -> Button:
    name = format_skeleton("MMM", _first(to), locale=reader.words.locale)
    return Button(label % name, Look(place.code, to, SHUT))


async def _below(reader: Reader, place: Place) -> list[Place]:
    """The places one level down; a village's grids have no figures of their own, they are too few cases to count."""
    return await people.places_below(reader.session, place.code) if place.level < Level.VILLAGE else []


async def _areas(reader: Reader, place: Place, month: int, below: bool) -> list[Button]:
    """Up, down, and the other areas of somebody who has several."""
    _ = reader.words
    found = [("⬆ " + each.name, each.code, SHUT) for each in await _above(reader, place)]
    if below:
        label = _("By township") if place.level < Level.TOWNSHIP else _("By village")
        found.append(("⬇ " + label, place.code, 0))
    own = await counting.own(reader.session, reader.member)
    found += [(each.name, each.code, SHUT) for each in own if not place.path.startswith(each.path)]
    return [Button(label, Look(code, month, page)) for label, code, page in found]


async def _above(reader: Reader, place: Place) -> list[Place]:
    """The division above, if its figures are this reader's business."""
    codes = place.path.strip("/").split("/")[:-1]
    try:
        return [await counting.area(reader.session, reader.member, codes[-1])] if codes else []
    except Refused:
        return []
