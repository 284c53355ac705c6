"""The table of tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import Id, choice, facts_column, identity, moment, reference
from models.people.rules import Role
from models.task.rules import Status


class Task(SQLModel, table=True):
    """Something that waits on a post (role × region) until a person takes it.

    `next_at` is when its next rung fires, empty once it is over: what is due is a column. `reached` is the highest
    post told so far, which sees the task in its own list. `deferred`: its rung fell into quiet hours and comes with
    the morning's digest.
    """

    __table_args__ = (
        CheckConstraint("status <> 'open' OR next_at IS NOT NULL", name="has_next_step"),
        UniqueConstraint("kind", "subject_id", "round"),
        Index("ix_task_next", "next_at"),
        Index("ix_task_holder", "status", "region_code", "role"),
    )

    id: int | None = identity()
    kind: str = Field(max_length=32)
    subject_id: int = Field(sa_type=Id)
    round: int = 0
    status: Status = choice(Status, Status.OPEN)
    role: Role = choice(Role)
    region_code: str = Field(foreign_key="region.code", max_length=15)
    place_path: str = Field(max_length=120)
    person_id: int | None = reference("person.id", optional=True)
    reached: Role = choice(Role, check="reached")
    opened_at: datetime = moment()
    due_at: datetime = moment()
    next_at: datetime | None = moment(None)
    rung: int = 0
    deferred: bool = False
    acknowledged_at: datetime | None = moment(None)
    acknowledged_by: int | None = reference("person.id", optional=True)
    ladder: dict[str, Any] = facts_column()
    ended_at: datetime | None = moment(None)
    ended_by: int | None = reference("person.id", optional=True)
