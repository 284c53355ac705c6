"""The facts of a journal entry come back from both databases as they were hashed; what would not is refused."""

from __future__ import annotations

from datetime import date
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from bot.database import Database
from models import journal
from tests.village import MORNING

CASE = 7


class Kind(StrEnum):
    LANDSLIDE = "landslide"


class Grade(IntEnum):
    HIGH = 2


class Mixed(Enum):
    PAIR = (1, "b")


words = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
single = (
    some.none()
    | some.booleans()
    | some.integers(-(10**30), 10**30)
    | some.floats(allow_nan=False, allow_infinity=False)
    | words
    | some.sampled_from([*Kind, *Grade, *Mixed, 1e16, -0.0, 5e-324, 1.7e308])
)
several = some.recursive(
    single,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.tuples(inner, inner)
        | some.dictionaries(words | some.sampled_from(Kind), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=some.lists(some.dictionaries(words, several, max_size=4), min_size=1, max_size=4))
async def test_any_facts_come_back_and_hash_alike(database: Database, facts: list[dict[str, Any]]) -> None:
    async with database.reading() as session:  # nothing of it is kept
        for each in facts:
            await journal.write(session, MORNING, None, "told", "report", CASE, **each)
        await session.flush()
        told = [entry.facts for entry in await journal.read(session, "report", CASE)]
        session.expunge_all()
        assert [entry.facts for entry in await journal.read(session, "report", CASE)] == told
        assert await journal.verify(session, "report", CASE) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (MORNING, "a fact is a datetime: write it as text or number"),
        ([{"day": date(2026, 7, 1)}], "a fact is a date:"),
        ({1, 2}, "a fact is a set:"),
        (b"x", "a fact is a bytes:"),
        ({1: "a"}, "the name of a fact is a int: only text"),
        (float("nan"), "no finite number"),
        (float("-inf"), "no finite number"),
        ("a\0b", "NUL"),
        ("\ud800", "surrogates"),
    ],
)
async def test_a_fact_that_json_would_not_give_back_is_refused(database: Database, value: Any, words: str) -> None:
    for subject in ("report", "task"):
        async with database.reading() as session:
            with pytest.raises((TypeError, ValueError), match=words):
                await journal.write(session, MORNING, None, "told", subject, CASE, fact=value)
