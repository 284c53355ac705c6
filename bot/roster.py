"""Loads roster files: all or nothing, every error with file, row, column and the mend, and what differs from before.

It writes inside the caller's transaction and never commits; the caller rolls back on problems and after a mere check.
A new kind of file takes a place in sheets.COLUMNS, a parser here and a plan in its feature's models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from bot import sheets
from bot.sheets import Problem, Row
from models import response
from models.people import load as people
from models.people import rules
from models.people.actions import CheckPhone
from models.people.load import Difference, Fault, PersonRow, RegionRow
from models.people.rules import SEATS, Role
from models.policy import Policy
from models.refused import Refused

ROLES = {
    Role.GRID_WORKER: "网格员",
    Role.VILLAGE_LEAD: "村负责人",
    Role.TOWNSHIP_OFFICER: "乡镇干部",
    Role.COUNTY_ADMIN: "县管理员",
}
GRID_KINDS = ("普通", "专属")
LISTED = 30  # lines of one sort that are worth reading; the rest is counted

T = TypeVar("T")


@dataclass
class Outcome:
    """What an import found and did. Nothing was written when there are problems or `check` was asked for."""

    problems: list[Problem] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    unchanged: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    check: bool = False
    removed: bool = False


@dataclass
class _Import:
    """One import under way: rows by kind of file, and what is wrong so far."""

    outcome: Outcome
    check_phone: CheckPhone
    rows: dict[str, list[Row]] = field(default_factory=lambda: {kind: [] for kind in sheets.COLUMNS})

    def wrong(self, row: Row, column: str, say: str) -> None:
        self.outcome.problems.append(row.problem(column, say))


async def load(
    session: AsyncSession,
    now: datetime,
    policy: Policy,
    files: Sequence[Path],
    *,
    check: bool,
    remove_missing: bool,
    check_phone: CheckPhone,
) -> Outcome:
    """Import these files, regions first; see the module. `check_phone` refuses numbers that cannot exist."""
    outcome = Outcome(check=check)
    work = _Import(outcome, check_phone)
    for path in files:
        _read(work, path)
    regions, region_rows = _parsed(work, "regions", _region)
    tree = people.plan_regions(await people.known_regions(session), regions)
    persons, person_rows = _parsed(work, "people", _person)
    plan = people.plan_people(tree.tree, await people.known_people(session), persons)
    _note(outcome, "regions", tree, region_rows)
    broken = {row.cells["code"] for row in work.rows["regions"]}  # said once, where the division itself stands
    plan.faults = [fault for fault in plan.faults if fault.reason != "no_region" or fault.value not in broken]
    _note(outcome, "people", plan, person_rows)
    if outcome.problems or check:
        return outcome
    await people.write_regions(session, now, tree)
    if "people" in outcome.kinds:
        left = await people.write_people(session, now, plan, remove_missing=remove_missing)
        await response.left(session, now, policy, left)
        outcome.removed = remove_missing
    return outcome


def _read(work: _Import, path: Path) -> None:
    try:
        tables, problems = sheets.read(path)
    except sheets.Unreadable as unreadable:
        work.outcome.problems.append(unreadable.problem)
        return
    work.outcome.problems += problems
    for table in tables:
        work.rows[table.kind] += table.rows
        work.outcome.kinds += [] if table.kind in work.outcome.kinds else [table.kind]
        if table.unused:
            work.outcome.notes.append(f"{path.name}: not used: {', '.join(table.unused)}")


def _parsed(work: _Import, kind: str, parse: Callable[[_Import, Row], T | None]) -> tuple[list[T], list[Row]]:
    """What the rows mean, and beside it the rows themselves; a row that means nothing has left its problem."""
    pairs = [(parse(work, row), row) for row in work.rows[kind]]
    good = [(value, row) for value, row in pairs if value is not None]
    return [value for value, _ in good], [row for _, row in good]


def _note(outcome: Outcome, kind: str, plan: people.Plan, rows: Sequence[Row]) -> None:
    if kind not in outcome.kinds:
        return
    outcome.problems += [_problem(fault, rows) for fault in plan.faults]
    outcome.differences += plan.differences
    outcome.unchanged[kind] = plan.unchanged


# --- what a row means -------------------------------------------------------------------------------------------------


def _region(work: _Import, row: Row) -> RegionRow | None:
    before = len(work.outcome.problems)
    code, cells = row.cells["code"], row.cells
    values: dict[str, Any] = {"name": cells["name"]}
    if not _is_code(code):
        work.wrong(row, "code", f'"{code}" is no division code: write 2, 4, 6, 9, 12 or 15 digits.')
    if not 1 <= len(cells["name"]) <= 80:
        work.wrong(row, "name", "write the name of the division, at most 80 characters.")
    if "parent_code" in cells:
        values["parent_code"] = cells["parent_code"] or None
        if cells["parent_code"] and not _is_code(cells["parent_code"]):
            work.wrong(row, "parent_code", f'"{cells["parent_code"]}" is no division code: write digits, or nothing.')
    if "kind" in cells:
        values["kind"] = cells["kind"] or None
        if cells["kind"] not in ("", *GRID_KINDS):
            work.wrong(row, "kind", f'"{cells["kind"]}" is no kind of grid: write 普通 or 专属, or nothing.')
    if "lat" in cells or "lon" in cells:
        values |= _place(work, row)
    return RegionRow(code, values) if len(work.outcome.problems) == before else None


def _is_code(text: str) -> bool:
    try:
        rules.level_of(text)
    except Refused:
        return False
    return True


def _place(work: _Import, row: Row) -> dict[str, float | None]:
    found: list[float | None] = []
    for column in ("lat", "lon"):
        text = row.cells.get(column, "")
        try:
            found.append(float(text) if text else None)
        except ValueError:
            work.wrong(row, column, f'"{text}" is no number: write degrees such as 29.13 (WGS-84), or nothing.')
            found.append(None)
            return {}
    if not people.plausible(*found):
        work.wrong(row, "lat", "lat and lon belong together: -90 to 90 and -180 to 180 degrees; write both or neither.")
    return {"latitude": found[0], "longitude": found[1]}


def _person(work: _Import, row: Row) -> PersonRow | None:
    before = len(work.outcome.problems)
    cells = row.cells
    try:
        name = rules.clean_name(cells["name"])
    except Refused:
        work.wrong(row, "name", "write the person's name, at most 40 characters and without digits in front.")
        name = ""
    phone = _phone(work, row, "phone")
    role = _role(cells["role"])
    if role is None:
        known = ", ".join(f"{role} {words}" for role, words in ROLES.items())
        work.wrong(row, "role", f'"{cells["role"]}" is no post: write one of {known}.')
    if not _is_code(cells["region_code"]):
        say = f'"{cells["region_code"]}" is no division code: write 6, 9, 12 or 15 digits.'
        work.wrong(row, "region_code", say)
    hats = _hats(cells["hats"]) if "hats" in cells else None
    deputy = _phone(work, row, "deputy_phone") if cells.get("deputy_phone") else cells.get("deputy_phone")
    if len(work.outcome.problems) > before or role is None or phone is None:
        return None
    return PersonRow(name, phone, role, cells["region_code"], hats, deputy)


def _hats(text: str) -> tuple[str, ...]:
    return tuple(hat.strip() for hat in text.replace("、", ";").split(";") if hat.strip())


def _phone(work: _Import, row: Row, column: str) -> str | None:
    text = row.cells[column]
    plain = people.checked(work.check_phone, text)
    if plain is None:
        what = f'"{text}" is no phone number that can exist' if text else "there is no phone number"
        work.wrong(row, column, f"{what}: write all 11 digits of a mobile phone.")
    return plain


def _role(text: str) -> Role | None:
    plain = text.strip().lower().replace(" ", "_")
    return next((role for role, words in ROLES.items() if plain in (role.value, words)), None)


# --- words ------------------------------------------------------------------------------------------------------------


def _problem(fault: Fault, rows: Sequence[Row]) -> Problem:
    row = rows[fault.row]
    other = rows[fault.other] if fault.other is not None else None
    there = f"row {other.number} of {other.file}" if other else ""
    value = fault.value
    allowed = " or ".join(str(int(level)) for role, levels in SEATS.items() if role == value for level in levels)
    say = {
        "twice": f"stands in {there} already: delete one of the two rows.",
        "no_parent": f"the division above it, {value}, is neither in the files nor in the roster: add its row, "
        "or write the right one into parent_code (上级代码).",
        "parent_below": f"{value} is not above it: a parent's code is shorter than its own.",
        "other_name": f"this phone belongs to {value} in {there}: write the same name, or the right phone.",
        "no_region": f"{value} is neither in the regions files nor in the roster: write one that is, or add its row.",
        "wrong_level": f"a {value} is appointed for a code of {allowed} digits: write such a code.",
        "other_deputy": f"another deputy stands in {there}: write the same one, or leave this cell empty.",
        "own_deputy": "nobody is their own deputy: write another person's phone, or nothing.",
        "no_deputy": "nobody in the files or the roster has this phone: add that person, or leave this cell empty.",
    }[fault.reason]
    return row.problem(fault.column, say)


def say(outcome: Outcome) -> str:
    """The outcome in plain English, for the command line."""
    if outcome.problems:
        count = len(outcome.problems)
        head = f"Nothing was changed: {count} {'problem' if count == 1 else 'problems'} must be mended first."
        return "\n".join([head, *_some([_line(problem) for problem in outcome.problems], 100)])
    lines = ["Checked only; nothing was changed." if outcome.check else "Imported."]
    for kind, one in (("regions", "region"), ("people", "person")):
        if kind in outcome.kinds:
            lines += _summary(outcome, kind, one)
    missing = any(d.what == "missing" and d.kind == "person" for d in outcome.differences)
    if missing and not outcome.removed:
        lines.append("Posts missing from the files stay as they are; --remove-missing ends them.")
    return "\n".join([*lines, *outcome.notes])


def _line(problem: Problem) -> str:
    where = [problem.file]
    where += [f"row {problem.row}"] if problem.row is not None else []
    where += [f"column {problem.column}"] if problem.column else []
    return f"{', '.join(where)}: {problem.say}"


def _summary(outcome: Outcome, kind: str, one: str) -> list[str]:
    mine = [difference for difference in outcome.differences if difference.kind == one]
    found = {what: [d for d in mine if d.what == what] for what in ("added", "changed", "missing")}
    gone = "ended, missing from the file" if outcome.removed and one == "person" else "missing from the file"
    counts = [f"{len(found[what])} {what}" for what in ("added", "changed")]
    counts += [f"{outcome.unchanged[kind]} unchanged", f"{len(found['missing'])} {gone}"]
    lines = [f"{kind.capitalize()}: {', '.join(counts)}."]
    for what, mark in (("added", "+"), ("changed", "~"), ("missing", "-")):
        most = len(found[what]) if (one, what) == ("person", "missing") else LISTED
        lines += _some([f"  {mark} {_difference(d)}" for d in found[what]], most)
    return lines


def _difference(found: Difference) -> str:
    key = found.key if found.kind == "region" else rules.masked_phone(found.key)
    parts = [f"{name} {old} → {new}" if old and new else f"{name} {old or new}" for name, old, new in found.fields]
    parts = [f"{part} removed" if old and not new and found.what == "changed" else part
             for part, (_, old, new) in zip(parts, found.fields, strict=True)]  # fmt: skip
    return f"{found.name} {key}" + (f": {'; '.join(parts)}" if parts else "")


def _some(lines: Sequence[str], most: int) -> list[str]:
    return [*lines[:most], *([f"  … and {len(lines) - most} more"] if len(lines) > most else [])]
