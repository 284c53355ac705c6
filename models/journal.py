"""Who did what to what, and when: one row beside every change, in the same transaction, never altered.

What is written about a case (a report and the hazard it tells of) is chained: each entry carries the hash of the one
before it, so that nobody can later alter, remove or slip in one entry unseen. Each case has a chain of its own, since
one for all would make every writer wait for every other. Whoever may write the database can forge a whole chain anew;
he cannot change the head's hash in an export that has left the house. Each entry has a salt, so that an export may keep
back who acted and still show its hash: without the salt a few thousand tries would find the person (M032).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from math import isfinite
from typing import Any

from sqlalchemy import Index, and_, exists, update
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.base import facts_column, identity, insert_once, moment, reference

CHAINED = ("report",)  # a hazard's deeds are written under its report
HASHED = ("previous", "nth", "salt", "at", "actor_id", "verb", "subject", "subject_id", "facts")
LOOKED_BACK = 1000  # entries among which the newest cases are looked for


class JournalEntry(SQLModel, table=True):
    """One deed. `actor_id` is empty when the clock acted; `facts` holds codes, numbers and the reasons given.

    Of a chained subject: `nth` counts from 1 within the case, `previous` is the hash of the entry before ("" for the
    first), `salt` is 128 random bits and `hash` the SHA-256 of this one, both in hex. Entries older than the chain have
    none of the four.
    """

    __tablename__ = "journal"
    __table_args__ = (Index("uq_journal_nth", "subject", "subject_id", "nth", unique=True),)

    id: int | None = identity()
    at: datetime = moment()
    actor_id: int | None = reference("person.id", optional=True)
    verb: str = Field(max_length=64)
    subject: str = Field(max_length=32)
    subject_id: str = Field(max_length=64, index=True)
    facts: dict[str, Any] = facts_column()
    nth: int | None = None
    previous: str | None = Field(default=None, max_length=64)
    salt: str | None = Field(default=None, max_length=32)
    hash: str | None = Field(default=None, max_length=64)


class JournalHead(SQLModel, table=True):
    """Where a case's chain ends: the number and the hash of its newest entry. Who appends holds this row's lock."""

    __tablename__ = "journal_head"

    subject: str = Field(primary_key=True, max_length=32)
    subject_id: str = Field(primary_key=True, max_length=64)
    nth: int
    hash: str = Field(max_length=64)


class Wrong(StrEnum):
    """What can be the matter with a chain at an entry."""

    ALTERED = "altered"  # its hash does not fit what it says
    MISSING = "missing"
    MISPLACED = "misplaced"  # another stands in its place
    UNLINKED = "unlinked"  # it follows another entry than the one that stands before it
    UNNUMBERED = "unnumbered"  # after it stands one that no chain holds
    HEAD = "head"  # all entries fit, the head tells of others


@dataclass(frozen=True)
class Flaw:
    """The first thing wrong with a chain: at which entry (from 1), and what."""

    nth: int
    what: Wrong


# --- writing ----------------------------------------------------------------------------------------------------------


async def write(
    session: AsyncSession,
    now: datetime,
    actor_id: int | None,
    verb: str,
    subject: str,
    subject_id: int | str,
    /,
    **facts: Any,
) -> None:
    """Add one entry to the current transaction; TypeError or ValueError for a fact that JSON would not give back alike.

    From here to the commit other writers of the same chained case wait. So change the case's own row first, as every
    action does, and of several cases take the lower id first: then no two wait for each other.
    """
    entry = JournalEntry(
        at=now, actor_id=actor_id, verb=str(_plain(verb)), subject=subject, subject_id=str(subject_id),
        facts=_plain(facts),
    )  # fmt: skip
    if subject in CHAINED:
        await _append(session, entry)
    session.add(entry)


async def _append(session: AsyncSession, entry: JournalEntry) -> None:
    """Give an entry its place at the end of its chain."""
    key = {"subject": entry.subject, "subject_id": entry.subject_id}
    found = await _next(session, key)
    if found is None:
        await insert_once(session, JournalHead, {**key, "nth": 0, "hash": ""})
        found = await _next(session, key)
    assert found is not None
    entry.nth, entry.previous = found
    entry.salt = secrets.token_hex(16)
    entry.hash = digest(plain(entry))
    await session.exec(update(JournalHead).filter_by(**key).values(hash=entry.hash))


async def _next(session: AsyncSession, key: Mapping[str, str]) -> tuple[int, str] | None:
    """Take the head's lock. → the new entry's number and the hash before it; None when the case has no head yet."""
    result = await session.exec(
        update(JournalHead)
        .filter_by(**key)
        .values(nth=col(JournalHead.nth) + 1)
        .returning(col(JournalHead.nth), col(JournalHead.hash))
    )
    row = result.one_or_none()
    return (row[0], row[1]) if row else None


def _plain(value: Any) -> Any:
    """A fact as JSON and JSONB both give it back. JSONB writes 1e16 as 10000000000000000, so whole numbers are ints."""
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a fact holds the character NUL, which JSONB cannot keep")
        value.encode()  # UnicodeEncodeError for half a character
        return str(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError("a fact is no finite number, which JSON cannot keep")
        return int(value) if value.is_integer() else value
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"a fact is a {type(value).__name__}: write it as text or number, JSON has no such thing")


def _key(key: Any) -> str:
    found = _plain(key)
    if isinstance(found, str):
        return found
    raise TypeError(f"the name of a fact is a {type(key).__name__}: only text comes back from JSON as it was")


# --- reading ----------------------------------------------------------------------------------------------------------


async def read(session: AsyncSession, subject: str, subject_id: int | str) -> list[JournalEntry]:
    """Everything that was done to one thing, oldest first."""
    rows = await session.exec(
        select(JournalEntry)
        .where(JournalEntry.subject == subject, JournalEntry.subject_id == str(subject_id))
        .order_by(col(JournalEntry.id))
    )
    return list(rows)


def plain(entry: JournalEntry) -> dict[str, Any]:
    """An entry as JSON holds it, with all that `broken` wants; the moment as UTC with microseconds."""
    values = {name: getattr(entry, name) for name in (*HASHED, "hash")}
    return values | {"at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")}


async def head(session: AsyncSession, subject: str, subject_id: int | str) -> dict[str, Any] | None:
    """The end of a chain as JSON holds it, `{"nth": …, "hash": …}`; None when nothing was chained."""
    columns = (col(JournalHead.nth), col(JournalHead.hash))
    where = (JournalHead.subject == subject, JournalHead.subject_id == str(subject_id))
    row = (await session.exec(select(*columns).where(*where))).one_or_none()
    return {"nth": row[0], "hash": row[1]} if row else None


# --- looking whether it was altered -----------------------------------------------------------------------------------


def digest(entry: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of an entry's canonical JSON: the names in HASHED, sorted, no spaces, UTF-8 not escaped."""
    said = {name: entry[name] for name in HASHED}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def broken(entries: Sequence[Mapping[str, Any]], head: Mapping[str, Any] | None) -> Flaw | None:
    """The first thing wrong with a whole chain; None when it holds. It needs no database, only what `plain` gave.

    `entries` in the order in which they were written; those from before the chain have no `nth` and are passed over.
    """
    start = next((place for place, entry in enumerate(entries) if entry.get("nth") is not None), len(entries))
    chain, before = entries[start:], ""
    for nth, entry in enumerate(chain, 1):
        what = _amiss(nth, entry, before, chain)
        if what is not None:
            return Flaw(nth - 1 if what is Wrong.UNNUMBERED else nth, what)
        before = entry["hash"]
    last, said = len(chain), dict(head or {"nth": 0, "hash": ""})
    if isinstance(said.get("nth"), int) and said["nth"] > last:
        return Flaw(last + 1, Wrong.MISSING)
    return None if said == {"nth": last, "hash": before} else Flaw(last, Wrong.HEAD)


