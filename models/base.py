"""What every table shares: column types that behave alike on SQLite and PostgreSQL, and compare-and-set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum as PyEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer, MetaData, inspect, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows by itself only in a column that is exactly INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC. SQLite drops offsets silently, so a naive value is refused here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware moment → UTC; ValueError on a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What the database gave → aware UTC moment."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def identity() -> Any:
    """A primary key numbered by the database."""
    return Field(default=None, primary_key=True, sa_type=Id)


def moment(default: Any = ..., *, index: bool = False) -> Any:
    """A UTC moment column; `moment(None)` may be empty."""
    return Field(default, sa_type=UtcDateTime, index=index)


def choice(options: type[PyEnum], default: Any = ..., *, check: str | None = None) -> Any:
    """A column that holds one value of an enumeration, guarded by a CHECK constraint.

    `check` names the constraint where a table has two columns of the same enumeration.
    """
    kind = Enum(
        options,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=check or options.__name__.lower(),
        values_callable=lambda members: [str(member.value) for member in members],
    )
    return Field(default, sa_type=kind)


def facts_column() -> Any:
    """A small JSON object; JSONB on PostgreSQL."""
    return Field(default_factory=dict, sa_type=Json)


def where(condition: str) -> dict[str, Any]:
    """For an Index over some rows only, on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def reference(target: str, *, index: bool = False, optional: bool = False) -> Any:
    """A foreign key to a row numbered by the database, e.g. `reference("person.id")`."""
    return Field(None if optional else ..., foreign_key=target, sa_type=Id, index=index)


async def insert_once(session: AsyncSession, table: type[SQLModel], values: Mapping[str, Any]) -> Any:
    """INSERT … ON CONFLICT DO NOTHING: the new row's (first) key, or None when a unique key was there already."""
    maker = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    key = inspect(table).primary_key[0]
    result = await session.exec(maker(table).values(**values).on_conflict_do_nothing().returning(key))
    return result.scalar_one_or_none()


async def put(session: AsyncSession, table: type[SQLModel], key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write `values` into the row with this key, making the row if need be. Safe against a rival doing the same."""
    if not await swap(session, table, key, values) and await insert_once(session, table, {**key, **values}) is None:
        await swap(session, table, key, values)


async def swap(
    session: AsyncSession, table: type[SQLModel], where: Mapping[str, Any], values: Mapping[str, Any]
) -> bool:
    """Compare-and-set: change the one row that still looks as `where` says. False: somebody else was there first.

    A list or tuple in `where` means "one of these", None means "empty". It works alike on SQLite and PostgreSQL, which
    is why every move of a state goes through it.
    """
    columns = inspect(table).columns
    conditions = [
        columns[k].in_(v) if isinstance(v, list | tuple) else columns[k].is_(None) if v is None else columns[k] == v
        for k, v in where.items()
    ]
    result = await session.exec(update(table).where(*conditions).values(**values))
    return result.rowcount == 1


__all__ = [
    "Id",
    "Json",
    "UtcDateTime",
    "choice",
    "facts_column",
    "identity",
    "insert_once",
    "metadata",
    "moment",
    "put",
    "reference",
    "swap",
    "where",
]
