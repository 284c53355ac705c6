"""A ladder climbs in its order, one rung at a time, and never two within a breath."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.people.rules import Role
from models.policy import Ladder, Rung
from models.task import rules
from models.task.rules import ABOVE, BREATH, MOVES, RUNG_ROLES, Status, Step
from tests.cast import POLICY

NINE = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
LADDER = Ladder.model_validate(
    {
        "rungs": [
            {"after": "30m", "to": "holder"},
            {"after": "2h", "to": "township"},
            {"after": "12h", "to": "county"},
        ],
        "due": "24h",
        "again": "6h",
    }
)
FROZEN = rules.freeze(LADDER)


def at(**after: float) -> datetime:
    return NINE + timedelta(**after)


def test_a_frozen_ladder_survives_the_database() -> None:
    kept = json.loads(json.dumps(FROZEN))
    assert rules.steps(kept) == [Step(1800, "holder"), Step(7200, "township"), Step(43200, "county")]
    assert kept["again"] == 6 * 3600


@pytest.mark.parametrize(("rung", "to"), [(0, "holder"), (1, "township"), (2, "county"), (3, "county"), (99, "county")])
def test_the_last_rung_comes_again(rung: int, to: str) -> None:
    assert rules.step_at(FROZEN, rung).to == to


def test_rungs_are_counted_from_the_opening() -> None:
    assert rules.next_at(FROZEN, NINE, 1, at(minutes=30)) == at(hours=2)
    assert rules.next_at(FROZEN, NINE, 2, at(hours=2, minutes=1)) == at(hours=12)


def test_after_the_last_rung_the_task_returns() -> None:
    assert rules.next_at(FROZEN, NINE, 3, at(hours=12)) == at(hours=18)
    assert rules.next_at(FROZEN, NINE, 4, at(hours=18, minutes=3)) == at(hours=24, minutes=3)


def test_after_an_outage_there_is_a_breath_between_rungs() -> None:
    assert rules.next_at(FROZEN, NINE, 1, at(days=2)) == at(days=2) + BREATH
    assert rules.next_at(FROZEN, NINE, 2, at(days=2) + BREATH) == at(days=2) + 2 * BREATH


def test_a_ladder_of_minutes_is_not_stretched_by_the_breath() -> None:
    hasty = rules.freeze(POLICY.ladder["report.emergency"])
    assert [step.after for step in rules.steps(hasty)] == [120, 300, 600]
    assert rules.next_at(hasty, NINE, 1, at(minutes=2)) == at(minutes=5)
    assert rules.next_at(hasty, NINE, 1, at(hours=3)) == at(hours=3, minutes=3), (
        "late, the distance of the rungs is kept"
    )


def test_a_mark_stands_from_the_rung_that_brings_it_and_is_brought_once() -> None:
    frozen = rules.freeze(POLICY.hazard.clock.ladder(timedelta(days=10)))
    assert [rules.mark(frozen, fired) for fired in range(7)] == [
        "", "", "remind", "evaluate", "account", "account", "account",
    ]  # fmt: skip
    assert [rules.newly(frozen, rung) for rung in range(6)] == ["", "remind", "evaluate", "account", "", ""]


@given(fired=some.integers(1, 8), minutes=some.integers(0, 10_000))
def test_the_next_rung_is_always_ahead(fired: int, minutes: int) -> None:
    now = at(minutes=minutes)
    assert rules.next_at(FROZEN, NINE, fired, now) > now


@pytest.mark.parametrize("old", Status)
@pytest.mark.parametrize("new", Status)
def test_only_an_open_task_ends(old: Status, new: Status) -> None:
    assert (new in MOVES[old]) == (old is Status.OPEN and new is not Status.OPEN)


@pytest.mark.parametrize("role", Role)
def test_every_post_has_the_county_above(role: Role) -> None:
    chain = [role]
    while (above := ABOVE[chain[-1]]) is not None:
        chain.append(above)
    order = list(Role)
    assert chain[-1] is Role.COUNTY_ADMIN
    assert all(order.index(higher) == order.index(lower) + 1 for lower, higher in pairwise(chain))


def test_every_word_of_the_policy_names_a_post() -> None:
    assert {"holder", "above", *RUNG_ROLES} == set(get_args(Rung.model_fields["to"].annotation))


@pytest.mark.parametrize("kind", POLICY.ladder)
def test_the_shipped_ladders_first_remind_before_they_are_late(kind: str) -> None:
    ladder = POLICY.ladder[kind]
    assert ladder.rungs[0].to == "holder"
    assert ladder.rungs[0].after < ladder.due
