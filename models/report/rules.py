"""What a report lacks, which parts belong together, who may do what with it, and how its number is made. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from stdnum.iso7064 import mod_37_36

from models.people.rules import Me, Role, decides
from models.refused import Refused


class Status(StrEnum):
    """Where a case stands on its way through the six steps of M025, and where it may leave that way.

    发现 SUBMITTED → 核实 ACCEPTED → 入库上图 REGISTERED → 交办 ASSIGNED → 整改 FIXED → 验收销号 CLOSED; beside them
    驳回 REJECTED, 撤回 WITHDRAWN, 重复 DUPLICATE and, until the department has answered, 移送 TRANSFERRED.
    """

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REGISTERED = "registered"
    TRANSFERRED = "transferred"
    ASSIGNED = "assigned"
    FIXED = "fixed"
    CLOSED = "closed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


# Which status may follow which; what is not here is forbidden. 退回 leads from ASSIGNED back to the queue or from FIXED
# back to 整改, 反弹 from CLOSED back to the queue.
MOVES: dict[Status, tuple[Status, ...]] = {
    Status.DRAFT: (Status.SUBMITTED, Status.WITHDRAWN, Status.DUPLICATE),
    Status.SUBMITTED: (Status.ACCEPTED, Status.REJECTED, Status.DUPLICATE, Status.WITHDRAWN),
    Status.ACCEPTED: (Status.REGISTERED, Status.REJECTED, Status.DUPLICATE),
    Status.REGISTERED: (Status.ASSIGNED, Status.TRANSFERRED, Status.REJECTED, Status.DUPLICATE),
    Status.TRANSFERRED: (Status.ASSIGNED, Status.REGISTERED),
    Status.ASSIGNED: (Status.FIXED, Status.REGISTERED),
    Status.FIXED: (Status.CLOSED, Status.ASSIGNED),
    Status.CLOSED: (Status.REGISTERED,),
    Status.REJECTED: (),
    Status.WITHDRAWN: (),
    Status.DUPLICATE: (),
}

# Somebody holds the case and has a next step.
OPEN = (
    Status.SUBMITTED, Status.ACCEPTED, Status.REGISTERED, Status.TRANSFERRED, Status.ASSIGNED, Status.FIXED,
)  # fmt: skip
ENDED = (Status.CLOSED, Status.REJECTED, Status.WITHDRAWN, Status.DUPLICATE)


class Part(StrEnum):
    """What a report is made of, in the order in which missing parts are asked for."""

    PLACE = "place"
    PHOTO = "photo"
    KIND = "kind"


class Form(StrEnum):
    """The form in which evidence came."""

    PHOTO = "photo"
    FILE = "file"
    VOICE = "voice"


class Severity(StrEnum):
    """The working scale of domain 5.4, from the least to the gravest: 一般, 较大, 重大, 紧急."""

    G = "G"
    L = "L"
    M = "M"
    E = "E"


class PlaceSource(StrEnum):
    """How we know the place; only a phone's own position is exact (domain 7.5)."""

    PHONE = "phone"
    VENUE = "venue"
    EXIF = "exif"
    VILLAGE = "village"


class RejectReason(StrEnum):
    """The reasons offered for 驳回; OTHER comes with the officer's own words."""

    NOT_FOUND = "not_found"
    UNCLEAR = "unclear"
    ELSEWHERE = "elsewhere"
    KNOWN = "known"
    OTHER = "other"


def grade(hint: Severity, danger: bool, growing: bool) -> Severity:
    """Severity from the kind's usual one and the answers: any yes is at least M, two are E (domain 6.1)."""
    floor = Severity.E if danger and growing else Severity.M if danger or growing else Severity.G
    return graver(hint, floor)


def graver(one: Severity | None, other: Severity) -> Severity:
    """The graver of two; an alarm is not taken back by naming a kind."""
    order = list(Severity)
    return max(one or Severity.G, other, key=order.index)


def asks_severity(worst: Severity) -> bool:
    """The severity questions are shown only where the kind suggests M or E (contract, how it must feel 1)."""
    return worst in (Severity.M, Severity.E)


def may_withdraw(status: Status, submitted_at: datetime | None, now: datetime, within: timedelta) -> None:
    """撤回 is free while unfinished, and within the policy's time after sending. Refused later, and once decided."""
    if status is Status.DRAFT:
        return
    if status is not Status.SUBMITTED or submitted_at is None:
        raise Refused("report.moved_on", status=status)
    if now - submitted_at > within:
        raise Refused("report.too_late")


def may_toggle(status: Status) -> None:
    """保密 and 当场已整改 are said before a report is sent (M032). Refused later: who was to see it has seen it."""
    if status is not Status.DRAFT:
        raise Refused("report.moved_on", status=status)


def move(old: Status, new: Status) -> None:
    """Refused unless the table of moves allows it; the reason names where the report stands."""
    if new not in MOVES[old]:
        raise Refused("report.moved_on", status=old)


@dataclass(frozen=True)
class DraftFacts:
    """An undecided report as far as joining parts goes.

    `wants_after`: mended on the spot, and the photo that shows it is still to come.
    """

    id: int
    has_place: bool
    has_photo: bool
    photo_waived: bool
    has_kind: bool
    last_part_at: datetime
    albums: tuple[str, ...] = ()
    status: Status = Status.DRAFT
    wants_after: bool = False

    def missing(self) -> list[Part]:
        """Which parts are still to be asked for, the next first."""
        there = {Part.PLACE: self.has_place, Part.PHOTO: self.has_photo or self.photo_waived, Part.KIND: self.has_kind}
        return [part for part in Part if not there[part]]


