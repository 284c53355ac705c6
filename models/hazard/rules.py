"""Who may do what with a case and when, how much time each step has, and what its proof must show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import geocoordinates_ffi as geo

from models.people.rules import OFFICERS, Level, Me, Role, county_of, decides, sees
from models.policy import HazardPolicy, Ladder
from models.refused import Refused
from models.report.rules import OPEN, Concern, Severity, Status, may_see


class Measure(StrEnum):
    """What was done about a hazard; OTHER comes with words of its own."""

    CLEARED = "cleared"
    REPAIRED = "repaired"
    FENCED = "fenced"
    STOPPED = "stopped"
    MOVED = "moved"
    ON_SPOT = "on_spot"
    OTHER = "other"


# What keeps people out of harm while the hazard is still there (管控措施).
CONTROLS = (Measure.FENCED, Measure.STOPPED, Measure.MOVED)


class Plate(StrEnum):
    """The level that watches over a major hazard: 挂牌督办 (M033)."""

    TOWNSHIP = "township"
    COUNTY = "county"
    CITY = "city"


class Payment(StrEnum):
    """How far a reward has come."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    PAID = "paid"


FIVE = ("duty", "measure", "money", "time", "plan")  # 五落实: 责任, 措施, 资金, 时限, 预案 (domain 5.5)


class Deed(StrEnum):
    """Everything a person can do with a case once it was reported."""

    ACCEPT = "accept"
    REJECT = "reject"
    SETTLE = "settle"
    JOIN = "join"
    DESCRIBE = "describe"
    REGRADE = "regrade"
    ESCALATE = "escalate"
    ASSIGN = "assign"
    TRANSFER = "transfer"
    RECEIVE = "receive"
    HAND_BACK = "hand_back"
    TAKE_BACK = "take_back"
    HAND_IN = "hand_in"
    WISH = "wish"
    GRANT = "grant"
    FIVE = "five"
    PLATE = "plate"
    SEND_BACK = "send_back"
    CLOSE = "close"
    ANSWER = "answer"
    SAY_MORE = "say_more"
    REVISIT = "revisit"
    RECHECK = "recheck"
    NUDGE = "nudge"


class Part(StrEnum):
    """The part somebody plays in a case. The same person never plays two of the first three (报办分离, M030)."""

    REPORTER = "reporter"
    RECTIFIER = "rectifier"
    LEADER = "leader"
    SUPERIOR = "superior"
    VISITOR = "visitor"
    ANYBODY = "anybody"


S = Status
TRIAGE = (S.SUBMITTED, S.ACCEPTED)
QUEUED = (*TRIAGE, S.REGISTERED)

# Each deed: whose it is, and in which states. What is not here is forbidden to everybody.
DEEDS: dict[Deed, tuple[Part, tuple[Status, ...]]] = {
    Deed.ACCEPT: (Part.LEADER, (S.SUBMITTED,)),
    Deed.REJECT: (Part.LEADER, QUEUED),
    Deed.SETTLE: (Part.LEADER, (S.SUBMITTED,)),
    Deed.JOIN: (Part.LEADER, QUEUED),
    Deed.DESCRIBE: (Part.LEADER, TRIAGE),
    Deed.REGRADE: (Part.LEADER, OPEN),
    Deed.ESCALATE: (Part.LEADER, (*QUEUED, S.FIXED)),
    Deed.ASSIGN: (Part.LEADER, (*QUEUED, S.TRANSFERRED, S.ASSIGNED)),
    Deed.TRANSFER: (Part.LEADER, QUEUED),
    Deed.RECEIVE: (Part.RECTIFIER, (S.TRANSFERRED,)),
    Deed.HAND_BACK: (Part.RECTIFIER, (S.TRANSFERRED, S.ASSIGNED)),
    Deed.TAKE_BACK: (Part.LEADER, (S.TRANSFERRED, S.ASSIGNED)),
    Deed.HAND_IN: (Part.RECTIFIER, (S.ASSIGNED,)),
    Deed.WISH: (Part.RECTIFIER, (S.ASSIGNED,)),
    Deed.GRANT: (Part.SUPERIOR, (S.ASSIGNED,)),
    Deed.FIVE: (Part.LEADER, (S.REGISTERED, S.TRANSFERRED, S.ASSIGNED, S.FIXED)),
    Deed.PLATE: (Part.LEADER, (S.REGISTERED, S.TRANSFERRED, S.ASSIGNED, S.FIXED)),
    Deed.SEND_BACK: (Part.LEADER, (S.FIXED,)),
    Deed.CLOSE: (Part.LEADER, (S.FIXED,)),
    Deed.ANSWER: (Part.REPORTER, (S.CLOSED,)),
    Deed.SAY_MORE: (Part.REPORTER, OPEN),
    Deed.REVISIT: (Part.LEADER, (S.CLOSED,)),
    Deed.RECHECK: (Part.VISITOR, (S.CLOSED,)),
    Deed.NUDGE: (Part.ANYBODY, OPEN),
}


