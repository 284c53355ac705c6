"""Who may do what with a case: written out deed by deed; nobody plays two parts; and no 销号 without a whole proof."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import pytest

from models.hazard import rules
from models.hazard.rules import FIVE, Case, Deed, Evidence, Measure
from models.people.rules import Me, Role, Seat
from models.refused import Refused
from models.report.rules import ENDED, MOVES, OPEN, Severity, Status

COUNTY, TOWN, OTHER_TOWN = "/330824/", "/330824/330824106/", "/330824/330824107/"
VILLAGE, NEXT_VILLAGE = "/330824/330824106/330824106200/", "/330824/330824106/330824106207/"
NEAR = 100.0
WHOLE = Evidence(1, Measure.REPAIRED, placed=True, distance=12.0)


def seat(role: Role, path: str) -> Seat:
    return Seat(role, path.strip("/").rpartition("/")[2], path, "")


SEATS: dict[str, tuple[Seat, ...]] = {
    "bob": (seat(Role.GRID_WORKER, VILLAGE),),  # 1: reported it
    "lena": (seat(Role.VILLAGE_LEAD, VILLAGE),),  # 2: mends it
    "nina": (seat(Role.GRID_WORKER, NEXT_VILLAGE),),  # 3: was drawn to look again
    "olga": (seat(Role.TOWNSHIP_OFFICER, TOWN),),
    "oscar": (seat(Role.TOWNSHIP_OFFICER, TOWN),),  # 5: closed it, and it was not mended
    "otto": (seat(Role.TOWNSHIP_OFFICER, OTHER_TOWN),),
    "carol": (seat(Role.COUNTY_ADMIN, COUNTY),),
    "gail": (seat(Role.GRID_WORKER, VILLAGE),),
    "stranger": (),
}
CAST = {name: Me(who, name, seats) for who, (name, seats) in enumerate(SEATS.items(), 1)}
CASE = Case(
    Status.SUBMITTED, Severity.M, reporter_id=1, township_path=TOWN, place_path=VILLAGE, rectifier_id=2, visitor_id=3,
    barred_id=5,
)  # fmt: skip
# What must be true besides for a deed to be possible at all.
WANTED: dict[Deed, dict[str, Any]] = {
    Deed.SETTLE: {"on_spot": True, "severity": Severity.G},
    Deed.GRANT: {"wished": True},
    Deed.REVISIT: {"visit_due": True},
}
ALL_OPEN = "submitted accepted registered transferred assigned fixed"
KNOWN = "registered transferred assigned fixed"
LEADERS = "olga carol"
# Who may do it, and where the case must stand; there is nothing else.
TABLE: list[tuple[Deed, str, str]] = [
    (Deed.ACCEPT, LEADERS, "submitted"),
    (Deed.REJECT, LEADERS, "submitted accepted registered"),
    (Deed.SETTLE, LEADERS, "submitted"),
    (Deed.JOIN, LEADERS, "submitted accepted registered"),
    (Deed.DESCRIBE, LEADERS, "submitted accepted"),
    (Deed.REGRADE, LEADERS, ALL_OPEN),
    (Deed.ESCALATE, LEADERS, "submitted accepted registered fixed"),
    (Deed.ASSIGN, LEADERS, "submitted accepted registered transferred assigned"),
    (Deed.TRANSFER, LEADERS, "submitted accepted registered"),
    (Deed.RECEIVE, "lena", "transferred"),
    (Deed.HAND_BACK, "lena", "transferred assigned"),
    (Deed.TAKE_BACK, LEADERS, "transferred assigned"),
    (Deed.HAND_IN, "lena", "assigned"),
    (Deed.WISH, "lena", "assigned"),
    (Deed.GRANT, LEADERS, "assigned"),
    (Deed.FIVE, LEADERS, KNOWN),
    (Deed.PLATE, LEADERS, KNOWN),
    (Deed.SEND_BACK, LEADERS, "fixed"),
    (Deed.CLOSE, LEADERS, "fixed"),
    (Deed.ANSWER, "bob", "closed"),
    (Deed.REVISIT, LEADERS, "closed"),
    (Deed.RECHECK, "nina", "closed"),
    (Deed.NUDGE, "bob lena olga oscar carol", ALL_OPEN),
    (Deed.NUDGE, "gail", KNOWN),
]


def possible(me: Me, case: Case, deed: Deed) -> bool:
    return deed in rules.deeds(me, replace(case, **WANTED.get(deed, {})))


def why_not(me: Me, case: Case, deed: Deed) -> str:
    with pytest.raises(Refused) as refused:
        rules.may(me, case, deed)
    return refused.value.reason


# Six steps


def test_the_six_steps_follow_one_another_and_each_open_one_leads_on() -> None:
    steps = [
        Status.DRAFT, Status.SUBMITTED, Status.ACCEPTED, Status.REGISTERED, Status.ASSIGNED, Status.FIXED,
        Status.CLOSED,
    ]  # fmt: skip
    assert all(new in MOVES[old] for old, new in pairwise(steps))
    assert all(MOVES[status] for status in OPEN), "nothing open is at its end"
    assert set(OPEN) | set(ENDED) | {Status.DRAFT} == set(Status)


def test_nothing_is_closed_but_what_was_mended() -> None:
    assert [old for old, after in MOVES.items() if Status.CLOSED in after] == [Status.FIXED]
    assert [old for old, after in MOVES.items() if Status.FIXED in after] == [Status.ASSIGNED]


# Who may


@pytest.mark.parametrize("deed", Deed)
def test_a_deed_is_for_these_people_at_these_steps_and_for_nobody_else(deed: Deed) -> None:
    wanted = {
        (name, Status(status))
        for each, names, states in TABLE
        if each is deed
        for name, status in product(names.split(), states.split())
    }
    found = {
        (name, status)
        for name, status in product(CAST, Status)
        if possible(CAST[name], replace(CASE, status=status), deed)
    }
    assert found == wanted


def test_what_the_county_leads_is_no_longer_the_townships() -> None:
    for deed, status in product(Deed, Status):
        case = replace(CASE, status=status, desk=Role.COUNTY_ADMIN)
        assert not possible(CAST["olga"], case, deed) or deed is Deed.NUDGE
        led = (deed, status) in {(each, Status(s)) for each, names, ss in TABLE for s in ss.split() if "carol" in names}
        assert possible(CAST["carol"], case, deed) is (led and deed is not Deed.ESCALATE)


@pytest.mark.parametrize("status", Status)
def test_a_confidential_case_is_the_countys_the_reporters_and_the_rectifiers(status: Status) -> None:
    case = replace(CASE, status=status, desk=Role.COUNTY_ADMIN, confidential=True)
    for name in ("olga", "oscar", "otto", "gail", "stranger"):
        assert not any(possible(CAST[name], case, deed) for deed in Deed), name
    assert possible(CAST["bob"], case, Deed.NUDGE) is possible(CAST["carol"], case, Deed.NUDGE) is (status in OPEN)


def test_a_confidential_case_climbs_past_all_below_the_county() -> None:
    assert CASE.climbs == VILLAGE
    assert replace(CASE, confidential=True).climbs == COUNTY


@pytest.mark.parametrize(
    ("deed", "changes", "reason"),
    [
        (Deed.SETTLE, {"on_spot": False, "severity": Severity.G}, "hazard.no_fast_lane"),
        (Deed.SETTLE, {"on_spot": True, "severity": Severity.L}, "hazard.no_fast_lane"),
        (Deed.ESCALATE, {"desk": Role.COUNTY_ADMIN}, "hazard.county_already"),
        (Deed.WISH, {"status": Status.ASSIGNED, "wished": True}, "hazard.wished_already"),
        (Deed.GRANT, {"status": Status.ASSIGNED}, "hazard.no_wish"),
        (Deed.ANSWER, {"status": Status.CLOSED, "answered": True}, "hazard.answered_already"),
        (Deed.FIVE, {"status": Status.ASSIGNED, "severity": Severity.L}, "hazard.not_major"),
        (Deed.PLATE, {"status": Status.ASSIGNED, "severity": Severity.G}, "hazard.not_major"),
        (Deed.REVISIT, {"status": Status.CLOSED}, "hazard.no_visit"),
    ],
)
def test_some_deeds_want_more_than_a_post(deed: Deed, changes: dict[str, Any], reason: str) -> None:
    who = {Deed.WISH: "lena", Deed.ANSWER: "bob"}.get(deed, "carol")
    assert why_not(CAST[who], replace(CASE, **changes), deed) == reason


@pytest.mark.parametrize(
    ("role", "granting"),
    [
        (Role.GRID_WORKER, ["olga", "carol"]),
        (Role.VILLAGE_LEAD, ["olga", "carol"]),
        (Role.TOWNSHIP_OFFICER, ["carol"]),
        (Role.COUNTY_ADMIN, ["carol"]),
    ],
)
def test_more_time_comes_from_the_level_above(role: Role, granting: list[str]) -> None:
    case = replace(CASE, status=Status.ASSIGNED, wished=True, rectifier_role=role)
    assert [name for name in CAST if possible(CAST[name], case, Deed.GRANT)] == granting
    if granting == ["carol"]:
        assert why_not(CAST["olga"], case, Deed.GRANT) == "hazard.level_above"


def test_nothing_is_told_about_a_case_to_those_it_does_not_concern() -> None:
    """Not even where it stands: the part comes before the state."""
    for deed, status in product(Deed, Status):
        for name in ("otto", "stranger"):
            assert why_not(CAST[name], replace(CASE, status=status), deed) in ("hazard.not_yours", "report.not_found")


# 报办分离

LEADING = [deed for deed, names, _ in TABLE if names == LEADERS]
OFFICIAL = [
    (seat(Role.TOWNSHIP_OFFICER, TOWN),),
    (seat(Role.COUNTY_ADMIN, COUNTY),),
    (seat(Role.TOWNSHIP_OFFICER, TOWN), seat(Role.GRID_WORKER, VILLAGE)),
    (seat(Role.COUNTY_ADMIN, COUNTY), seat(Role.TOWNSHIP_OFFICER, TOWN)),
    (seat(Role.COUNTY_ADMIN, COUNTY), seat(Role.VILLAGE_LEAD, VILLAGE)),
]


@pytest.mark.parametrize("seats", OFFICIAL)
@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("reporter_id", "hazard.own_report"),
        ("rectifier_id", "hazard.own_work"),
        ("barred_id", "hazard.another_officer"),
    ],
)
def test_whatever_posts_they_hold_nobody_leads_what_they_reported_mend_or_closed_wrongly(
    seats: tuple[Seat, ...], part: str, reason: str
) -> None:
    me = Me(70, "Two posts", seats)
    for deed, status in product(LEADING, Status):
        assert why_not(me, replace(CASE, status=status, **{part: 70}), deed) == reason  # type: ignore[arg-type]


@pytest.mark.parametrize(("reporter", "rectifier", "closer"), list(product((1, 2, 3), repeat=3)))
@pytest.mark.parametrize("desk", [Role.TOWNSHIP_OFFICER, Role.COUNTY_ADMIN])
def test_reporter_rectifier_and_verifier_are_three_people(
    desk: Role, reporter: int, rectifier: int, closer: int
) -> None:
    """All three hold every post there is."""
    seats = (seat(Role.GRID_WORKER, VILLAGE), seat(Role.TOWNSHIP_OFFICER, TOWN), seat(Role.COUNTY_ADMIN, COUNTY))
    case = Case(Status.FIXED, Severity.L, reporter, TOWN, VILLAGE, desk, rectifier)
    given = True
    try:
        rules.may_get(case, rectifier)
    except Refused as refused:
        given = refused.reason != "hazard.reporter_cannot_fix"
    closes = Deed.CLOSE in rules.deeds(Me(closer, "Somebody", seats), case)
    assert (given and closes) is (len({reporter, rectifier, closer}) == 3)


@pytest.mark.parametrize("part", ["reporter_id", "rectifier_id"])
def test_who_reported_or_mended_it_is_not_the_one_who_looks_again(part: str) -> None:
    case = replace(CASE, status=Status.CLOSED, visitor_id=3, **{part: 3})  # type: ignore[arg-type]
    assert why_not(CAST["nina"], case, Deed.RECHECK) == "hazard.not_yours"


# Proof


@pytest.mark.parametrize(
    ("proof", "lacks"),
    [
        (Evidence(0, None), "hazard.no_photo"),
        (Evidence(0, Measure.REPAIRED, placed=True, distance=1.0), "hazard.no_photo"),
        (Evidence(1, None), "hazard.no_place"),
        (Evidence(1, Measure.REPAIRED), "hazard.no_place"),
        (Evidence(1, Measure.REPAIRED, excuse="no signal"), None),
        (Evidence(1, Measure.REPAIRED, placed=True, distance=100.1), "hazard.too_far"),
        (Evidence(1, Measure.REPAIRED, placed=True, distance=100.1, excuse="from the other bank"), None),
        (Evidence(1, Measure.REPAIRED, placed=True, distance=100.0), None),
        (Evidence(1, Measure.REPAIRED, placed=True), None),
        (Evidence(1, None, placed=True, distance=1.0), "hazard.no_measure"),
        (Evidence(1, Measure.OTHER, placed=True, distance=1.0), "hazard.no_measure"),
        (Evidence(1, Measure.OTHER, words=" ", placed=True, distance=1.0), "hazard.no_measure"),
        (Evidence(1, Measure.OTHER, words="propped up", placed=True, distance=1.0), None),
        (WHOLE, None),
    ],
)
def test_what_a_proof_lacks_is_named(proof: Evidence, lacks: str | None) -> None:
    assert rules.missing(proof, NEAR) == lacks
    for severity in (Severity.G, Severity.L):
        if lacks is None:
            rules.may_end(replace(CASE, severity=severity), proof, NEAR, {}, plated=False)
            continue
        with pytest.raises(Refused) as refused:
            rules.may_end(replace(CASE, severity=severity), proof, NEAR, {}, plated=False)
        assert refused.value.reason == lacks


FILLED = dict.fromkeys(FIVE, "done")


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize(
    ("five", "plated", "lacks"),
    [
        ({}, True, "hazard.five_missing"),
        *[({**FILLED, name: " "}, True, "hazard.five_missing") for name in FIVE],
        *[({key: "done" for key in FIVE if key != name}, True, "hazard.five_missing") for name in FIVE],
        (FILLED, False, "hazard.no_plate"),
        (FILLED, True, None),
    ],
)
def test_a_major_one_wants_five_fixes_and_its_plate(
    severity: Severity, five: dict[str, str], plated: bool, lacks: str | None
) -> None:
    case = replace(CASE, status=Status.FIXED, severity=severity)
    if lacks is None or severity in (Severity.G, Severity.L):
        rules.may_end(case, WHOLE, NEAR, five, plated)
        return
    with pytest.raises(Refused) as refused:
        rules.may_end(case, WHOLE, NEAR, five, plated)
    assert refused.value.reason == lacks
