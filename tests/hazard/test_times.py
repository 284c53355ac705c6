"""How much time each step has and who hears when it runs out; distances, likenesses, and whom the lot falls on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.hazard import rules
from models.hazard.rules import Candidate
from models.people.rules import Role
from models.refused import Refused
from models.report.rules import Severity
from tests.cast import POLICY

NINE = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)

# Clocks


@pytest.mark.parametrize(
    ("severity", "kind", "time"),
    [
        (Severity.E, "A01", timedelta(minutes=30)),
        (Severity.M, "A01", timedelta(days=30)),
        (Severity.L, None, timedelta(days=7)),
        (Severity.G, "A01", timedelta(days=3)),
        (Severity.G, "C02", timedelta(minutes=30)),
    ],
)
def test_the_time_is_that_of_the_kind_or_else_of_the_grade(severity: Severity, kind: str, time: timedelta) -> None:
    assert rules.fix_time(POLICY.hazard, severity, kind) == time


def test_the_ladder_warns_before_the_end_then_reminds_marks_and_calls_to_account() -> None:
    ladder = rules.ladder(POLICY.hazard, timedelta(days=10), Severity.L)
    assert [(rung.after, rung.to, rung.mark) for rung in ladder.rungs] == [
        (timedelta(days=8), "holder", ""),
        (timedelta(days=10), "above", "remind"),
        (timedelta(days=11), "above", "evaluate"),
        (timedelta(days=13), "county", "account"),
    ]
    assert (ladder.due, ladder.again) == (timedelta(days=10), timedelta(days=1))


@pytest.mark.parametrize("severity", Severity)
def test_only_an_emergency_does_not_wait_for_daylight(severity: Severity) -> None:
    assert rules.ladder(POLICY.hazard, timedelta(hours=1), severity).patient is (severity is not Severity.E)


YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("day", "more", "until"),
    [(0, 7, 14), (6, 7, 14), (9, 7, 16), (0, 358, 365), (0, 359, None), (360, 5, 365), (360, 6, None)],
)
def test_more_time_counts_from_the_old_end_or_from_now_up_to_a_year(day: int, more: int, until: int | None) -> None:
    due, now = NINE + timedelta(days=7), NINE + timedelta(days=day)
    if until is not None:
        assert rules.until(now, NINE, due, timedelta(days=more), YEAR) == NINE + timedelta(days=until)
        return
    with pytest.raises(Refused) as refused:
        rules.until(now, NINE, due, timedelta(days=more), YEAR)
    assert refused.value.reason == "hazard.too_long"


def test_unsolved_is_heard_for_a_week() -> None:
    week = timedelta(days=7)
    rules.too_late_to_answer(NINE, NINE + week, week)
    with pytest.raises(Refused, match=r"hazard\.answered_late"):
        rules.too_late_to_answer(NINE, NINE + week + timedelta(seconds=1), week)


# Places, likenesses, people


def test_metres_are_those_of_the_ground() -> None:
    assert rules.metres((29.13, 118.41), (29.13, 118.41)) == 0
    assert rules.metres((29.13, 118.41), (29.1309, 118.41)) == pytest.approx(100, abs=0.5)


def test_two_pictures_differ_by_so_many_bits() -> None:
    assert rules.unlike("ffffffffffffffff", "ffffffffffffffff") == 0
    assert rules.unlike("ffffffffffffffff", "0000000000000000") == 64
    assert rules.unlike("0000000000000003", "0000000000000000") == 2


def test_who_mended_such_a_thing_before_comes_first_then_the_village_then_the_less_busy() -> None:
    people = [
        Candidate(1, "officer", Role.TOWNSHIP_OFFICER, "", 0, 0),
        Candidate(2, "busy worker", Role.GRID_WORKER, "", 0, 4),
        Candidate(3, "worker", Role.GRID_WORKER, "", 0, 1),
        Candidate(4, "head", Role.VILLAGE_LEAD, "", 0, 9),
        Candidate(5, "officer who knows it", Role.TOWNSHIP_OFFICER, "", 2, 3),
        Candidate(6, "worker who knows it", Role.GRID_WORKER, "", 1, 3),
    ]
    assert [each.id for each in rules.likely(people)] == [6, 5, 4, 3, 2, 1]


@given(report=some.integers(1, 10**9), round_=some.integers(1, 9))
def test_the_dice_fall_alike_at_every_asking(report: int, round_: int) -> None:
    assert not rules.chosen(report, round_, 0)
    assert rules.chosen(report, round_, 100)
    assert rules.chosen(report, round_, 10) is rules.chosen(report, round_, 10)
    assert rules.drawn(report, round_, [5, 6, 7]) in (5, 6, 7)
    assert rules.drawn(report, round_, []) is None


def test_the_share_drawn_is_the_share_wanted_and_everybody_is_drawn_at_times() -> None:
    assert sum(rules.chosen(report, 1, 10) for report in range(1, 10_001)) == 1000
    drawn = [rules.drawn(report, 1, [5, 6, 7]) for report in range(3000)]
    assert all(900 < drawn.count(person) < 1100 for person in (5, 6, 7))
