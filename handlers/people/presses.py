"""The buttons of the roster, as small typed values."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.kit import Press

SLOT = "people"  # all screens of the roster are one message


@dataclass(frozen=True)
class Area(Press):
    """A region at a glance; "" is one's own."""

    code = "po"
    region: str


@dataclass(frozen=True)
class Places(Press):
    """The divisions one level down."""

    code = "pp"
    region: str
    page: int


@dataclass(frozen=True)
class Listing(Press):
    """A list of people: `what` is a(ll), h(ere, not below), n(ot joined) or u(nreachable)."""

    code = "pl"
    region: str
    what: str
    page: int


@dataclass(frozen=True)
class OpenCard(Press):
    """Somebody's card; `back` is "region.what.page", the list it was opened from, or empty."""

    code = "pc"
    person: int
    back: str


@dataclass(frozen=True)
class ShowPhone(OpenCard):
    """The whole number."""

    code = "ps"


@dataclass(frozen=True)
class Reached(OpenCard):
    """Reached by phone."""

    code = "pr"


@dataclass(frozen=True)
class Change(Press):
    """Begin to change an entry: `what` is "name", "phone", "move" or "end"."""

    code = "ph"
    person: int
    what: str


@dataclass(frozen=True)
class Add(Press):
    """Begin to add somebody."""

    code = "pa"


@dataclass(frozen=True)
class Move(Press):
    """Move this post elsewhere."""

    code = "qm"
    person: int
    role: str
    region: str


@dataclass(frozen=True)
class End(Press):
    """End this post; an empty role means all of them."""

    code = "qx"
    person: int
    role: str
    region: str


@dataclass(frozen=True)
class GiveRole(Press):
    """The role of a half-made addition; `draft` tells one addition from the next."""

    code = "qr"
    draft: int
    role: str


@dataclass(frozen=True)
class Look(Press):
    """Leaf through the places for a half-made addition or move; "" is the top."""

    code = "ql"
    draft: int
    region: str
    page: int


@dataclass(frozen=True)
class Choose(Press):
    """The place of a half-made addition or move."""

    code = "qp"
    draft: int
    region: str


@dataclass(frozen=True)
class GiveUp(Press):
    """Back, giving up whatever was begun; 0 is nobody's card."""

    code = "qz"
    person: int
