"""Finds cases by a number, a part of one, or words, among what one reader may see. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, or_, union
from sqlalchemy import select as pick
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.hazard import register
from models.hazard.register import PAGE, Condition, Row
from models.people.rules import Me
from models.people.tables import Region
from models.refused import Refused
from models.report.tables import Remark, Report

NEWEST = 5000  # cases in which words are looked for
SHORTEST = 2  # signs
TAIL = len("240620-0007-2")  # the end of a number, after its area (models/report/rules.number)


@dataclass(frozen=True)
class Word:
    """A word to look for, or a part of a number such as "0007" or "0620-0007", and the kinds it names, by code."""

    text: str
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Found:
    """Some of the cases found, how many there are, and whether older ones were not looked at."""

    rows: tuple[Row, ...]
    total: int
    cut: bool


def check(words: Sequence[Word]) -> None:
    """Refused below two signs: they would find everything."""
    if max((len(word.text.strip()) for word in words), default=0) < SHORTEST:
        raise Refused("register.too_short")


async def search(
    session: AsyncSession,
    now: datetime,
    me: Me,
    words: Sequence[Word],
    page: int = 0,
    *,
    most: int = PAGE,
    newest: int = NEWEST,
) -> Found:
    """Cases in which every one of these words stands: in number, kind, village, place or remarks. The newest first.

    Looked for in the `newest` of all that this person may see: cases of the areas of their posts, own reports, and what
    they mend or mended. No index of both databases finds words inside words, so that number bounds the cost; before it,
    only the ids of the reader's area (a county at most) are gone through, by an index. Refused like `check`.
    """
    check(words)
    reach = (await _reach(session, me, newest)).cte("reach")
    matching = (
        pick(col(Report.id))
        .select_from(reach)
        .join(Report, col(Report.id) == reach.c.id)
        .join(Region, col(Region.code) == col(Report.region_code))
        .where(*(_stands(word) for word in words))
        .order_by(col(Report.id).desc())
    )
    ids = list((await session.exec(matching)).scalars())  # type: ignore[call-overload]  # sqlmodel knows only its own select
    looked = (await session.exec(pick(func.count()).select_from(reach))).scalar_one()  # type: ignore[call-overload]  # likewise
    rows = await register.rows(session, now, ids[page * most : (page + 1) * most])
    return Found(tuple(rows), len(ids), looked >= newest)


async def _reach(session: AsyncSession, me: Me, newest: int) -> Select[Any]:
    """The ids of the newest cases this person may see."""
    areas = [and_(*register.within(me, place)) for place in await register.areas(session, me)]
    own = [col(who) == me.id for who in (Report.reporter_id, Report.rectifier_id)]
    every = union(*(pick(col(Report.id)).where(condition) for condition in (*areas, *own))).subquery()
    return pick(every.c.id).order_by(every.c.id.desc()).limit(newest)


def _stands(word: Word) -> Condition:
    """Where a word may stand."""
    text = word.text.strip()
    remark = exists().where(col(Remark.report_id) == col(Report.id), col(Remark.words).icontains(text, autoescape=True))
    found: list[Condition] = [remark]
    found += [col(where).icontains(text, autoescape=True) for where in (Report.place_words, Region.name)]
    if word.kinds:
        found.append(col(Report.kind).in_(word.kinds))
    plain = text.upper().replace("-", "")
    if plain.isascii() and plain.isalnum():
        # The area in front would answer to too much: every number of 330824 would hold the 24th of August.
        whole = col(Report.number)
        tail = func.substr(whole, func.length(whole) - literal(TAIL - 1))
        beyond = plain.startswith("YH") or len(plain) > TAIL - 2
        found.append(func.replace(whole if beyond else tail, "-", "").contains(plain, autoescape=True))
    return or_(*found)