@dataclass(frozen=True)
class Case:
    """A case as far as permission goes.

    `desk` is the post that leads it: the township's, or the county's when it was escalated or is confidential (M032).
    `barred_id` is the officer whose closure did not hold; `wished`: more time was asked for; `visitor_id` is who was
    chosen to look again, `visit_due`: a 回头看 has begun.
    """

    status: Status
    severity: Severity
    reporter_id: int
    township_path: str
    place_path: str
    desk: Role = Role.TOWNSHIP_OFFICER
    rectifier_id: int | None = None
    rectifier_role: Role | None = None
    barred_id: int | None = None
    visitor_id: int | None = None
    confidential: bool = False
    on_spot: bool = False
    wished: bool = False
    answered: bool = False
    reopened: bool = False
    visit_due: bool = False

    @property
    def climbs(self) -> str:
        """The path along which reminders climb: a confidential case's is the county's, with nobody below it (M032)."""
        return county_of(self.place_path) if self.confidential else self.place_path


def may(me: Me, case: Case, deed: Deed) -> None:
    """Whether this person may do this now; Refused with the reason in words a rule can say."""
    part, states = DEEDS[deed]
    PLAYS[part](me, case)
    if case.status not in states:
        raise Refused("report.moved_on", status=case.status)
    wanted, reason = SPECIAL.get(deed, (None, ""))
    if wanted is not None and not wanted(case):
        raise Refused(reason)


def deeds(me: Me, case: Case) -> frozenset[Deed]:
    """Everything this person may do now: exactly the buttons of their card."""
    return frozenset(deed for deed in Deed if _allowed(me, case, deed))


def _allowed(me: Me, case: Case, deed: Deed) -> bool:
    try:
        may(me, case, deed)
    except Refused:
        return False
    return True


def _reporter(me: Me, case: Case) -> None:
    if me.id != case.reporter_id:
        raise Refused("hazard.not_yours")


def _rectifier(me: Me, case: Case) -> None:
    if case.rectifier_id is None or me.id != case.rectifier_id:
        raise Refused("hazard.not_yours")


def _leader(me: Me, case: Case) -> None:
    """An officer of the desk that leads the case or of the county above it; never who reported or mends it (M030)."""
    roles = OFFICERS if case.desk is Role.TOWNSHIP_OFFICER else (Role.COUNTY_ADMIN,)
    if not decides(me, case.township_path, *roles):
        raise Refused("hazard.not_yours")
    if me.id == case.reporter_id:
        raise Refused("hazard.own_report")
    if me.id == case.rectifier_id:
        raise Refused("hazard.own_work")
    if me.id == case.barred_id:
        raise Refused("hazard.another_officer")


def _superior(me: Me, case: Case) -> None:
    """More time is granted by the level above: for village people the township, for its officers the county."""
    _leader(me, case)
    if case.rectifier_role in OFFICERS and not decides(me, case.township_path, Role.COUNTY_ADMIN):
        raise Refused("hazard.level_above")


def _visitor(me: Me, case: Case) -> None:
    if me.id != case.visitor_id or me.id in (case.reporter_id, case.rectifier_id):
        raise Refused("hazard.not_yours")


def _anybody(me: Me, case: Case) -> None:
    """Everybody who sees the card may press 一键."""
    may_see(me, Concern(case.reporter_id, case.rectifier_id, None, case.confidential, case.status, case.place_path))


PLAYS = {
    Part.REPORTER: _reporter,
    Part.RECTIFIER: _rectifier,
    Part.LEADER: _leader,
    Part.SUPERIOR: _superior,
    Part.VISITOR: _visitor,
    Part.ANYBODY: _anybody,
}


# What a deed wants besides, and the reason given without it. The fast lane is for grade 一般 mended on the spot by its
# finder; the verifier is a third person all the same.
SPECIAL: dict[Deed, tuple[Callable[[Case], bool], str]] = {
    Deed.SETTLE: (lambda case: case.on_spot and case.severity is Severity.G, "hazard.no_fast_lane"),
    Deed.ESCALATE: (lambda case: case.desk is not Role.COUNTY_ADMIN, "hazard.county_already"),
    Deed.WISH: (lambda case: not case.wished, "hazard.wished_already"),
    Deed.GRANT: (lambda case: case.wished, "hazard.no_wish"),
    Deed.FIVE: (lambda case: major(case.severity), "hazard.not_major"),
    Deed.PLATE: (lambda case: major(case.severity), "hazard.not_major"),
    Deed.ANSWER: (lambda case: not case.answered, "hazard.answered_already"),
    Deed.REJECT: (lambda case: not case.reopened, "hazard.came_again"),  # it ends with proof, not with 驳回
    Deed.SAY_MORE: (lambda case: case.reopened, "report.moved_on"),
    Deed.REVISIT: (lambda case: case.visit_due, "hazard.no_visit"),
}


def may_get(case: Case, person_id: int) -> None:
    """报办分离: who reported a hazard is never given it to mend (M030), but in the fast lane. Refused otherwise."""
    if person_id == case.reporter_id:
        raise Refused("hazard.reporter_cannot_fix")


