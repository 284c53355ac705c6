"""Roster files as rows of text: CSV in UTF-8 or GB18030 and XLSX, their headings recognised in English or Chinese.

It knows columns and cells, not what they mean.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import python_calamine

# Column: what its heading may be beside its own name. The first one is the contract's.
COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "regions": {
        "code": ("区划代码",),
        "name": ("名称",),
        "parent_code": ("上级代码",),
        "kind": ("网格类型",),
        "lat": ("纬度",),
        "lon": ("经度",),
    },
    "people": {
        "name": ("姓名",),
        "phone": ("手机", "手机号", "手机号码"),
        "role": ("岗位",),
        "region_code": ("区划代码",),
        "hats": ("兼职",),
        "deputy_phone": ("代理人手机",),
    },
}
REQUIRED = {"regions": ("code", "name"), "people": ("name", "phone", "role", "region_code")}
NAMES = ("name",)  # taken as they are written; in all else a full-width sign means the same as the plain one
TITLES = 5  # rows above the headings that may hold a title


@dataclass(frozen=True)
class Problem:
    """Something to mend: `row` as the spreadsheet counts it (from 1), `column` as the file's heading has it."""

    file: str
    row: int | None
    column: str | None
    say: str


@dataclass(frozen=True)
class Row:
    """One row of a file: its cells by the contract's column names, only for the columns that the file has."""

    file: str
    number: int
    cells: Mapping[str, str]
    headings: Mapping[str, str]

    def problem(self, column: str, say: str) -> Problem:
        """A problem in this row and this column."""
        return Problem(self.file, self.number, self.headings.get(column, column), say)


@dataclass(frozen=True)
class Table:
    """What one file or one sheet holds: `kind` is a key of COLUMNS."""

    kind: str
    rows: Sequence[Row]
    unused: Sequence[str] = ()


class Unreadable(Exception):
    """A file that cannot be taken in at all; carries the Problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.say)
        self.problem = problem


def read(path: Path) -> tuple[list[Table], list[Problem]]:
    """All tables of a file; Unreadable when there is none. Problems: rows with too many cells or lost digits."""
    tables: list[Table] = []
    problems: list[Problem] = []
    grids = _grids(path)
    for label, grid in grids.items():
        found = _recognise(grid)
        if found is None:
            continue
        kind, top, headings = found
        rows, wrong = _rows(label, grid, top, headings)
        unused = [text for text in map(_text, grid[top]) if text and text not in headings.values()]
        tables.append(Table(kind, rows, unused))
        problems += wrong
    if not tables:
        label, grid = next(iter(grids.items()), (path.name, []))
        raise Unreadable(_no_table(label, grid))
    return tables, problems


# --- bytes to cells ---------------------------------------------------------------------------------------------------


def _grids(path: Path) -> dict[str, list[list[Any]]]:
    """The cells of each sheet that has any; a CSV file is one sheet."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(Problem(path.name, None, None, f"cannot be read ({error.strerror}): name a file.")) from None
    if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0":
        return _workbook(path.name, data)
    return {path.name: _csv(path.name, data)} if data.strip() else {}


def _workbook(name: str, data: bytes) -> dict[str, list[list[Any]]]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = {sheet: book.get_sheet_by_name(sheet).to_python(skip_empty_area=False) for sheet in book.sheet_names}
    except (python_calamine.CalamineError, python_calamine.PasswordError, OSError) as error:
        say = f"is no workbook that can be opened ({error}): save it anew as XLSX, without a password."
        raise Unreadable(Problem(name, None, None, say)) from None
    filled = {sheet: grid for sheet, grid in grids.items() if any(_text(cell) for row in grid for cell in row)}
    return {name if len(filled) == 1 else f"{name} [{sheet}]": grid for sheet, grid in filled.items()}


def _csv(name: str, data: bytes) -> list[list[Any]]:
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable(Problem(name, None, None, "is neither UTF-8 nor GB18030: save it anew as CSV UTF-8."))
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    try:
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)]
    except csv.Error as error:
        raise Unreadable(Problem(name, None, None, f"is no CSV ({error}): save it anew as CSV UTF-8.")) from None


def _text(cell: Any) -> str:
    """A cell as a person sees it: spreadsheets keep phones and codes as floats."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = "" if cell is None else str(cell)
    return text.replace("\ufeff", "").strip().lstrip("'").strip()


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


# --- cells to rows ----------------------------------------------------------------------------------------------------


def _recognise(grid: Sequence[Sequence[Any]]) -> tuple[str, int, dict[str, str]] | None:
    """→ kind, the index of the heading row, and the heading of each column as the file writes it."""
    for top, cells in enumerate(grid[:TITLES]):
        for kind, required in REQUIRED.items():
            headings = _headings(kind, cells)
            if all(column in headings for column in required):
                return kind, top, headings
    return None


def _headings(kind: str, cells: Iterable[Any]) -> dict[str, str]:
    known = {_plain(name): column for column, names in COLUMNS[kind].items() for name in (column, *names)}
    found: dict[str, str] = {}
    for text in map(_text, cells):
        column = next((known[part] for part in map(_plain, _parts(text)) if part in known), None)
        if column is not None:
            found.setdefault(column, text)
    return found


def _parts(heading: str) -> list[str]:
    """A heading, and what stands before and inside its brackets: "姓名 (name)"."""
    return [heading, *(part for part in re.split(r"[()（）]", heading) if part.strip())]


def _plain(heading: str) -> str:
    return re.sub(r"[\s_*-]", "", unicodedata.normalize("NFKC", heading)).lower()


def _rows(
    label: str, grid: Sequence[Sequence[Any]], top: int, headings: Mapping[str, str]
) -> tuple[list[Row], list[Problem]]:
    written = [_text(cell) for cell in grid[top]]
    places = {column: written.index(heading) for column, heading in headings.items()}
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, cells in enumerate(grid[top + 1 :], top + 2):
        texts = [_text(cell) for cell in cells]
        if not any(texts):
            continue
        if any(texts[len(written) :]):
            say = "has more cells than there are headings: remove the comma that is too many."
            problems.append(Problem(label, number, None, say))
            continue
        filled = {column: texts[at] if at < len(texts) else "" for column, at in places.items()}
        row = Row(label, number, {c: text if c in NAMES else _narrow(text) for c, text in filled.items()}, headings)
        lost = [c for c, text in row.cells.items() if re.fullmatch(r"\d([.,]\d+)?E\+\d+", text, re.IGNORECASE)]
        problems += [row.problem(c, _lost_digits(row.cells[c])) for c in lost]
        if not lost:
            rows.append(row)
    return rows, problems


def _lost_digits(text: str) -> str:
    return f'"{text}" has lost its digits in a spreadsheet: format the column as text and write all digits.'


def _no_table(label: str, grid: Sequence[Sequence[Any]]) -> Problem:
    """Which columns are missing from the kind of file that this one resembles most."""
    rows = [(number, row) for number, row in enumerate(grid[:TITLES], 1) if any(_text(cell) for cell in row)]
    if not rows:
        return Problem(label, None, None, "is empty: it needs a row of headings and the rows below it.")
    number, kind, missing = min(
        (
            (number, kind, [c for c in required if c not in _headings(kind, row)])
            for number, row in rows
            for kind, required in REQUIRED.items()
        ),
        key=lambda found: len(found[2]) / len(REQUIRED[found[1]]),
    )
    columns = ", ".join(f"{column} ({COLUMNS[kind][column][0]})" for column in missing)
    return Problem(label, number, columns, f"no such heading: a {kind} file needs it in its first row.")
