"""A roster file against the roster: what is new, changed or missing, what cannot be; then written in bulk.

It decides on facts and writes; it reads no files and chooses no words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, inspect, update
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.people import actions as people
from models.people import roster, rules
from models.people.rules import Level, Role
from models.people.tables import Person, Post, Region
from models.refused import Refused


@dataclass(frozen=True)
class Fault:
    """What cannot be: `row` counts the rows given, `column` has the contract's name, `other` a row it clashes with."""

    row: int
    column: str
    reason: str
    value: str = ""
    other: int | None = None


@dataclass(frozen=True)
class Difference:
    """One thing that is new, changed or missing. `key` is a code or phone; `fields` are (name, old, new)."""

    kind: str
    what: str
    key: str
    name: str
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class RegionRow:
    """A row of a regions file; `values` has only the columns that the file has (name, parent_code, kind, lat, lon)."""

    code: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class PersonRow:
    """A row of a people file: one post. `hats` and `deputy` are None when the file has no such column."""

    name: str
    phone: str
    role: Role
    region_code: str
    hats: tuple[str, ...] | None = None
    deputy: str | None = None


@dataclass
class Plan:
    """What an import finds and would do."""

    faults: list[Fault] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    unchanged: int = 0


# --- regions ----------------------------------------------------------------------------------------------------------


@dataclass
class RegionPlan(Plan):
    """`tree` is every division as it would be afterwards, by code."""

    tree: dict[str, dict[str, Any]] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    touched: dict[str, dict[str, Any]] = field(default_factory=dict)


async def known_regions(session: AsyncSession) -> dict[str, dict[str, Any]]:
    """Every division there is, by code, as plain values (a province has tens of thousands)."""
    connection = await session.connection()
    rows = await connection.execute(sa_select(*inspect(Region).columns))
    return {row["code"]: dict(row) for row in rows.mappings()}


def plan_regions(known: Mapping[str, Mapping[str, Any]], rows: Sequence[RegionRow]) -> RegionPlan:
    """Compare a regions file with the tree. Parents are by the code's beginning, or by parent_code."""
    plan = RegionPlan(tree={code: dict(values) for code, values in known.items()})
    given: dict[str, int] = {}
    for number, row in enumerate(rows):
        if row.code in given:
            plan.faults.append(Fault(number, "code", "twice", row.code, given[row.code]))
            continue
        given[row.code] = number
        fresh = {"code": row.code, "kind": None, "latitude": None, "longitude": None, "parent_code": None}
        merged = {**fresh, **plan.tree.get(row.code, {}), **row.values, "level": int(rules.level_of(row.code))}
        if row.code in known and "parent_code" not in row.values:
            merged["parent_code"] = known[row.code]["parent_code"]
        plan.tree[row.code] = merged
    _hang(plan, given)
    _compare_regions(plan, known, given)
    return plan


def _hang(plan: RegionPlan, given: Mapping[str, int]) -> None:
    """Give every division its parent and path, from the top down, whatever the order of the file."""
    top = min((values["level"] for values in plan.tree.values()), default=0)
    for code, values in sorted(plan.tree.items(), key=lambda item: item[1]["level"]):
        named = values["parent_code"]
        parent = plan.tree.get(named or rules.parent_of(code) or "")
        row = given.get(code)
        if parent is None and (named or values["level"] > top):
            if row is not None:
                column, value = ("parent_code", named) if named else ("code", rules.parent_of(code) or "")
                plan.faults.append(Fault(row, column, "no_parent", value))
        elif parent is not None and parent["level"] >= values["level"]:
            if row is not None:
                plan.faults.append(Fault(row, "parent_code", "parent_below", named or ""))
            parent = None
        values["parent_code"] = parent["code"] if parent else None
        values["path"] = f"{parent.get('path', '/') if parent else '/'}{code}/"


SAID = {"name": "name", "parent_code": "parent_code", "kind": "kind", "latitude": "lat", "longitude": "lon"}


def _compare_regions(plan: RegionPlan, known: Mapping[str, Mapping[str, Any]], given: Mapping[str, int]) -> None:
    for code in given:
        if code not in known:
            plan.added.append(code)
            plan.differences.append(Difference("region", "added", code, plan.tree[code]["name"]))
    for code, old in known.items():
        new = plan.tree[code]
        touched = {name: value for name, value in new.items() if value != old[name]}
        if touched:
            plan.touched[code] = touched
        said = tuple((SAID[n], _text(old[n]), _text(new[n])) for n in SAID if n in touched)
        if said:
            plan.differences.append(Difference("region", "changed", code, new["name"], said))
        elif code in given:
            plan.unchanged += 1
        if code not in given:
            plan.differences.append(Difference("region", "missing", code, new["name"]))


def _text(value: object) -> str:
    return "" if value is None else str(value)


