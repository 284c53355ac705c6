"""The database itself refuses to change or delete what is in the journal; migration 0002 puts these triggers up.

They stop a slip, in code or by hand, not somebody who takes them down: that is what the journal's hashes are for
(models/journal). SQLite loses a table's triggers when a migration builds the table anew (`batch_alter_table`): whoever
alters `journal` calls `put_up` again at the end. Databases live with these statements; other ones get other names.
"""

from __future__ import annotations

from sqlalchemy import Connection

REFUSAL = "the journal is append-only"

REFUSE = f"""
CREATE OR REPLACE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$
"""
GUARD = """
CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only()
"""
NO_UPDATE = f"CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
NO_DELETE = f"CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"

UP = {"sqlite": (NO_UPDATE, NO_DELETE), "postgresql": (REFUSE, GUARD)}
DOWN = {
    "sqlite": ("DROP TRIGGER IF EXISTS journal_no_update", "DROP TRIGGER IF EXISTS journal_no_delete"),
    "postgresql": (
        "DROP TRIGGER IF EXISTS journal_append_only ON journal",
        "DROP FUNCTION IF EXISTS journal_append_only()",
    ),
}


def put_up(connection: Connection) -> None:
    """From now on the journal only grows. Doing it twice is fine."""
    take_down(connection)
    for statement in UP[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def take_down(connection: Connection) -> None:
    """The journal is a table like others again."""
    for statement in DOWN[connection.dialect.name]:
        connection.exec_driver_sql(statement)
