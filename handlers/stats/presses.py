"""The buttons of the figures, as small typed values."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.kit import Press

SLOT = "stats"  # one message, whose picture and words are replaced
SHUT = -1  # no list of places is open


@dataclass(frozen=True)
class Look(Press):
    """The figures of an area in a month (`month.count`), with a page of the places below it open, or SHUT."""

    code = "st"
    region: str
    month: int
    page: int
