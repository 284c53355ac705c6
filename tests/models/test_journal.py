"""A case's journal cannot be altered unseen, and by a slip not at all; who writes of one case waits for no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from bot import check, schema
from bot.database import Database
from models import journal
from models.journal import Flaw, Wrong
from models.metadata import metadata
from models.migrations import triggers
from models.report.rules import Severity
from tests.cast import Cast, on_postgresql
from tests.village import MORNING

Chain = list[dict[str, Any]]
CASE = 7
# An entry as the first version wrote them, of this case.
BARE = (
    "INSERT INTO journal (at, verb, subject, subject_id, facts)"
    " VALUES ('2026-06-01 09:00:00', 'old', 'report', '{}', '{{}}')"
)


async def three(cast: Cast, case: int = CASE) -> None:
    """Bob begins and submits, the clock reminds: three entries in three transactions."""
    bob = cast.ids["bob"]
    deeds: list[tuple[int | None, str, dict[str, Any]]] = [
        (bob, "begin", {"number": "YH-330824106-260701-0001-X"}),
        (bob, "submitted", {"severity": Severity.E, "numbers": (2, 0.5, 1e16), "words": "滑坡"}),
        (None, "remind", {}),
    ]
    for minute, (actor_id, verb, facts) in enumerate(deeds):
        async with cast.database.transaction() as session:
            await journal.write(session, MORNING + timedelta(minutes=minute), actor_id, verb, "report", case, **facts)


async def written(database: Database, case: int = CASE) -> tuple[Chain, dict[str, Any] | None]:
    """The chain and its head, as the bundle for an inspector holds them: through a JSON file and back."""
    async with database.reading() as session:
        entries = [journal.plain(entry) for entry in await journal.read(session, "report", case)]
        both: tuple[Chain, dict[str, Any] | None] = json.loads(
            json.dumps([entries, await journal.head(session, "report", case)])
        )
        return both


async def flaw(database: Database, case: int = CASE) -> Flaw | None:
    async with database.reading() as session:
        return await journal.verify(session, "report", case)


async def forge(database: Database, *statements: str) -> None:
    """Somebody at the database itself, who takes the triggers down and puts them up again."""
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.run_sync(triggers.take_down)
        for statement in statements:
            await connection.execute(text(statement))
        await connection.run_sync(triggers.put_up)


# What is written


async def test_three_entries_hold_each_other(cast: Cast) -> None:
    await three(cast)
    entries, head = await written(cast.database)
    assert [entry["nth"] for entry in entries] == [1, 2, 3]
    assert [entry["previous"] for entry in entries] == ["", entries[0]["hash"], entries[1]["hash"]]
    assert head == {"nth": 3, "hash": entries[2]["hash"]}
    assert journal.broken(entries, head) is None
    assert await flaw(cast.database) is None


async def test_entries_of_one_transaction_are_chained_in_their_order(cast: Cast) -> None:
    async with cast.database.transaction() as session:
        for verb in ("one", "two", "three"):
            await journal.write(session, MORNING, None, verb, "report", CASE)
            await journal.write(session, MORNING, None, verb, "report", CASE + 1)
    for case in (CASE, CASE + 1):
        entries, _ = await written(cast.database, case)
        assert [(entry["nth"], entry["verb"]) for entry in entries] == [(1, "one"), (2, "two"), (3, "three")]
        assert await flaw(cast.database, case) is None


async def test_what_was_rolled_back_leaves_no_hole(cast: Cast) -> None:
    await three(cast)
    with pytest.raises(ZeroDivisionError):
        async with cast.database.transaction() as session:
            await journal.write(session, MORNING, None, "undone", "report", CASE)
            raise ZeroDivisionError
    async with cast.database.transaction() as session:
        await journal.write(session, MORNING, None, "done", "report", CASE)
    entries, _ = await written(cast.database)
    assert [(entry["nth"], entry["verb"]) for entry in entries][-1] == (4, "done")
    assert await flaw(cast.database) is None


async def test_what_is_no_case_is_not_chained(cast: Cast) -> None:
    async with cast.database.transaction() as session:
        await journal.write(session, MORNING, None, "remind", "task", 1)
        await journal.write(session, MORNING, None, "import", "region", "all")
    async with cast.database.reading() as session:
        (entry,) = await journal.read(session, "task", 1)
        assert (entry.nth, entry.previous, entry.hash) == (None, None, None)
        assert await journal.head(session, "task", 1) is None
        assert await journal.verify(session, "task", 1) is None


def test_the_hash_is_one_that_others_can_compute() -> None:
    """Written down once: a later version that hashes otherwise would call every old journal altered."""
    entry = {
        "previous": "", "nth": 1, "salt": "5a17", "at": "2026-07-01T01:00:00.000000+00:00", "actor_id": None,
        "verb": "begin", "subject": "report", "subject_id": "7", "facts": {"words": "滑坡", "a": [1, 0.5, None, True]},
    }  # fmt: skip
    assert journal.digest(entry) == "9014ee6b167ffba531ea898729d5a5e1d53d972c4f558d0f353667599c8858a3"
    assert journal.digest({**entry, "id": 1, "hash": "x"}) == journal.digest(entry)


async def test_a_moment_of_another_zone_hashes_as_the_same(cast: Cast) -> None:
    async with cast.database.transaction() as session:
        now = datetime(2026, 7, 1, 9, 0, 0, 1, tzinfo=timezone(timedelta(hours=8)))
        await journal.write(session, now, None, "begin", "report", CASE)
    entries, _ = await written(cast.database)
    assert entries[0]["at"] == "2026-07-01T01:00:00.000001+00:00"
    assert await flaw(cast.database) is None


async def test_facts_are_kept_as_json_knows_them(cast: Cast) -> None:
    await three(cast)
    entries, _ = await written(cast.database)
    assert entries[1]["facts"] == {"severity": "E", "numbers": [2, 0.5, 10**16], "words": "滑坡"}


# Forgeries

EVERY: list[tuple[str, Flaw]] = [  # what somebody does to the rows of a case, what is said of it
    ("UPDATE journal SET verb = 'withdrawn' WHERE nth = 2", Flaw(2, Wrong.ALTERED)),
    ("UPDATE journal SET facts = '{}' WHERE nth = 2", Flaw(2, Wrong.ALTERED)),
    ("UPDATE journal SET facts = 'null' WHERE nth = 1", Flaw(1, Wrong.ALTERED)),
    ("UPDATE journal SET facts = '[7]' WHERE nth = 3", Flaw(3, Wrong.ALTERED)),
    ("UPDATE journal SET actor_id = NULL WHERE nth = 1", Flaw(1, Wrong.ALTERED)),
    ("UPDATE journal SET at = '2026-07-01 00:00:00' WHERE nth = 3", Flaw(3, Wrong.ALTERED)),
    ("UPDATE journal SET hash = NULL WHERE nth = 2", Flaw(2, Wrong.ALTERED)),
    ("UPDATE journal SET previous = '' WHERE nth = 2", Flaw(2, Wrong.ALTERED)),
    ("DELETE FROM journal WHERE nth = 1", Flaw(1, Wrong.MISSING)),
    ("DELETE FROM journal WHERE nth = 2", Flaw(2, Wrong.MISSING)),
    ("DELETE FROM journal WHERE nth = 3", Flaw(3, Wrong.MISSING)),
    ("DELETE FROM journal WHERE nth IS NOT NULL", Flaw(1, Wrong.MISSING)),
    ("UPDATE journal SET nth = NULL WHERE nth = 1", Flaw(1, Wrong.MISSING)),
    ("UPDATE journal SET nth = NULL WHERE nth = 2", Flaw(1, Wrong.UNNUMBERED)),
    ("UPDATE journal SET nth = nth - 1 WHERE nth > 0", Flaw(1, Wrong.MISPLACED)),
    ("UPDATE journal SET nth = 9 WHERE nth = 2", Flaw(2, Wrong.MISSING)),
    ("UPDATE journal_head SET hash = 'f00d'", Flaw(3, Wrong.HEAD)),
    ("UPDATE journal_head SET nth = 2", Flaw(3, Wrong.HEAD)),
    ("UPDATE journal_head SET nth = 4", Flaw(4, Wrong.MISSING)),
    ("DELETE FROM journal_head", Flaw(3, Wrong.HEAD)),
    (BARE.format(CASE), Flaw(3, Wrong.UNNUMBERED)),
]


@pytest.mark.parametrize(("statement", "found"), EVERY)
async def test_what_was_done_to_the_rows_is_named(cast: Cast, statement: str, found: Flaw) -> None:
    await three(cast)
    await forge(cast.database, statement)
    assert await flaw(cast.database) == found


async def test_a_swapped_order_is_named(cast: Cast) -> None:
    await three(cast)
    turns = ((1, 9), (2, 1), (9, 2))
    await forge(cast.database, *(f"UPDATE journal SET nth = {new} WHERE nth = {old}" for old, new in turns))
    assert await flaw(cast.database) == Flaw(1, Wrong.MISPLACED)


def cut(entries: Chain) -> None:
    del entries[-1]


def swapped(entries: Chain) -> None:
    entries[1], entries[2] = entries[2], entries[1]


def slipped_in(entries: Chain) -> None:
    entries.insert(1, {**entries[1], "nth": None})


def rewritten(entries: Chain) -> None:
    """An entry with other facts and a new hash that fits them."""
    entries[0]["facts"] = {"number": "another"}
    entries[0]["hash"] = journal.digest(entries[0])


def nameless(entries: Chain) -> None:
    del entries[1]["verb"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (cut, Flaw(3, Wrong.MISSING)),
        (swapped, Flaw(2, Wrong.MISPLACED)),
        (slipped_in, Flaw(1, Wrong.UNNUMBERED)),
        (rewritten, Flaw(2, Wrong.UNLINKED)),
        (nameless, Flaw(2, Wrong.ALTERED)),
    ],
)
async def test_an_inspector_finds_it_in_the_file_alone(
    cast: Cast, change: Callable[[Chain], None], found: Flaw
) -> None:
    await three(cast)
    entries, head = await written(cast.database)
    change(entries)
    assert journal.broken(entries, head) == found


async def test_nothing_written_is_nothing_wrong(cast: Cast) -> None:
    assert await flaw(cast.database) is None
    assert journal.broken([], {"nth": 1, "hash": "f00d"}) == Flaw(1, Wrong.MISSING)


async def test_entries_from_before_the_chain_are_passed_over(cast: Cast) -> None:
    await forge(cast.database, BARE.format(7), BARE.format(7), BARE.format(8))
    await three(cast)
    entries, _ = await written(cast.database)
    assert [entry["nth"] for entry in entries] == [None, None, 1, 2, 3]
    assert (await flaw(cast.database), await flaw(cast.database, 8)) == (None, None)


# Several at once


async def test_many_who_write_of_one_case_make_one_chain(cast: Cast) -> None:
    async def rival(name: str) -> None:
        for number in range(5):
            async with cast.database.transaction() as session:
                await journal.write(session, MORNING, None, name, "report", CASE, number=number)

    await asyncio.gather(*(rival(name) for name in "abcd"))
    entries, _ = await written(cast.database)
    assert [entry["nth"] for entry in entries] == list(range(1, 21))
    assert await flaw(cast.database) is None


@on_postgresql
@pytest.mark.parametrize("begun", [False, True])
async def test_of_two_that_cross_the_second_waits_for_the_first(cast: Cast, begun: bool) -> None:
    """Whether the case has entries already or these are its first."""
    if begun:
        await three(cast)

    async def second() -> None:
        async with cast.database.transaction() as session:
            await journal.write(session, MORNING, None, "second", "report", CASE)

    async with cast.database.transaction() as session:
        await journal.write(session, MORNING, None, "first", "report", CASE)
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await journal.write(session, MORNING, None, "first again", "report", CASE)
    await waiting
    entries, _ = await written(cast.database)
    assert [entry["verb"] for entry in entries][-3:] == ["first", "first again", "second"]
    assert await flaw(cast.database) is None


@on_postgresql
async def test_a_case_is_whole_while_others_write_on(cast: Cast) -> None:
    """`verify` looks twice; an entry that comes between must not look like a missing one."""

    async def writes() -> None:
        for number in range(60):
            async with cast.database.transaction() as session:
                await journal.write(session, MORNING, None, "busy", "report", CASE, number=number)

    writing = asyncio.create_task(writes())
    while not writing.done():
        assert await flaw(cast.database) is None
    await writing


@on_postgresql
async def test_different_cases_do_not_wait_for_each_other(cast: Cast) -> None:
    async with cast.database.transaction() as session:
        await journal.write(session, MORNING, None, "first", "report", CASE)
        async with asyncio.timeout(10):
            await three(cast, CASE + 1)
    assert (await flaw(cast.database), await flaw(cast.database, CASE + 1)) == (None, None)


# Only ever longer


@pytest.mark.parametrize(
    "statement", ["UPDATE journal SET verb = 'x'", "UPDATE journal SET nth = 9 WHERE nth = 2", "DELETE FROM journal"]
)
async def test_the_database_itself_refuses_to_change_the_journal(cast: Cast, statement: str) -> None:
    await three(cast)
    async with cast.database.reading() as session:
        with pytest.raises(IntegrityError, match="the journal is append-only"):
            await (await session.connection()).execute(text(statement))
    assert await flaw(cast.database) is None


async def test_an_entry_in_hand_cannot_be_changed_either(cast: Cast) -> None:
    await three(cast)
    async with cast.database.reading() as session:
        entry = (await journal.read(session, "report", CASE))[0]
        entry.verb = "withdrawn"
        with pytest.raises(IntegrityError, match="the journal is append-only"):
            await session.flush()


@on_postgresql
async def test_the_journal_is_not_emptied_in_one_stroke(cast: Cast) -> None:
    async with cast.database.reading() as session:
        with pytest.raises(IntegrityError, match="the journal is append-only"):
            await (await session.connection()).execute(text("TRUNCATE journal CASCADE"))


async def test_the_migrations_put_the_triggers_up(cast: Cast) -> None:
    """Also the last of them: SQLite forgets a table's triggers when a migration builds the table anew."""

    def remade(connection: Connection) -> None:
        metadata.drop_all(connection)
        schema.move(connection)
        connection.execute(text(BARE.format(CASE)))

    async with cast.database.engine.connect() as connection:  # nothing of it is kept
        await connection.run_sync(remade)
        with pytest.raises(IntegrityError, match="the journal is append-only"):
            await connection.execute(text("DELETE FROM journal"))
        await connection.rollback()


# What `check` says


async def test_check_names_the_case_and_the_entry(cast: Cast) -> None:
    for case in (CASE, 8, 9):
        await three(cast, case)
    assert await check.look_at_journal(cast.database) == check.Finding("journal (3 cases)")
    await forge(cast.database, "UPDATE journal SET verb = 'x' WHERE nth = 2 AND subject_id = '8'")
    found = await check.look_at_journal(cast.database)
    assert found.wrong
    assert found.words.startswith("journal: the journal of case 8 was altered at entry 2 (altered): keep this")
    await forge(cast.database, "DELETE FROM journal WHERE subject_id = '7'")
    words = (await check.look_at_journal(cast.database)).words
    assert words.startswith("journal: the journal of case 7 was altered at entry 1 (missing) and 1 more: keep this")


async def test_cases_that_lost_their_end_are_looked_at_first(cast: Cast) -> None:
    for case in range(1, 6):
        await three(cast, case)
    await forge(cast.database, "DELETE FROM journal WHERE nth = 3 AND subject_id = '2'")
    async with cast.database.reading() as session:
        assert await journal.newest(session, 3) == [("report", "2"), ("report", "5"), ("report", "4")]
