"""The migrations make exactly the tables of the code, can be taken back, and keep what is in the tables."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Inspector, inspect, make_url

from bot import schema
from bot.database import Database
from bot.settings import Settings
from models.metadata import metadata
from tests.village import people_the_village

_serial = count(1)


def empty_url(request: pytest.FixtureRequest, folder: Path) -> str:
    """A database with nothing in it, of the kind the parameter names."""
    if request.param == "sqlite":
        return f"sqlite:///{folder / f'empty{next(_serial)}.sqlite'}"
    server: str = request.getfixturevalue("postgres")
    name = f"cunshao_empty{next(_serial)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database."""
    opened = Database(Settings(database_url=empty_url(request, tmp_path)).database())
    yield opened
    await opened.close()


async def looked_at(database: Database, ask: Any) -> Any:
    """What an inspector finds."""
    async with database.engine.connect() as connection:

        def look(sync: Connection) -> Any:
            return ask(inspect(sync))

        return await connection.run_sync(look)


async def tables(database: Database) -> set[str]:
    found: list[str] = await looked_at(database, lambda inspector: inspector.get_table_names())
    return set(found) - {"alembic_version"}


def described(index: Any) -> tuple[list[str], bool, dict[str, str]]:
    """Columns, whether it is unique, and its condition if it has one."""
    options = {key: str(value) for key, value in index.get("dialect_options", {}).items()}
    return index["column_names"], bool(index["unique"]), options


def everything(inspector: Inspector) -> dict[str, Any]:
    """Columns, keys, constraints and indexes of all tables, as the database itself tells them."""
    return {
        name: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)
            },
            "key": inspector.get_pk_constraint(name),
            "foreign": sorted(  # SQLite forgets the names of those that came with a later column
                (key["constrained_columns"], key["referred_table"], key["referred_columns"])
                for key in inspector.get_foreign_keys(name)
            ),
            "unique": sorted(map(str, inspector.get_unique_constraints(name))),
            "checks": sorted((check["name"], check["sqltext"]) for check in inspector.get_check_constraints(name)),
            "indexes": {index["name"]: described(index) for index in inspector.get_indexes(name)},
        }
        for name in sorted(set(inspector.get_table_names()) - {"alembic_version"})
    }


async def test_up_down_and_up_again(empty: Database) -> None:
    assert await schema.revision(empty.engine) is None
    await schema.upgrade(empty.engine)
    assert await tables(empty) == set(metadata.tables)
    head, first = await schema.revision(empty.engine), await looked_at(empty, everything)
    await schema.downgrade(empty.engine, "base")
    assert (await tables(empty), await schema.revision(empty.engine)) == (set(), None)
    await schema.upgrade(empty.engine)
    assert (await schema.revision(empty.engine), await looked_at(empty, everything)) == (head, first)


async def test_a_second_upgrade_finds_nothing_to_do(empty: Database) -> None:
    for _ in range(2):
        await schema.upgrade(empty.engine)
    assert await schema.differences(empty.engine) == []


async def test_the_migrations_make_the_tables_of_the_code(empty: Database) -> None:
    """alembic compares no CHECK constraints and no partial indexes, so what the databases hold is compared too."""
    await schema.upgrade(empty.engine)
    assert await schema.differences(empty.engine) == []
    migrated = await looked_at(empty, everything)
    await schema.downgrade(empty.engine, "base")
    async with empty.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    made = await looked_at(empty, everything)
    assert migrated == made


async def test_a_missing_column_is_noticed(empty: Database) -> None:
    await schema.upgrade(empty.engine)
    async with empty.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE report DROP COLUMN place_words")
    found = await schema.differences(empty.engine)
    assert [(change[0], change[2], change[3].name) for change in found] == [("add_column", "report", "place_words")]


async def test_checks_and_partial_indexes_are_there(empty: Database) -> None:
    await schema.upgrade(empty.engine)
    found = await looked_at(empty, everything)
    checks = dict(found["report"]["checks"])
    assert re.search(r"draft.*submitted.*accepted.*rejected.*withdrawn", checks["ck_report_status"])
    assert {"ck_task_role", "ck_task_reached", "ck_task_status"} <= {name for name, _ in found["task"]["checks"]}
    for table, index in (("person", "uq_person_phone_active"), ("post", "uq_post_active")):
        _, unique, options = found[table]["indexes"][index]
        assert unique
        assert "ended_at IS NULL" in str(options)


async def test_people_can_live_in_it(empty: Database) -> None:
    await schema.upgrade(empty.engine)
    async with empty.transaction() as session:
        assert len(await people_the_village(session)) == 8
