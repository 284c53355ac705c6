"""The loop of a case: what follows 受理, and the journal's chains.

SQLite alters a table by building it anew, which loses its CHECKs and stumbles over those who refer to it. So columns
are added as SQLite can, and the one CHECK that grows is rewritten in SQLite's own way (its documentation of ALTER
TABLE, "Making Other Kinds Of Table Schema Changes").
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.migrations import triggers

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = ("draft", "submitted", "accepted", "rejected", "withdrawn")
AFTER = (
    "draft", "submitted", "accepted", "registered", "transferred", "assigned", "fixed", "closed", "rejected",
    "withdrawn", "duplicate",
)  # fmt: skip

# (table, column, type, what it refers to, what the rows get that are there already)
COLUMNS = (
    ("journal", "nth", "INTEGER", None, None),
    ("journal", "previous", "VARCHAR(64)", None, None),
    ("journal", "salt", "VARCHAR(32)", None, None),
    ("journal", "hash", "VARCHAR(64)", None, None),
    ("patrol", "clear", "BOOLEAN", None, "false"),
    ("photo", "after_round", "INTEGER", None, None),
    ("photo", "by_id", "BIGINT", "person", None),
    ("photo", "likeness", "VARCHAR(16)", None, None),
    ("photo", "band1", "INTEGER", None, None),
    ("photo", "band2", "INTEGER", None, None),
    ("photo", "band3", "INTEGER", None, None),
    ("photo", "band4", "INTEGER", None, None),
    ("report", "confidential", "BOOLEAN", None, "false"),
    ("report", "on_spot", "BOOLEAN", None, "false"),
    ("report", "duplicate_of", "BIGINT", "report", None),
    ("report", "rectifier_id", "BIGINT", "person", None),
    ("report", "visitor_id", "BIGINT", "person", None),
)
INDEXES = (
    ("uq_journal_nth", "journal", ["subject", "subject_id", "nth"], True),
    ("ix_patrol_clear", "patrol", ["clear", "ended_at"], False),
    ("ix_photo_band1", "photo", ["band1"], False),
    ("ix_photo_band2", "photo", ["band2"], False),
    ("ix_photo_band3", "photo", ["band3"], False),
    ("ix_photo_band4", "photo", ["band4"], False),
    ("ix_report_duplicate_of", "report", ["duplicate_of"], False),
    ("ix_report_place", "report", ["latitude", "longitude"], False),
    ("ix_report_rectifier", "report", ["rectifier_id", "status"], False),
    ("ix_report_village", "report", ["region_code", "status", "ended_at"], False),
)


def upgrade() -> None:
    """One step on."""
    _statuses(BEFORE, AFTER)
    for table, column, kind, target, value in COLUMNS:
        _add(table, column, kind, target, value)
    for name, table, columns, unique in INDEXES:
        op.create_index(name, table, columns, unique=unique)
    _tables()
    triggers.put_up(op.get_bind())


def downgrade() -> None:
    """One step back; cases beyond 受理 go back to it, since the older schema knows nothing further."""
    triggers.take_down(op.get_bind())
    for table in ("reward", "supporter", "proof", "hazard", "journal_head"):
        op.drop_table(table)
    gone = ", ".join(f"'{status}'" for status in AFTER if status not in BEFORE and status != "duplicate")
    op.execute(f"UPDATE report SET status = 'accepted' WHERE status IN ({gone})")
    op.execute("UPDATE report SET status = 'rejected', reject_reason = 'known' WHERE status = 'duplicate'")
    for name, table, _columns, _unique in INDEXES:
        op.drop_index(name, table_name=table)
    for table, column, _kind, _target, _value in reversed(COLUMNS):
        op.drop_column(table, column)
    _statuses(AFTER, BEFORE)


def _add(table: str, column: str, kind: str, target: str | None, value: str | None) -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    kind = "INTEGER" if sqlite and target else kind
    refers = f" CONSTRAINT fk_{table}_{column}_{target} REFERENCES {target} (id)" if target else ""
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}{f' NOT NULL DEFAULT {value}' if value else ''}{refers}")
    if value and not sqlite:  # the default was for the rows that were there; SQLite cannot take it off again
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")


def _statuses(old: Sequence[str], new: Sequence[str]) -> None:
    """Let the CHECK of a report's status name other values."""
    bind = op.get_bind()
    before, after = (", ".join(f"'{status}'" for status in statuses) for statuses in (old, new))
    if bind.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_report_status"), "report", type_="check")
        op.create_check_constraint(op.f("ck_report_status"), "report", f"status IN ({after})")
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'report' AND instr(sql, ?)",
        (f"status IN ({before})", f"status IN ({after})", f"status IN ({before})"),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the table of reports is not the one this migration knows")
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")


def _tables() -> None:
    op.create_table(
        "journal_head",
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("subject", "subject_id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "hazard",
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "desk",
            sa.Enum(
                "grid_worker",
                "village_lead",
                "township_officer",
                "county_admin",
                name="desk",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("department", sa.String(length=20), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("barred_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("relapsed", sa.Boolean(), nullable=False),
        sa.Column("wished_days", sa.Integer(), nullable=True),
        sa.Column("wished_why", sa.String(length=400), nullable=False),
        sa.Column("wished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended", sa.Integer(), nullable=False),
        sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nudged_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("five", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "plate",
            sa.Enum("township", "county", "city", name="plate", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("plated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unplated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revisit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revisits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["assigned_by"], ["person.id"], name=op.f("fk_hazard_assigned_by_person")),
        sa.ForeignKeyConstraint(["barred_id"], ["person.id"], name=op.f("fk_hazard_barred_id_person")),
        sa.ForeignKeyConstraint(["closer_id"], ["person.id"], name=op.f("fk_hazard_closer_id_person")),
        sa.ForeignKeyConstraint(["nudged_by"], ["person.id"], name=op.f("fk_hazard_nudged_by_person")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_hazard_report_id_report")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_hazard")),
    )
    op.create_index("ix_hazard_revisit", "hazard", ["revisit_at"], unique=False)

    op.create_table(
        "proof",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "measure",
            sa.Enum(
                "cleared",
                "repaired",
                "fenced",
                "stopped",
                "moved",
                "on_spot",
                "other",
                name="measure",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("accuracy", sa.Float(), nullable=True),
        sa.Column("distance", sa.Float(), nullable=True),
        sa.Column("excuse", sa.String(length=400), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_proof_by_id_person")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_proof_report_id_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
        sa.UniqueConstraint("report_id", "round", name=op.f("uq_proof_report_id_round")),
    )
    op.create_index("ix_proof_report_id", "proof", ["report_id"], unique=False)

    op.create_table(
        "reward",
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "approved",
                "refused",
                "paid",
                name="payment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_reward_decided_by_person")),
        sa.ForeignKeyConstraint(["paid_by"], ["person.id"], name=op.f("fk_reward_paid_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reward_person_id_person")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_reward_report_id_report")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reward")),
    )
    op.create_table(
        "supporter",
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("joined_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["joined_id"], ["report.id"], name=op.f("fk_supporter_joined_id_report")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_supporter_person_id_person")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_supporter_report_id_report")),
        sa.PrimaryKeyConstraint("joined_id", name=op.f("pk_supporter")),
    )
    op.create_index("ix_supporter_report_id", "supporter", ["report_id"], unique=False)
