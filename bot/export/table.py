"""All cases as one table, line by line: CSV, XLSX or GeoJSON. It keeps none of them, so memory does not grow with them.

What a person wrote never becomes a formula: CSV has no types, so a cell that would begin one gets an apostrophe before
it (as OWASP advises); XLSX cells are written as text.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol
from zoneinfo import ZoneInfo

import xlsxwriter

from bot.export.words import GRADES, MEASURES, PLATES, SOURCES, STATUSES, kind_name, yes_no
from handlers.kit.progress import why_words
from locales import catalogue
from models.hazard.ledger import Line

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
MOST_ROWS = 1_000_000  # of a sheet; Excel ends at 1 048 576

Cell = str | int | float | datetime | None

# Heading → what stands below it. Moments become wall clock time, None an empty cell.
COLUMNS: dict[str, Callable[[Line], Cell]] = {
    "编号": lambda line: line.number,
    "类别": lambda line: kind_name(line.kind, category=True) if line.kind else None,
    "种类": lambda line: kind_name(line.kind) if line.kind else None,
    "等级": lambda line: GRADES.get(line.severity or ""),
    "状态": lambda line: STATUSES[line.status],
    "乡镇": lambda line: line.township,
    "村": lambda line: line.village,
    "上报时间": lambda line: line.reported_at,
    "上报人": lambda line: line.reporter,
    "情况描述": lambda line: line.words,
    "核实时间": lambda line: line.verified_at,
    "交办时间": lambda line: line.assigned_at,
    "整改责任人": lambda line: line.rectifier,
    "部门": lambda line: line.department,
    "整改期限": lambda line: line.due_at,
    "整改完成时间": lambda line: line.fixed_at,
    "整改措施": lambda line: _measure(line),
    "距离(米)": lambda line: round(line.distance) if line.distance is not None else None,
    "验收人": lambda line: line.closer,
    "销号时间": lambda line: line.closed_at,
    "反弹次数": lambda line: line.reopened,
    "延期次数": lambda line: line.extended,
    "挂牌": lambda line: PLATES.get(line.plate or ""),
    "满意": lambda line: yes_no(line.satisfied),
    "重复并入": lambda line: line.joined,
    "并入编号": lambda line: line.into,
    "当场整改": lambda line: yes_no(line.on_spot),
    "保密": lambda line: yes_no(line.confidential),
    "纬度": lambda line: _degrees(line.latitude),
    "经度": lambda line: _degrees(line.longitude),
    "坐标来源": lambda line: SOURCES.get(line.source or ""),
    "精度(米)": lambda line: round(line.accuracy) if line.accuracy is not None else None,
}


def _measure(line: Line) -> str:
    said = why_words(catalogue("zh_CN"), line.measure_words)
    return "：".join(part for part in (MEASURES.get(line.measure or "", ""), said) if part)


def _degrees(value: float | None) -> float | None:
    return round(value, 7) if value is not None else None


class Writer(Protocol):
    """Takes the cases one by one; nothing is whole before `close`."""

    def add(self, line: Line) -> None:
        """One case."""

    def close(self) -> None:
        """The end of the file."""


class Csv:
    """UTF-8 with a BOM, without which a Chinese Excel reads GBK."""

    def __init__(self, file: IO[str], zone: ZoneInfo) -> None:
        file.write("\ufeff")
        self._rows, self._zone = csv.writer(file), zone
        self._rows.writerow(COLUMNS)

    def add(self, line: Line) -> None:
        """One case."""
        self._rows.writerow([self._cell(take(line)) for take in COLUMNS.values()])

    def close(self) -> None:
        """Nothing is left to say."""

    def _cell(self, value: Cell) -> str | int | float:
        if isinstance(value, datetime):
            return f"{value.astimezone(self._zone):%Y-%m-%d %H:%M}"
        return defused(value) if isinstance(value, str) else "" if value is None else value


def defused(text: str) -> str:
    """A person's words, which no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


class Xlsx:
    """A workbook whose rows go to the disk as they come; a further sheet where one is full."""

    def __init__(self, path: Path, zone: ZoneInfo) -> None:
        self._book = xlsxwriter.Workbook(path, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"})
        self._head = self._book.add_format({"bold": True, "bg_color": "#f0f3f7", "border": 1})
        self._zone, self._row = zone, 0
        self._sheet = self._new()

    def _new(self) -> Any:
        sheet = self._book.add_worksheet(f"隐患台账{len(self._book.worksheets()) + 1}")
        sheet.freeze_panes(1, 1)
        for place, heading in enumerate(COLUMNS):
            sheet.set_column(place, place, 28 if place == 0 else 17 if heading.endswith(("时间", "期限")) else 11)
        for place, heading in enumerate(COLUMNS):
            sheet.write_string(0, place, heading, self._head)
        return sheet

    def add(self, line: Line) -> None:
        """One case."""
        if self._row >= MOST_ROWS:
            self._sheet, self._row = self._new(), 0
        self._row += 1
        sheet = self._sheet
        for place, take in enumerate(COLUMNS.values()):
            value = take(line)
            if isinstance(value, datetime):
                sheet.write_datetime(self._row, place, value.astimezone(self._zone).replace(tzinfo=None))
            elif isinstance(value, str):
                sheet.write_string(self._row, place, value)
            elif value is not None:
                sheet.write_number(self._row, place, value)

    def close(self) -> None:
        """Put the sheets together."""
        self._book.close()


class GeoJson:
    """A FeatureCollection of RFC 7946: WGS-84, longitude first; no geometry where only the village is known."""

    def __init__(self, file: IO[str], zone: ZoneInfo) -> None:
        self._file, self._zone, self._between = file, zone, ""
        file.write('{"type": "FeatureCollection", "features": [')

    def add(self, line: Line) -> None:
        """One case."""
        place = None
        if line.latitude is not None and line.longitude is not None:
            place = {"type": "Point", "coordinates": [_degrees(line.longitude), _degrees(line.latitude)]}
        told = {heading: self._value(take(line)) for heading, take in COLUMNS.items()}
        feature = {"type": "Feature", "id": line.number, "geometry": place, "properties": told}
        self._file.write(f"{self._between}\n{json.dumps(feature, ensure_ascii=False)}")
        self._between = ","

    def close(self) -> None:
        """The end of the collection."""
        self._file.write("\n]}\n")

    def _value(self, value: Cell) -> Cell:
        return value.astimezone(self._zone).isoformat() if isinstance(value, datetime) else value