async def write_regions(session: AsyncSession, now: datetime, plan: RegionPlan) -> None:
    """Write a plan without faults, in bulk, parents before children."""
    if plan.added:
        fresh = sorted((plan.tree[code] for code in plan.added), key=lambda values: values["level"])
        await (await session.connection()).execute(insert(Region), fresh)
    for code, values in plan.touched.items():
        await session.exec(update(Region).where(col(Region.code) == code).values(**values))
    if plan.added or plan.touched:
        await journal.write(
            session, now, None, "import", "region", "all", added=len(plan.added), changed=len(plan.touched)
        )


# --- people -----------------------------------------------------------------------------------------------------------

Seat = tuple[Role, str]


@dataclass
class Entry:
    """A person with posts. `deputy` is a phone, "" for none; `id` None: new; hats or deputy None: as before."""

    name: str
    phone: str
    seats: list[Seat]
    hats: tuple[str, ...] | None = None
    deputy: str | None = None
    id: int | None = None


@dataclass
class PeoplePlan(Plan):
    """`entries` are the persons of the file, `known` those of the roster, both by phone; `ending` the missing posts."""

    entries: dict[str, Entry] = field(default_factory=dict)
    known: dict[str, Entry] = field(default_factory=dict)
    ending: list[tuple[Entry, Seat]] = field(default_factory=list)


async def known_people(session: AsyncSession) -> dict[str, Entry]:
    """Everybody in the roster, by phone."""
    persons = list(await session.exec(select(Person).where(col(Person.ended_at).is_(None))))
    phones = {person.id: person.phone for person in persons}
    found = {p.phone: Entry(p.name, p.phone, [], tuple(p.hats), phones.get(p.deputy_id) or "", p.id) for p in persons}
    posts = await session.exec(select(Post).where(col(Post.ended_at).is_(None)).order_by(col(Post.id)))
    for post in posts:
        if post.person_id in phones:
            found[phones[post.person_id]].seats.append((post.role, post.region_code))
    return found


def plan_people(
    tree: Mapping[str, Mapping[str, Any]], known: Mapping[str, Entry], rows: Sequence[PersonRow]
) -> PeoplePlan:
    """Compare a people file with the roster. Several rows with one phone are one person with several posts."""
    plan = PeoplePlan(known=dict(known))
    first: dict[str, int] = {}
    seats: dict[tuple[str, Role, str], int] = {}
    for number, row in enumerate(rows):
        _check_seat(plan, tree, number, row, seats)
        entry = plan.entries.get(row.phone)
        if entry is None:
            first[row.phone] = number
            entry = Entry(row.name, row.phone, [], row.hats, row.deputy)
            plan.entries[row.phone] = entry
        elif entry.name != row.name:
            plan.faults.append(Fault(number, "name", "other_name", entry.name, first[row.phone]))
        _merge(plan, number, row, entry, first[row.phone])
    _check_deputies(plan, rows)
    _compare_people(plan, tree)
    return plan


def _check_seat(
    plan: PeoplePlan, tree: Mapping[str, Mapping[str, Any]], number: int, row: PersonRow,
    seats: dict[tuple[str, Role, str], int],
) -> None:  # fmt: skip
    region = tree.get(row.region_code)
    if region is None:
        plan.faults.append(Fault(number, "region_code", "no_region", row.region_code))
    elif Level(region["level"]) not in rules.SEATS[row.role]:
        plan.faults.append(Fault(number, "region_code", "wrong_level", row.role))
    key = (row.phone, row.role, row.region_code)
    if seats.setdefault(key, number) != number:
        plan.faults.append(Fault(number, "phone", "twice", row.phone, seats[key]))


def _merge(plan: PeoplePlan, number: int, row: PersonRow, entry: Entry, first: int) -> None:
    entry.seats.append((row.role, row.region_code))
    if row.hats is not None:
        entry.hats = tuple(dict.fromkeys([*(entry.hats or ()), *row.hats]))
    if row.deputy and entry.deputy and row.deputy != entry.deputy:
        plan.faults.append(Fault(number, "deputy_phone", "other_deputy", entry.deputy, first))
    elif row.deputy is not None:
        entry.deputy = row.deputy or entry.deputy or ""


def _check_deputies(plan: PeoplePlan, rows: Sequence[PersonRow]) -> None:
    for number, row in enumerate(rows):
        if not row.deputy:
            continue
        if row.deputy == row.phone:
            plan.faults.append(Fault(number, "deputy_phone", "own_deputy"))
        elif row.deputy not in plan.entries and row.deputy not in plan.known:
            plan.faults.append(Fault(number, "deputy_phone", "no_deputy"))


