"""The buttons of cases, as small typed values. An empty field asks on the card for what it would hold."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.kit import Press
from handlers.kit.case import Answer as Answer
from handlers.kit.case import Compare as Compare
from handlers.kit.case import Nudge as Nudge
from handlers.kit.case import Open as Open


@dataclass(frozen=True)
class Photos(Press):
    """Send everything that came with it: photos before and after, files, voices."""

    code = "rf"
    report: int


@dataclass(frozen=True)
class Where(Press):
    """Send the place as a map bubble that any map app opens."""

    code = "rm"
    report: int


@dataclass(frozen=True)
class Turn(Press):
    """Show another side of the card: "" the card, else what it asks ("regrade", "name" …)."""

    code = "hx"
    report: int
    ask: str


@dataclass(frozen=True)
class Accept(Press):
    """受理"""

    code = "ra"
    report: int


@dataclass(frozen=True)
class Reject(Press):
    """驳回: an empty reason asks for one, "-" goes back. `seen` is where the case stood when the card was made."""

    code = "rj"
    report: int
    reason: str
    seen: str


@dataclass(frozen=True)
class Settle(Press):
    """核实销号 of what was mended on the spot."""

    code = "hf"
    report: int


@dataclass(frozen=True)
class Regrade(Press):
    """Another grade, with its reason."""

    code = "hg"
    report: int
    grade: str
    why: str


@dataclass(frozen=True)
class Name(Press):
    """The kind: "" the categories, a letter its kinds, a code names it."""

    code = "hq"
    report: int
    what: str


@dataclass(frozen=True)
class Hereabouts(Press):
    """The village stands for the place."""

    code = "hh"
    report: int


@dataclass(frozen=True)
class Escalate(Press):
    """升级"""

    code = "he"
    report: int


@dataclass(frozen=True)
class Give(Press):
    """交办: page by page the persons (`person` 0), or to this one. `had` is who had it then, 0 nobody."""

    code = "ha"
    report: int
    person: int
    page: int
    had: int


@dataclass(frozen=True)
class Office(Press):
    """A department ("give" or "transfer"): -1 lists them, with `person` 0 its contacts are shown or there are none."""

    code = "ht"
    report: int
    way: str
    department: int
    person: int
    had: int


@dataclass(frozen=True)
class TakeBack(Press):
    """收回"""

    code = "hb"
    report: int


@dataclass(frozen=True)
class Receive(Press):
    """签收"""

    code = "hr"
    report: int


@dataclass(frozen=True)
class HandBack(Press):
    """退回 by who was to mend it."""

    code = "hk"
    report: int
    why: str


@dataclass(frozen=True)
class Mend(Press):
    """整改完成: from now on photos and a place are its proof."""

    code = "hp"
    report: int


@dataclass(frozen=True)
class Later(Press):
    """先不整改: what comes next is about something else."""

    code = "hpx"
    report: int


@dataclass(frozen=True)
class Done(Press):
    """What was done."""

    code = "hm"
    report: int
    measure: str


@dataclass(frozen=True)
class Excuse(Press):
    """Why there is no place, or one too far off."""

    code = "hu"
    report: int
    why: str


@dataclass(frozen=True)
class HandIn(Press):
    """提交验收"""

    code = "hi"
    report: int


@dataclass(frozen=True)
class Wish(Press):
    """申请延期: so many days, with its reason."""

    code = "hw"
    report: int
    days: int
    why: str


@dataclass(frozen=True)
class Grant(Press):
    """More time: 1 yes, 0 no."""

    code = "hy"
    report: int
    yes: int


@dataclass(frozen=True)
class Close(Press):
    """销号"""

    code = "hc"
    report: int


@dataclass(frozen=True)
class SendBack(Press):
    """退回整改, with its reason."""

    code = "hd"
    report: int
    why: str


@dataclass(frozen=True)
class Five(Press):
    """One of the five fixes: "" lists them."""

    code = "h5"
    report: int
    name: str


@dataclass(frozen=True)
class Hang(Press):
    """挂牌: at this level, "" lists them."""

    code = "hl"
    report: int
    level: str


@dataclass(frozen=True)
class Revisit(Press):
    """回头看: still mended 1, come again 0."""

    code = "hv"
    report: int
    fine: int


@dataclass(frozen=True)
class Recheck(Press):
    """The second look of another grid: mended 1, not 0."""

    code = "hz"
    report: int
    fine: int


@dataclass(frozen=True)
class Join(Press):
    """重复: into this case; 0 lists the likely ones, -1 asks for a number."""

    code = "hj"
    report: int
    into: int


@dataclass(frozen=True)
class Story(Press):
    """经过: one page of what happened."""

    code = "hs"
    report: int
    page: int