def major(severity: Severity | None) -> bool:
    """重大事故隐患 in the law's two grades: M and E of the working scale (domain 5.4)."""
    return severity in (Severity.M, Severity.E)


def may_count(me: Me, path: str, level: Level) -> None:
    """The figures of an area (M026) are for whoever has a post over it, and for people of its grids. Refused otherwise.

    They name nobody and no case, so those of the county count confidential ones too (M032).
    """
    in_a_grid = level is Level.VILLAGE and any(seat.path.startswith(path) for seat in me.seats)
    if not in_a_grid and not sees(me, path):
        raise Refused("stats.elsewhere")


# --- proof ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evidence:
    """What was handed in as proof of mending: pictures, what was done, and how far from the spot in metres.

    `placed`: a place was sent; `distance` is empty when that or the spot is unknown; `excuse` is why it was taken too
    far off or without a place.
    """

    photos: int
    measure: Measure | None
    words: str = ""
    placed: bool = False
    distance: float | None = None
    excuse: str = ""


def missing(proof: Evidence, near: float) -> str | None:
    """What a proof still lacks, as the reason of a refusal, in the order in which it is asked for (domain 5.5)."""
    if not proof.photos:
        return "hazard.no_photo"
    if not proof.placed and not proof.excuse:
        return "hazard.no_place"
    if proof.distance is not None and proof.distance > near and not proof.excuse:
        return "hazard.too_far"
    if proof.measure is None or (proof.measure is Measure.OTHER and not proof.words.strip()):
        return "hazard.no_measure"
    return None


PROOF_LIVES = timedelta(hours=12)  # a day's work on the spot; what comes later is about something else


def complete(proof: Evidence, near: float) -> None:
    """Refused while a proof lacks something."""
    if reason := missing(proof, near):
        raise Refused(reason)


def may_end(case: Case, proof: Evidence, near: float, five: Mapping[str, str], plated: bool) -> None:
    """Whether 销号 has what it needs: a whole proof; for a major hazard the five fixes and its plate besides."""
    complete(proof, near)
    if not major(case.severity):
        return
    if any(not five.get(name, "").strip() for name in FIVE):
        raise Refused("hazard.five_missing")
    if not plated:
        raise Refused("hazard.no_plate")


# --- clocks -----------------------------------------------------------------------------------------------------------


def fix_time(policy: HazardPolicy, severity: Severity, kind: str | None) -> timedelta:
    """The time for 整改 by kind, else by grade (domain 5.4)."""
    return policy.fix_kind.get(kind or "", policy.fix.of(severity))


def ladder(policy: HazardPolicy, due: timedelta, severity: Severity) -> Ladder:
    """A step's ladder: 提醒, 评价, 问责 (M029); only 紧急 does not wait for daylight."""
    return policy.clock.ladder(due, patient=severity is not Severity.E)


def until(now: datetime, begun: datetime, due: datetime, more: timedelta, most: timedelta) -> datetime:
    """A new deadline, counted from the old one or from now if that has passed. Refused beyond the policy's most."""
    wanted = max(due, now) + more
    if wanted > begun + most:
        raise Refused("hazard.too_long")
    return wanted


def too_late_to_answer(closed_at: datetime, now: datetime, within: timedelta) -> None:
    """没解决 is heard for a while after 销号; Refused later, when it would be a report of its own."""
    if now - closed_at > within:
        raise Refused("hazard.answered_late")


# --- places and likenesses --------------------------------------------------------------------------------------------


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """How far two places (latitude, longitude, WGS-84) are from each other."""
    here, there = (geo.coordinate_wgs84(lat, lon) for lat, lon in (one, other))
    return float(geo.haversine_distance_m(here, there))


def unlike(one: str, other: str) -> int:
    """In how many bits two pictures' likenesses (16 hex digits) differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


# --- people -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """Somebody to whom a case may be given: how often they mended its kind before, and what they hold now."""

    id: int
    name: str
    role: Role
    region: str
    before: int = 0
    load: int = 0


def likely(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The likely first: who mended such a thing before, then the village's head, its grid workers, officers; the
    less busy before the busier."""
    order = (Role.VILLAGE_LEAD, Role.GRID_WORKER, Role.TOWNSHIP_OFFICER, Role.COUNTY_ADMIN)
    return sorted(candidates, key=lambda c: (-min(c.before, 1), order.index(c.role), c.load, -c.before, c.id))


def chosen(report_id: int, round_: int, share: int) -> bool:
    """Whether this closure is one of the random share (per cent) that is looked at again (M046).

    The same answer at every asking, so that a retried transaction does not throw the dice twice; not to be foreseen by
    the number alone, since it also turns on the round.
    """
    return (report_id * 2654435761 + round_ * 40503) % 1000 < share * 10


def drawn(report_id: int, round_: int, people: Sequence[int]) -> int | None:
    """Who looks again: one of these, by the same dice; None when there is nobody."""
    return people[(report_id * 40503 + round_ * 2654435761 >> 7) % len(people)] if people else None
