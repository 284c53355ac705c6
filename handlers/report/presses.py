"""The buttons of reports, as small typed values."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.kit import Press


@dataclass(frozen=True)
class HereAbouts(Press):
    """No exact place: the village stands for it."""

    code = "rv"
    report: int


@dataclass(frozen=True)
class NoPhoto(Press):
    """Go on without a photo."""

    code = "rp"
    report: int


@dataclass(frozen=True)
class Confirm(Press):
    """The one tap: this is the kind, send it."""

    code = "rc"
    report: int
    kind: str


@dataclass(frozen=True)
class Kinds(Press):
    """Show the kinds of one category, or ("-") the categories, or ("") the guesses again."""

    code = "rk"
    report: int
    letter: str


@dataclass(frozen=True)
class Withdraw(Press):
    """Give up an unfinished report."""

    code = "rw"
    report: int


@dataclass(frozen=True)
class Toggle(Press):
    """A severity question answered: "danger", "exposed" or "growing"."""

    code = "rt"
    report: int
    question: str


@dataclass(frozen=True)
class Alarm(Press):
    """🆘: send what is there at once."""

    code = "rs"
    report: int


@dataclass(frozen=True)
class Replace(Press):
    """The place is wrong: ask again."""

    code = "rl"
    report: int


@dataclass(frozen=True)
class Another(Press):
    """What came after sending was another hazard."""

    code = "rn"
    report: int


@dataclass(frozen=True)
class SendAll(Press):
    """Send every complete report of a patrol."""

    code = "rq"
    patrol: int


@dataclass(frozen=True)
class Mark(Press):
    """保密上报 ("c") or 当场已整改 ("s"): said (1), or taken back (0)."""

    code = "ri"
    report: int
    what: str
    on: int


@dataclass(frozen=True)
class InConfidence(Press):
    """Begin a report that is confidential from its first part on."""

    code = "rh"


@dataclass(frozen=True)
class LastIsAfter(Press):
    """Of the photos sent already the last one shows it mended."""

    code = "rz"
    report: int


@dataclass(frozen=True)
class Review(Press):
    """The reports of a round on one screen; with `report` set, the kinds of one of them, page by page of letters."""

    code = "rx"
    patrol: int
    report: int
    letter: str


@dataclass(frozen=True)
class Pick(Press):
    """The kind of one report of a round, chosen on that screen."""

    code = "ru"
    patrol: int
    report: int
    kind: str


@dataclass(frozen=True)
class Drop(Press):
    """Take one report out of a round: asked first (`sure` 0), then done (1)."""

    code = "rd"
    patrol: int
    report: int
    sure: int


@dataclass(frozen=True)
class Clear(Press):
    """今日无异常; `patrol` is the round that ended without findings, 0 none."""

    code = "re"
    patrol: int


@dataclass(frozen=True)
class Duty(Press):
    """Who said 今日无异常 in a region today; an empty one is the officer's own."""

    code = "rb"
    region: str
    page: int


@dataclass(frozen=True)
class Same(Press):
    """是同一处: join this report to that case."""

    code = "da"
    report: int
    into: int


@dataclass(frozen=True)
class Different(Press):
    """不是"""

    code = "db"
    report: int
    other: int


@dataclass(frozen=True)
class ShowOther(Press):
    """看照片"""

    code = "dc"
    report: int
    other: int