def joins(
    draft: DraftFacts, part: Part, album: str | None, now: datetime, within: timedelta, on_patrol: bool = False
) -> bool:
    """Whether a new part belongs to this report: the same album, or within minutes, or exactly what it still lacks.

    contract, "how it must feel" 1: two photos within ten minutes are one report unless patrol batch was chosen, where
    every photo is one of its own; missing parts can follow hours later.
    """
    if album is not None and album in draft.albums:
        return True
    if part is Part.PHOTO and draft.wants_after:  # mending may have taken an hour, and on patrol it is the next photo
        return True
    if on_patrol and part is Part.PHOTO:
        return not draft.has_photo and draft.status is Status.DRAFT
    return now - draft.last_part_at <= within or part in draft.missing()


@dataclass(frozen=True)
class Concern:
    """Whom a case concerns, as far as seeing it goes. `rectifier_id` is who has it to mend now, or mended it,
    `visitor_id` who is to look again.
    """

    reporter_id: int
    rectifier_id: int | None
    visitor_id: int | None
    confidential: bool
    status: Status
    place_path: str


def may_see(me: Me, case: Concern) -> None:
    """Its reporter, its rectifier, who looks again, and who leads or decides over its place see a case; once it is
    registered its village's grid workers too. A confidential one: only the first three and the county (M032).

    Refused for all others.
    """
    if me.id in (case.reporter_id, case.rectifier_id, case.visitor_id) or decides(
        me, case.place_path, Role.COUNTY_ADMIN
    ):
        return
    known = case.status in (*OPEN, Status.CLOSED) and case.status not in (Status.SUBMITTED, Status.ACCEPTED)
    roles = (Role.VILLAGE_LEAD, Role.TOWNSHIP_OFFICER, *((Role.GRID_WORKER,) if known else ()))
    if case.confidential or not decides(me, case.place_path, *roles):
        raise Refused("report.not_found")


def knows_reporter(me: Me, case: Concern) -> bool:
    """Who may read the reporter's name and hear their voice: themselves and officers; if confidential the county."""
    if me.id == case.reporter_id or decides(me, case.place_path, Role.COUNTY_ADMIN):
        return True
    return not case.confidential and decides(me, case.place_path, Role.VILLAGE_LEAD, Role.TOWNSHIP_OFFICER)


BANDS = 4


def bands(likeness: str) -> tuple[int, ...]:
    """The 64 bits of a picture's likeness (16 hex digits) in four parts of 16, each with every fourth bit.

    Of two pictures that differ in n bits, at least one part differs in no more than n/4 (models/hazard/likeness). Every
    fourth bit and not 16 in a row: half of all photos begin with the same sky.
    """
    bits = f"{int(likeness, 16):064b}"
    return tuple(int(bits[start::BANDS], 2) for start in range(BANDS))


def number(kind: str, area: str, day: date, serial: int) -> str:
    """一码: "YH-330824116-240620-0007-2" (domain 7.6), the last sign an ISO 7064 MOD 37,36 check over the rest."""
    body = f"{kind}-{area}-{day:%y%m%d}-{serial:04d}"
    return f"{body}-{mod_37_36.calc_check_digit(body.replace('-', ''))}"


def read_number(text: str) -> str:
    """A number as typed or scanned, in any case and with or without dashes → its one spelling.

    Refused when the check character does not fit, so that a slip of the pen never opens another's card.
    """
    plain = "".join(ch for ch in text.upper() if ch.isalnum())
    if not looks_like_number(text) or not mod_37_36.is_valid(plain):
        raise Refused("report.bad_number")
    kind, area, day, serial, check = plain[:2], plain[2:-11], plain[-11:-5], plain[-5:-1], plain[-1]
    return f"{kind}-{area}-{day}-{serial}-{check}"


def looks_like_number(text: str) -> bool:
    """Whether somebody typed a number of ours, right or wrong, rather than words."""
    plain = "".join(ch for ch in text.upper() if ch.isalnum())
    signs = all(ch.isascii() and (ch.isalnum() or ch in "- ") for ch in text.strip())
    return signs and plain[:2] == "YH" and len(plain) in (22, 25) and plain[2:-1].isdigit()


@dataclass(frozen=True)
class KindFacts:
    """One kind of hazard as far as guessing goes; the words come from the content pack."""

    code: str
    words: tuple[str, ...]
    months: tuple[int, ...]
    common: int


def guess(kinds: Iterable[KindFacts], said: str, month: int, recent: Sequence[str] = ()) -> list[str]:
    """Kinds from the likeliest down: what the words name, what the season brings, what this reporter found lately."""

    def weight(kind: KindFacts) -> float:
        named = sum(len(word) for word in kind.words if word and word.lower() in said.lower())
        season = 1.5 if month in kind.months else 0.0 if kind.months else 0.5
        lately = 1.0 if kind.code in recent else 0.0
        return 10.0 * named + season + lately + kind.common

    return [kind.code for kind in sorted(kinds, key=lambda kind: (-weight(kind), kind.code))]


def valid_point(latitude: float, longitude: float) -> None:
    """Refused for a place outside the globe."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Refused("report.bad_place")
