"""Tables of cases after 受理: how each is led and mended, its proofs, who else reported it, and rewards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import Id, Json, choice, identity, moment, reference
from models.hazard.rules import Measure, Payment, Plate
from models.people.rules import Role


class Hazard(SQLModel, table=True):
    """What a report's row does not hold of its case; both have one id. Its status stands in the report alone.

    `desk` leads it (township, or county once escalated). `round` counts the times it was handed in as mended, its
    proof being the one of that round. `wished_*` is more time asked for and not answered yet. `barred_id` closed it and
    was wrong. `five` are the five fixes of a major hazard by name (rules.FIVE). `revisit_at` is when the next 回头看
    begins.
    """

    __table_args__ = (Index("ix_hazard_revisit", "revisit_at"),)

    report_id: int = Field(primary_key=True, foreign_key="report.id", sa_type=Id)
    desk: Role = choice(Role, Role.TOWNSHIP_OFFICER, check="desk")
    registered_at: datetime | None = moment(None)
    department: str | None = Field(default=None, max_length=20)
    assigned_at: datetime | None = moment(None)
    assigned_by: int | None = reference("person.id", optional=True)
    due_at: datetime | None = moment(None)
    round: int = 0
    fixed_at: datetime | None = moment(None)
    closed_at: datetime | None = moment(None)
    closer_id: int | None = reference("person.id", optional=True)
    barred_id: int | None = reference("person.id", optional=True)
    reopened: int = 0
    relapsed: bool = False
    wished_days: int | None = None
    wished_why: str = Field(default="", max_length=400)
    wished_at: datetime | None = moment(None)
    extended: int = 0
    nudged_at: datetime | None = moment(None)
    nudged_by: int | None = reference("person.id", optional=True)
    five: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    plate: Plate | None = choice(Plate, None)
    plated_at: datetime | None = moment(None)
    unplated_at: datetime | None = moment(None)
    satisfied: bool | None = None
    answered_at: datetime | None = moment(None)
    revisit_at: datetime | None = moment(None)
    revisits: int = 0


class Proof(SQLModel, table=True):
    """The proof of one round of mending, from its first photo to 提交验收; the photos are the report's (`after_round`).

    `distance` is in metres from the reported place, empty when either is unknown; `excuse` says why it is too far.
    """

    __table_args__ = (UniqueConstraint("report_id", "round"),)

    id: int | None = identity()
    report_id: int = reference("report.id", index=True)
    round: int
    by_id: int = reference("person.id")
    measure: Measure | None = choice(Measure, None)
    words: str = Field(default="", max_length=1000)
    latitude: float | None = None
    longitude: float | None = None
    accuracy: float | None = None
    distance: float | None = None
    excuse: str = Field(default="", max_length=400)
    begun_at: datetime = moment()
    handed_in_at: datetime | None = moment(None)


class Supporter(SQLModel, table=True):
    """Somebody else who reported the same hazard: their own report (`joined_id`) was joined to this case."""

    report_id: int = reference("report.id", index=True)
    joined_id: int = Field(primary_key=True, foreign_key="report.id", sa_type=Id)
    person_id: int = reference("person.id")
    joined_at: datetime = moment()


class Reward(SQLModel, table=True):
    """A reward for the first reporter of a verified major hazard (M031): `amount` in yuan, approved, then paid."""

    report_id: int = Field(primary_key=True, foreign_key="report.id", sa_type=Id)
    person_id: int = reference("person.id")
    amount: int = Field(sa_type=BigInteger)
    state: Payment = choice(Payment, Payment.PROPOSED)
    proposed_at: datetime = moment()
    decided_at: datetime | None = moment(None)
    decided_by: int | None = reference("person.id", optional=True)
    paid_at: datetime | None = moment(None)
    paid_by: int | None = reference("person.id", optional=True)