def _compare_people(plan: PeoplePlan, tree: Mapping[str, Mapping[str, Any]]) -> None:
    def said(seat: Seat) -> str:
        region = tree.get(seat[1])
        return f"{seat[0]} {rules.short_name(region['name']) if region else seat[1]}"

    for phone, entry in plan.entries.items():
        old = plan.known.get(phone)
        if old is None:
            fields = tuple(("post", "", said(seat)) for seat in entry.seats)
            plan.differences.append(Difference("person", "added", phone, entry.name, fields))
            continue
        entry.id = old.id
        changed = _changed(old, entry, said)
        if changed:
            plan.differences.append(Difference("person", "changed", phone, entry.name, tuple(changed)))
        elif set(old.seats) == set(entry.seats):
            plan.unchanged += 1
    for phone, old in plan.known.items():
        kept = plan.entries[phone].seats if phone in plan.entries else []
        gone = [seat for seat in old.seats if seat not in kept]
        plan.ending += [(old, seat) for seat in gone]
        if gone:
            fields = tuple(("post", said(seat), "") for seat in gone)
            plan.differences.append(Difference("person", "missing", phone, old.name, fields))


def _changed(old: Entry, new: Entry, said: Any) -> list[tuple[str, str, str]]:
    changed = [("name", old.name, new.name)] if old.name != new.name else []
    if new.hats is not None and set(new.hats) != set(old.hats or ()):
        changed.append(("hats", ";".join(old.hats or ()), ";".join(new.hats)))
    if new.deputy is not None and new.deputy != old.deputy:
        before, after = (rules.masked_phone(phone) if phone else "" for phone in (old.deputy, new.deputy))
        changed.append(("deputy_phone", before, after))
    return changed + [("post", "", said(seat)) for seat in new.seats if seat not in old.seats]


async def write_people(session: AsyncSession, now: datetime, plan: PeoplePlan, *, remove_missing: bool) -> list[int]:
    """Write a plan without faults. With `remove_missing` the missing posts end. → the persons who left the roster."""
    ids = {phone: entry.id for phone, entry in plan.known.items()}
    ids |= await _write_new(session, now, [entry for entry in plan.entries.values() if entry.id is None])
    changed = [await _write_changed(session, now, plan.known.get(e.phone), e, ids) for e in plan.entries.values()]
    ended = await _end(session, now, plan.ending if remove_missing else [])
    for person_id in dict.fromkeys(person_id for person_id in changed if person_id not in ended):
        if person_id is not None:
            await people.refresh(session, now, person_id)
    return [person_id for person_id in ended if await roster.settle(session, now, person_id)]


async def _write_new(session: AsyncSession, now: datetime, fresh: Sequence[Entry]) -> dict[str, int | None]:
    persons = [Person(name=e.name, phone=e.phone, hats=list(e.hats or ()), created_at=now) for e in fresh]
    session.add_all(persons)
    await session.flush()
    ids = {person.phone: person.id for person in persons}
    posts = [
        {"person_id": ids[entry.phone], "role": role, "region_code": code, "started_at": now}
        for entry in fresh
        for role, code in entry.seats
    ]
    if posts:
        await (await session.connection()).execute(insert(Post), posts)
    for post in posts:
        facts = {"role": post["role"], "region": post["region_code"]}
        await journal.write(session, now, None, "import", "person", str(post["person_id"]), **facts)
    return ids


async def _write_changed(
    session: AsyncSession, now: datetime, old: Entry | None, entry: Entry, ids: Mapping[str, int | None]
) -> int | None:
    """→ the person, if posts were added to somebody who was there before."""
    person_id = ids[entry.phone]
    assert person_id is not None
    values: dict[str, Any] = {}
    if entry.deputy is not None and entry.deputy != (old.deputy if old else ""):
        values["deputy_id"] = ids[entry.deputy] if entry.deputy else None
    if old is not None and old.name != entry.name:
        values["name"] = entry.name
    if old is not None and entry.hats is not None and set(entry.hats) != set(old.hats or ()):
        values["hats"] = list(entry.hats)
    if values:
        await session.exec(update(Person).where(col(Person.id) == person_id).values(**values))
    fresh = [seat for seat in entry.seats if seat not in old.seats] if old else []
    for role, code in fresh:
        session.add(Post(person_id=person_id, role=role, region_code=code, started_at=now))
    if old is not None and (values or fresh):
        facts = {"fields": sorted(values), "posts": [f"{role} {code}" for role, code in fresh]}
        await journal.write(session, now, None, "import", "person", person_id, **facts)
    await session.flush()
    return person_id if fresh else None


async def _end(session: AsyncSession, now: datetime, ending: Iterable[tuple[Entry, Seat]]) -> list[int]:
    touched: dict[int, None] = {}
    for entry, (role, code) in ending:
        assert entry.id is not None
        await roster.end_post(session, now, entry.id, role, code)
        await journal.write(session, now, None, "end", "person", entry.id, role=role, region=code, missing=True)
        touched[entry.id] = None
    return list(touched)


def plausible(latitude: float | None, longitude: float | None) -> bool:
    """Whether a place lies on earth; half a place lies nowhere."""
    if latitude is None or longitude is None:
        return latitude is longitude
    return -90 <= latitude <= 90 and -180 <= longitude <= 180


def checked(check: people.CheckPhone, text: str) -> str | None:
    """The plain form of a phone; None for one that cannot exist."""
    try:
        return check(text)
    except Refused:
        return None
