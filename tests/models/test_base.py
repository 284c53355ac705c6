"""What both databases must do alike: aware moments, compare-and-set, rows made once, values that are allowed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Enum, String, inspect, text
from sqlalchemy import cast as cast_as
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import col, select

from bot.database import Database
from models.base import insert_once, put, swap
from models.metadata import metadata
from models.outbox import Slot
from models.people.rules import Role
from models.people.tables import Person, Post, Region
from models.question import Question
from models.report.tables import Serial
from tests.cast import Cast, on_postgresql
from tests.village import MORNING, TOWN

KAIHUA = timezone(timedelta(hours=8))
HALF_PAST_NINE = datetime(2026, 7, 1, 9, 30, 0, 123456, tzinfo=KAIHUA)
SCREEN = {"recipient": "p1", "slot": "menu"}


def screen(message_id: int) -> dict[str, Any]:
    return {"chat_id": 1001, "message_id": message_id, "has_photo": False}


async def message_ids(database: Database) -> list[int]:
    async with database.reading() as session:
        return list(await session.exec(select(Slot.message_id).order_by(col(Slot.message_id))))


# Moments


@pytest.mark.parametrize("zone", [KAIHUA, UTC, timezone(timedelta(hours=-5))])
async def test_a_moment_comes_back_as_utc(database: Database, zone: timezone) -> None:
    asked = HALF_PAST_NINE.astimezone(zone)
    async with database.transaction() as session:
        session.add(Question(chat_id=1, kind="note", asked_at=asked))
    async with database.reading() as session:
        found = (await session.exec(select(Question.asked_at))).one()
    assert (found, found.tzinfo) == (asked, UTC)


async def test_a_moment_without_its_zone_is_refused(database: Database) -> None:
    naive = HALF_PAST_NINE.replace(tzinfo=None)
    async with database.reading() as session:
        session.add(Question(chat_id=1, kind="note", asked_at=naive))
        with pytest.raises(StatementError, match="a moment needs its time zone"):
            await session.flush()
    async with database.reading() as session:
        with pytest.raises(StatementError, match="a moment needs its time zone"):
            await session.exec(select(Question).where(Question.asked_at < naive))


async def test_moments_of_different_zones_compare(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Question(chat_id=1, kind="note", asked_at=HALF_PAST_NINE))
    async with database.reading() as session:
        for shift, found in ((1, [1]), (0, []), (-1, [])):
            limit = (HALF_PAST_NINE + timedelta(microseconds=shift)).astimezone(UTC)
            rows = await session.exec(select(Question.chat_id).where(Question.asked_at < limit))
            assert list(rows) == found


# Compare-and-set


async def test_a_change_finds_only_what_still_looks_so(cast: Cast) -> None:
    async with cast.database.transaction() as session:
        where = {"id": cast.ids["bob"], "name": "Bob"}
        assert await swap(session, Person, where, {"name": "Robert"})
        assert not await swap(session, Person, where, {"name": "Bobby"}), "somebody was there first"
        assert (await session.get_one(Person, cast.ids["bob"])).name == "Robert", "the object in hand follows"


async def test_a_condition_can_be_one_of_several_or_empty(cast: Cast) -> None:
    async with cast.database.transaction() as session:
        bob, gone = cast.ids["bob"], {"ended_at": MORNING}
        assert not await swap(session, Person, {"id": bob, "name": ("Lena", "Nina")}, gone)
        assert not await swap(session, Person, {"id": bob, "name": []}, gone)
        assert await swap(session, Person, {"id": bob, "name": ["Lena", "Bob"], "ended_at": None}, gone)
        assert not await swap(session, Person, {"id": bob, "ended_at": None}, gone)


async def test_of_many_at_once_one_changes_it(cast: Cast) -> None:
    async def rival(name: str) -> bool:
        async with cast.database.transaction() as session:
            return await swap(session, Person, {"id": cast.ids["bob"], "name": "Bob"}, {"name": name})

    outcomes = await asyncio.gather(*(rival(name) for name in "abcd"))
    assert sorted(outcomes) == [False, False, False, True]
    async with cast.database.reading() as session:
        assert (await session.get_one(Person, cast.ids["bob"])).name == "abcd"[outcomes.index(True)]


# Rows made once


async def test_a_row_is_made_once(database: Database) -> None:
    async with database.transaction() as session:
        assert await insert_once(session, Slot, {**SCREEN, **screen(5)}) == "p1"
        assert await insert_once(session, Slot, {**SCREEN, **screen(6)}) is None
    assert await message_ids(database) == [5]


async def test_a_numbered_row_tells_its_number(cast: Cast) -> None:
    values = {"role": Role.VILLAGE_LEAD, "region_code": TOWN, "started_at": MORNING, "person_id": cast.ids["bob"]}
    async with cast.database.transaction() as session:
        made = await insert_once(session, Post, values)
        assert (await session.get_one(Post, made)).role is Role.VILLAGE_LEAD
        assert await insert_once(session, Post, values) is None, "a partial index counts as well"


async def test_a_forgotten_value_is_no_conflict(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(IntegrityError):
            await insert_once(session, Slot, {"recipient": "p1", "slot": "menu"})


async def test_put_makes_or_changes(database: Database) -> None:
    for number in (5, 6):
        async with database.transaction() as session:
            await put(session, Slot, SCREEN, screen(number))
            await put(session, Slot, {**SCREEN, "slot": "card"}, screen(7))
        assert await message_ids(database) == [number, 7]


async def test_two_who_put_at_once_both_get_through(database: Database) -> None:
    async def rival(number: int) -> None:
        async with database.transaction() as session:
            await put(session, Slot, SCREEN, screen(number))

    await asyncio.gather(*(rival(number) for number in range(5)))
    assert len(await message_ids(database)) == 1


@on_postgresql
async def test_put_survives_a_rival_between_its_two_steps(database: Database) -> None:
    async with database.transaction() as first:
        await put(first, Slot, SCREEN, screen(5))
        waiting = asyncio.create_task(_put(database, 6))
        await asyncio.sleep(0.1)
    await waiting
    assert await message_ids(database) == [6]


async def _put(database: Database, number: int) -> None:
    async with database.transaction() as session:
        await put(session, Slot, SCREEN, screen(number))


# What a column may hold


def choices() -> list[tuple[str, str]]:
    """Every column that holds one value of an enumeration."""
    tables = metadata.sorted_tables
    return [(table.name, column.name) for table in tables for column in table.columns if isinstance(column.type, Enum)]


def test_there_are_choices_to_guard() -> None:
    assert {("report", "status"), ("task", "role"), ("task", "reached"), ("outbox", "state")} <= set(choices())


@pytest.mark.parametrize(("table", "column"), choices())
async def test_the_database_itself_refuses_an_unknown_choice(database: Database, table: str, column: str) -> None:
    """Tried on a bare column with the constraint of the real one, since a whole row would want a whole village."""
    kind = metadata.tables[table].columns[column].type
    assert isinstance(kind, Enum)
    async with database.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: inspect(sync).get_check_constraints(table))
        rule = next(check["sqltext"] for check in found if check["name"] == f"ck_{table}_{kind.name}")
        await connection.execute(text(f'CREATE TEMPORARY TABLE bare ("{column}" VARCHAR CHECK ({rule}))'))
        for allowed in kind.enums:
            await connection.execute(text("INSERT INTO bare VALUES (:value)"), {"value": allowed})
        with pytest.raises(IntegrityError):
            await connection.execute(text("INSERT INTO bare VALUES (:value)"), {"value": "eaten"})
        await connection.rollback()


def test_every_choice_has_a_constraint_with_a_name() -> None:
    for table, column in choices():
        kind: Any = metadata.tables[table].columns[column].type
        named = [check.name for check in metadata.tables[table].constraints if isinstance(check, CheckConstraint)]
        assert f"ck_{table}_{kind.name}" in named


async def test_a_choice_is_stored_as_its_value(cast: Cast) -> None:
    async with cast.database.reading() as session:
        stored = await session.exec(select(cast_as(col(Post.role), String)).distinct())
        assert set(stored) == {"county_admin", "grid_worker", "township_officer", "village_lead"}


async def test_a_phone_belongs_to_one_active_person_at_a_time(cast: Cast) -> None:
    phone = "+8610000000001"
    async with cast.database.reading() as session:
        session.add(Person(name="Impostor", phone=phone, created_at=MORNING))
        with pytest.raises(IntegrityError):
            await session.flush()
    async with cast.database.transaction() as session:
        await swap(session, Person, {"id": cast.ids["bob"]}, {"ended_at": MORNING})
        session.add(Person(name="Successor", phone=phone, created_at=MORNING))


async def test_foreign_keys_hold(cast: Cast) -> None:
    async with cast.database.reading() as session:
        session.add(Post(person_id=4711, role=Role.VILLAGE_LEAD, region_code=TOWN, started_at=MORNING))
        with pytest.raises(IntegrityError):
            await session.flush()


async def test_json_keeps_what_it_got(database: Database) -> None:
    facts = {"number": 7, "words": "滑坡", "none": None, "list": [1, {"a": 0.5}]}
    async with database.transaction() as session:
        session.add(Question(chat_id=1, kind="note", args=facts, asked_at=MORNING))
    async with database.reading() as session:
        assert (await session.get_one(Question, 1)).args == facts


async def test_a_region_without_its_own_facts_is_fine(cast: Cast) -> None:
    async with cast.database.reading() as session:
        region = await session.get_one(Region, TOWN)
        assert (region.kind, region.latitude) == (None, None)
        session.add(Serial(area=TOWN, day=MORNING.date(), last=1))
        await session.flush()
        assert (await session.get_one(Serial, (TOWN, MORNING.date()))).last == 1
