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
class Accept(Press):
    """受理"""

    code = "ra"
    report: int


@dataclass(frozen=True)
class Reject(Press):
    """驳回: an empty reason asks for one, "-" goes back."""

    code = "rj"
    report: int
    reason: str


@dataclass(frozen=True)
class Open(Press):
    """Bring a report's card to the bottom of the chat."""

    code = "ro"
    report: int


@dataclass(frozen=True)
class Photos(Press):
    """Send all photos."""

    code = "rf"
    report: int


@dataclass(frozen=True)
class Where(Press):
    """Send the place as a map bubble that any map app opens."""

    code = "rm"
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
