"""Tables of divisions, persons, posts and chat accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from models.base import Json, choice, identity, moment, reference
from models.people.rules import Role


class Region(SQLModel, table=True):
    """One division. `path` lists its codes from the top, "/330824/330824106/", and decides who sees what."""

    code: str = Field(primary_key=True, max_length=15)
    name: str = Field(max_length=80)
    level: int
    kind: str | None = Field(default=None, max_length=16)
    parent_code: str | None = Field(default=None, foreign_key="region.code", max_length=15, index=True)
    path: str = Field(max_length=120, index=True)
    latitude: float | None = None
    longitude: float | None = None


class Person(SQLModel, table=True):
    """Somebody of the roster. A phone belongs to one active person at a time."""

    __table_args__ = (
        Index(
            "uq_person_phone_active",
            "phone",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = identity()
    name: str = Field(max_length=40)
    phone: str = Field(max_length=20)
    hats: list[str] = Field(default_factory=list, sa_type=Json)
    deputy_id: int | None = reference("person.id", optional=True)
    created_at: datetime = moment()
    ended_at: datetime | None = moment(None)


class Post(SQLModel, table=True):
    """A role held by a person over a region, from a day to a day."""

    __table_args__ = (
        Index(
            "uq_post_active",
            "person_id",
            "role",
            "region_code",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_post_holder", "region_code", "role"),
    )

    id: int | None = identity()
    person_id: int = reference("person.id", index=True)
    role: Role = choice(Role)
    region_code: str = Field(foreign_key="region.code", max_length=15)
    started_at: datetime = moment()
    ended_at: datetime | None = moment(None)


class Account(SQLModel, table=True):
    """A chat account that spoke with the bot. Without `person_id` it is a stranger's: language and nothing else."""

    chat_id: int = Field(primary_key=True, sa_type=BigInteger)
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigInteger, unique=True)
    locale: str | None = Field(default=None, max_length=8)
    joined_at: datetime | None = moment(None)
    unreachable_at: datetime | None = moment(None)
    unreachable_reason: str | None = Field(default=None, max_length=120)
