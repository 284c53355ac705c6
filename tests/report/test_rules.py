"""What a report lacks, which parts belong together, who may decide, and numbers that survive being read out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from string import ascii_uppercase, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from models.people.rules import Me, Role, Seat
from models.refused import Refused
from models.report import rules
from models.report.rules import MOVES, Concern, DraftFacts, KindFacts, Part, Status

NINE = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)
EXAMPLE = "YH-330824116-240620-0007-2"  # domain 7.6
PLAIN = EXAMPLE.replace("-", "")
TOWN, VILLAGE = "/330824/330824106/", "/330824/330824106/330824106200/"


def draft(
    *, place: bool = False, photo: bool = False, waived: bool = False, albums: tuple[str, ...] = ()
) -> DraftFacts:
    return DraftFacts(1, place, photo, waived, has_kind=False, last_part_at=NINE, albums=albums)


def somebody(role: Role, path: str, person_id: int = 5) -> Me:
    return Me(person_id, "Somebody", (Seat(role, path.strip("/").rpartition("/")[2], path, ""),))


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.reason


# Where a report stands


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, after in MOVES.items() for new in after])
def test_a_move_of_the_table_is_allowed(old: Status, new: Status) -> None:
    rules.move(old, new)


@pytest.mark.parametrize(("old", "new"), [(o, n) for o, n in product(Status, repeat=2) if n not in MOVES[o]])
def test_every_other_move_is_refused(old: Status, new: Status) -> None:
    with pytest.raises(Refused) as refused:
        rules.move(old, new)
    assert (reason(refused), refused.value.facts) == ("report.moved_on", {"status": old})


def test_nothing_leads_back_to_a_draft_and_what_was_decided_stays() -> None:
    assert not any(Status.DRAFT in after for after in MOVES.values())
    assert [old for old, after in MOVES.items() if not after] == [Status.REJECTED, Status.WITHDRAWN, Status.DUPLICATE]


# Parts


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        (draft(), [Part.PLACE, Part.PHOTO, Part.KIND]),
        (draft(photo=True), [Part.PLACE, Part.KIND]),
        (draft(place=True), [Part.PHOTO, Part.KIND]),
        (draft(place=True, photo=True), [Part.KIND]),
        (draft(place=True, waived=True), [Part.KIND]),
        (DraftFacts(1, True, True, False, True, NINE), []),
    ],
)
def test_missing_parts_are_asked_for_in_one_order(facts: DraftFacts, missing: list[Part]) -> None:
    assert facts.missing() == missing


@pytest.mark.parametrize(("minutes", "joined"), [(0, True), (9, True), (10, True), (10.1, False), (600, False)])
def test_a_second_photo_belongs_to_the_report_for_ten_minutes(minutes: float, joined: bool) -> None:
    then = NINE + timedelta(minutes=minutes)
    assert rules.joins(draft(photo=True), Part.PHOTO, None, then, TEN_MINUTES) is joined


@pytest.mark.parametrize(
    ("facts", "part", "joined"),
    [
        (draft(photo=True), Part.PLACE, True),
        (draft(place=True), Part.PHOTO, True),
        (draft(place=True, photo=True), Part.KIND, True),
        (draft(place=True), Part.PLACE, False),
        (draft(photo=True), Part.PHOTO, False),
        (draft(place=True, waived=True), Part.PHOTO, False),
    ],
)
def test_hours_later_only_what_is_missing_joins(facts: DraftFacts, part: Part, joined: bool) -> None:
    assert rules.joins(facts, part, None, NINE + timedelta(hours=5), TEN_MINUTES) is joined


def test_an_album_stays_together_however_slow_the_line() -> None:
    facts = draft(photo=True, albums=("a", "b"))
    assert rules.joins(facts, Part.PHOTO, "b", NINE + timedelta(days=2), TEN_MINUTES)
    assert not rules.joins(facts, Part.PHOTO, "c", NINE + timedelta(days=2), TEN_MINUTES)


@pytest.mark.parametrize("point", [(29.1, 118.4), (-90.0, -180.0), (90.0, 180.0)])
def test_a_place_on_the_globe_is_taken(point: tuple[float, float]) -> None:
    rules.valid_point(*point)


@pytest.mark.parametrize("point", [(90.1, 0.0), (0.0, 180.1), (-91.0, 0.0), (0.0, -181.0), (float("nan"), 0.0)])
def test_a_place_beside_the_globe_is_refused(point: tuple[float, float]) -> None:
    with pytest.raises(Refused) as refused:
        rules.valid_point(*point)
    assert reason(refused) == "report.bad_place"


# Permission


HEAD, GRID = somebody(Role.VILLAGE_LEAD, VILLAGE), somebody(Role.GRID_WORKER, VILLAGE)
OFFICER, COUNTY = somebody(Role.TOWNSHIP_OFFICER, TOWN), somebody(Role.COUNTY_ADMIN, "/330824/")
FOREIGN = (
    somebody(Role.VILLAGE_LEAD, "/330824/330824106/330824106207/"),
    somebody(Role.GRID_WORKER, "/330824/330824106/330824106207/"),
    somebody(Role.TOWNSHIP_OFFICER, "/330824/330824107/"),
    somebody(Role.COUNTY_ADMIN, "/330825/"),
    Me(5, "Stranger", ()),
)
DONE = {Status.REGISTERED, Status.TRANSFERRED, Status.ASSIGNED, Status.FIXED, Status.CLOSED}


def concern(status: Status = Status.SUBMITTED, *, confidential: bool = False) -> Concern:
    """A case reported by 1, mended by 2, to be looked at again by 3."""
    return Concern(1, 2, 3, confidential, status, VILLAGE)


def sees(me: Me, case: Concern) -> bool:
    try:
        rules.may_see(me, case)
    except Refused:
        return False
    return True


def test_a_case_that_concerns_them_not_is_refused_in_the_words_for_one_that_is_not_there() -> None:
    with pytest.raises(Refused) as refused:
        rules.may_see(FOREIGN[0], concern())
    assert reason(refused) == "report.not_found"


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("confidential", [False, True])
def test_who_plays_a_part_in_a_case_sees_it_wherever_they_sit(status: Status, confidential: bool) -> None:
    case = concern(status, confidential=confidential)
    assert [who for who in range(6) if sees(Me(who, "Somebody", FOREIGN[1].seats), case)] == [1, 2, 3]


@pytest.mark.parametrize("status", Status)
def test_a_case_is_seen_by_who_answers_for_its_place_and_once_registered_by_its_grid_workers(status: Status) -> None:
    assert [sees(me, concern(status)) for me in (HEAD, OFFICER, COUNTY)] == [True, True, True]
    assert sees(GRID, concern(status)) is (status in DONE)
    assert not any(sees(me, concern(status)) for me in FOREIGN)


@pytest.mark.parametrize("status", Status)
def test_below_the_county_nobody_else_sees_a_confidential_case(status: Status) -> None:
    seen = [me for me in (HEAD, GRID, OFFICER, COUNTY, *FOREIGN) if sees(me, concern(status, confidential=True))]
    assert seen == [COUNTY]


@pytest.mark.parametrize(
    ("me", "open_one", "confidential"),
    [
        (somebody(Role.GRID_WORKER, VILLAGE, 1), True, True),
        (HEAD, True, False),
        (OFFICER, True, False),
        (COUNTY, True, True),
        (GRID, False, False),
        (somebody(Role.TOWNSHIP_OFFICER, "/330824/330824107/", 2), False, False),
        (somebody(Role.GRID_WORKER, VILLAGE, 3), False, False),
    ],
)
def test_the_reporter_is_known_to_officers_and_if_confidential_to_the_county(
    me: Me, open_one: bool, confidential: bool
) -> None:
    assert rules.knows_reporter(me, concern(Status.ASSIGNED)) is open_one
    assert rules.knows_reporter(me, concern(Status.ASSIGNED, confidential=True)) is confidential


# Numbers


def readable(text: str) -> bool:
    """Whether somebody who types this gets a report, any report."""
    try:
        rules.read_number(text)
    except Refused:
        return False
    return True


def swapped(text: str) -> list[str]:
    """Every text that two neighbouring signs in the wrong order make of it."""
    pairs = [at for at in range(len(text) - 1) if text[at] != text[at + 1]]
    return [text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in pairs]


def test_the_number_of_the_plan_is_made() -> None:
    assert rules.number("YH", "330824116", date(2024, 6, 20), 7) == EXAMPLE


@pytest.mark.parametrize("typed", [EXAMPLE, EXAMPLE.lower(), PLAIN, " yh 330824116 240620 0007 2 ", f"{EXAMPLE}\n"])
def test_a_number_is_read_however_it_is_typed(typed: str) -> None:
    assert rules.read_number(typed) == EXAMPLE


@given(
    area=some.sampled_from(["330824116", "330824106200"]),
    day=some.dates(date(2024, 1, 1), date(2099, 12, 31)),
    serial=some.integers(1, 9999),
)
def test_every_number_reads_back(area: str, day: date, serial: int) -> None:
    made = rules.number("YH", area, day, serial)
    assert len(made) <= 40
    assert rules.read_number(made) == rules.read_number(made.replace("-", "").lower()) == made


@pytest.mark.parametrize("at", range(len(PLAIN)))
def test_one_wrong_sign_is_always_caught(at: int) -> None:
    wrong = [PLAIN[:at] + sign + PLAIN[at + 1 :] for sign in digits + ascii_uppercase if sign != PLAIN[at]]
    assert [text for text in wrong if readable(text)] == []


@pytest.mark.parametrize("at", range(len(PLAIN)))
def test_a_sign_left_out_or_typed_twice_is_caught(at: int) -> None:
    assert not readable(PLAIN[:at] + PLAIN[at + 1 :])
    assert not readable(PLAIN[:at] + PLAIN[at] + PLAIN[at:])


def test_signs_in_the_wrong_order_are_caught_in_the_example() -> None:
    assert [text for text in swapped(PLAIN) if readable(text)] == []


def test_almost_every_swap_of_neighbours_is_caught() -> None:
    """MOD 37,36 promises to catch every single slip, but not every swap: about 3 in 1000 get through."""
    days = [date(2024, 6, day) for day in range(1, 31)]
    areas = ("330824116", "330824106", "330824106200")
    numbers = [rules.number("YH", a, d, s).replace("-", "") for a, d, s in product(areas, days, range(1, 40))]
    swaps = [text for number in numbers for text in swapped(number)]
    passed = sum(readable(text) for text in swaps)
    assert 0 < passed < len(swaps) / 100


@pytest.mark.parametrize(
    "words", ["", "YH", "有裂缝", "YH330824116240620000722", "SJ-330824116-240620-0007-2", "ＹＨ" + PLAIN[2:]]
)
def test_words_are_no_number(words: str) -> None:
    assert not rules.looks_like_number(words)
    with pytest.raises(Refused) as refused:
        rules.read_number(words)
    assert reason(refused) == "report.bad_number"


def test_a_wrong_number_still_looks_like_one() -> None:
    """So that it is answered with "check the number" and not taken for a description."""
    assert rules.looks_like_number(EXAMPLE[:-1] + "3")
    assert not readable(EXAMPLE[:-1] + "3")


# Guessing


KINDS = [
    KindFacts("A1", ("滑坡", "裂缝"), (6, 7, 8), 3),
    KindFacts("B2", ("用电",), (), 5),
    KindFacts("C3", ("结冰",), (1, 2, 12), 1),
    KindFacts("D4", ("Landslide",), (), 1),
]


def test_what_is_said_weighs_most() -> None:
    assert rules.guess(KINDS, "路边结冰了", 7)[0] == "C3"
    assert rules.guess(KINDS, "a landslide above the road", 7)[0] == "D4"


def test_then_how_common_it_is_in_this_season() -> None:
    assert rules.guess(KINDS, "", 7) == ["B2", "A1", "D4", "C3"]
    assert rules.guess(KINDS, "", 1) == ["B2", "A1", "C3", "D4"]


def test_what_the_reporter_found_lately_goes_first_among_equals() -> None:
    assert rules.guess(KINDS, "", 7, recent=["D4"]) == ["B2", "A1", "D4", "C3"]
    equals = [KindFacts("A", (), (), 1), KindFacts("B", (), (), 1)]
    assert rules.guess(equals, "", 7) == ["A", "B"]
    assert rules.guess(equals, "", 7, recent=["B"]) == ["B", "A"]


@settings(max_examples=30)
@given(some.text(max_size=40), some.integers(1, 12))
def test_a_guess_leaves_no_kind_out(said: str, month: int) -> None:
    assert sorted(rules.guess(KINDS, said, month)) == ["A1", "B2", "C3", "D4"]