def _amiss(nth: int, entry: Mapping[str, Any], before: str, chain: Sequence[Mapping[str, Any]]) -> Wrong | None:
    """What is wrong with the entry that stands at the nth place."""
    if entry.get("nth") is None:
        return Wrong.UNNUMBERED
    if entry["nth"] != nth:
        return Wrong.MISPLACED if any(other.get("nth") == nth for other in chain) else Wrong.MISSING
    if not _fits(entry):
        return Wrong.ALTERED
    return None if entry["previous"] == before else Wrong.UNLINKED


def _fits(entry: Mapping[str, Any]) -> bool:
    try:
        return bool(digest(entry) == entry["hash"])
    except (KeyError, TypeError, ValueError):
        return False  # what cannot be hashed was not written here


async def verify(session: AsyncSession, subject: str, subject_id: int | str) -> Flaw | None:
    """The first thing wrong with a case's chain as the database holds it now."""
    while True:
        said = await head(session, subject, subject_id)
        entries = [plain(entry) for entry in await read(session, subject, subject_id)]
        # Each look of PostgreSQL has its own moment; while the head is the same, nobody wrote between them.
        if said == await head(session, subject, subject_id):
            return broken(entries, said)


async def newest(session: AsyncSession, most: int) -> list[tuple[str, str]]:
    """(subject, id) of at most so many cases: first those whose last entry is gone, then the last written about."""
    entry, chain = JournalEntry, JournalHead
    same = (col(entry.subject) == col(chain.subject), col(entry.subject_id) == col(chain.subject_id))
    ends = exists().where(and_(*same, col(entry.nth) == col(chain.nth)))
    cut = await session.exec(select(chain.subject, chain.subject_id).where(~ends).limit(most))
    last = await session.exec(
        select(entry.subject, entry.subject_id)
        .where(col(entry.subject).in_(CHAINED))
        .order_by(col(entry.id).desc())
        .limit(LOOKED_BACK)
    )
    return list(dict.fromkeys([*cut, *last]))[:most]
