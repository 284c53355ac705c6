"""All cases in one table: as the field reads it, harmless in a spreadsheet, and as large as a province."""

from __future__ import annotations

import csv
import gc
import io
import json
import tracemalloc
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import insert

from bot import export
from bot.export import Export, Format
from bot.export.table import COLUMNS, defused
from bot.settings import Unfit
from models import journal
from models.hazard import actions as hazards
from models.hazard import closing
from models.report.intake import WordsPart
from models.report.rules import PlaceSource, Status
from models.report.tables import Report
from tests.cast import ZONE, Cast, later
from tests.evidence.files import NOW, left, number_of
from tests.hazard.steps import changed, closed, does, registered, secret, submitted
from tests.report.steps import a_photo, sends
from tests.village import MORNING, OTHER_TOWN, OTHER_VILLAGE, TOWN, VILLAGE

WANTED = """
    编号 类别 种类 等级 状态 乡镇 村 上报时间 上报人 核实时间 交办时间 整改责任人 部门 整改期限 整改完成时间 整改措施
    距离(米) 验收人 销号时间 反弹次数 延期次数 挂牌 满意 重复并入 纬度 经度 坐标来源
"""


async def table(cast: Cast, tmp_path: Path, form: Format = Format.CSV, **how: Any) -> Path:
    """All cases in a file."""
    target = tmp_path / f"cases.{form}"
    await export.all_of_them(Export(cast.database, ZONE, NOW, target), form, **how)
    return target


async def rows(cast: Cast, tmp_path: Path, **how: Any) -> dict[str, dict[str, str]]:
    """The lines of a CSV by the reporter's name and state."""
    target = await table(cast, tmp_path, **how)
    found = list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"))))
    target.unlink()
    return {row["编号"]: row for row in found}


async def test_a_case_stands_in_the_field_s_terms(cast: Cast, tmp_path: Path) -> None:
    report_id = await closed(cast)
    await does(cast, "bob", closing.answer, report_id, True)
    row = (await rows(cast, tmp_path))[await number_of(cast, report_id)]
    assert [heading for heading in WANTED.split() if heading not in row] == []
    said = {
        heading: row[heading] for heading in ("等级", "状态", "乡镇", "村", "上报人", "整改责任人", "验收人", "满意")
    }
    assert list(said.values()) == ["较大", "已销号", "桐村镇", "华山村", "Bob", "Lena", "Oscar", "是"]
    assert (row["上报时间"], row["整改期限"], row["距离(米)"]) == ("2026-07-01 09:00", "2026-07-08 09:00", "0")
    assert (row["纬度"], row["经度"], row["坐标来源"]) == ("29.13", "118.41", "手机定位")


async def test_what_was_never_sent_is_no_case(cast: Cast, tmp_path: Path) -> None:
    await sends(cast, "bob", photo=a_photo())
    assert await rows(cast, tmp_path) == {}


async def test_a_joined_report_names_its_case_which_counts_it(cast: Cast, tmp_path: Path) -> None:
    report_id = await registered(cast)
    other = await submitted(cast, "nina")
    await does(cast, "olga", hazards.join, other, report_id)
    found = await rows(cast, tmp_path)
    first, second = found[await number_of(cast, report_id)], found[await number_of(cast, other)]
    assert (first["重复并入"], second["并入编号"]) == ("1", first["编号"])


@pytest.mark.parametrize("sign", [*"=+-@＝＋－＠", "\t", "\r"])
def test_words_never_become_a_formula(sign: str) -> None:
    assert defused(f"{sign}cmd|' /C calc'!A0").startswith("'")
    assert defused("滑坡") == "滑坡"


async def test_a_spreadsheet_runs_nothing_a_person_wrote(cast: Cast, tmp_path: Path) -> None:
    report_id = await submitted(cast)
    await sends(cast, "bob", words=WordsPart(9, "=HYPERLINK(1)"))
    assert (await rows(cast, tmp_path))[await number_of(cast, report_id)]["情况描述"] == "'=HYPERLINK(1)"
    target = await table(cast, tmp_path, Format.XLSX)
    sheet = CalamineWorkbook.from_path(str(target)).get_sheet_by_index(0).to_python()
    assert "=HYPERLINK(1)" in sheet[1]


async def test_excel_reads_chinese_and_moments(cast: Cast, tmp_path: Path) -> None:
    await submitted(cast)
    raw = (await table(cast, tmp_path)).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert "编号,类别" in raw.decode("utf-8-sig")
    sheet = CalamineWorkbook.from_path(str(await table(cast, tmp_path, Format.XLSX))).get_sheet_by_index(0)
    head, first = sheet.to_python()[:2]
    assert head == list(COLUMNS)
    assert first[head.index("上报时间")] == datetime(2026, 7, 1, 9, 0)  # noqa: DTZ001 - a sheet knows no zones


async def test_a_map_shows_where_and_says_when_it_does_not_know(cast: Cast, tmp_path: Path) -> None:
    await submitted(cast)
    await changed(cast, await submitted(cast, "charlie"), place_source=PlaceSource.VILLAGE)
    found = json.loads((await table(cast, tmp_path, Format.GEOJSON)).read_text("utf-8"))
    assert found["type"] == "FeatureCollection"
    assert [feature["geometry"] for feature in found["features"]] == [
        {"type": "Point", "coordinates": [118.41, 29.13]}, None,
    ]  # fmt: skip
    assert found["features"][1]["properties"]["坐标来源"] == "只知道村"
    assert found["features"][0]["properties"]["上报时间"] == "2026-07-01T09:00:00+08:00"


async def test_only_a_region_or_only_since_a_day(cast: Cast, tmp_path: Path) -> None:
    ours, theirs = await submitted(cast), await submitted(cast, "charlie")
    await changed(cast, theirs, submitted_at=MORNING - later(hours=9, minutes=1))  # the last minute of June
    numbers = [await number_of(cast, each) for each in (ours, theirs)]
    assert list(await rows(cast, tmp_path)) == numbers
    assert list(await rows(cast, tmp_path, region=OTHER_TOWN)) == numbers[1:]
    assert list(await rows(cast, tmp_path, region=VILLAGE)) == numbers[:1]
    assert list(await rows(cast, tmp_path, since=date(2026, 7, 1))) == numbers[:1]
    assert list(await rows(cast, tmp_path, since=date(2026, 6, 30), region=TOWN)) == numbers[:1]


async def test_who_reported_in_confidence_stays_out(cast: Cast, tmp_path: Path) -> None:
    report_id = await secret(cast)
    await sends(cast, "bob", words=WordsPart(9, "behind my house"))
    row = (await rows(cast, tmp_path))[await number_of(cast, report_id)]
    assert (row["上报人"], row["情况描述"], row["保密"]) == ("", "", "是")
    assert "export" not in await cast.deeds("report", report_id)


async def test_revealed_each_case_says_so(cast: Cast, tmp_path: Path) -> None:
    report_id, open_one = await secret(cast), await submitted(cast, "charlie")
    row = (await rows(cast, tmp_path, reveal=True))[await number_of(cast, report_id)]
    assert row["上报人"] == "Bob"
    assert (await cast.deeds("report", report_id))[-1] == "export"
    assert "export" not in await cast.deeds("report", open_one)
    async with cast.database.reading() as session:
        (entry,) = await journal.read(session, "export", "all")
    assert entry.facts == {"form": "csv", "cases": 2, "revealed": True, "region": "", "since": ""}


async def test_an_unknown_region_leaves_no_file(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="--region 330199: there is no division"):
        await table(cast, tmp_path, region="330199")
    (tmp_path / "cases.csv").write_text("mine")
    with pytest.raises(Unfit, match="exists already"):
        await table(cast, tmp_path)
    assert left(tmp_path) == ["cases.csv"]


# --- many -------------------------------------------------------------------------------------------------------------


async def many(cast: Cast, first: int, count: int) -> None:
    """So many cases of another township, as a province has them."""
    whole: Mapping[str, Any] = {
        "reporter_id": cast.ids["charlie"], "region_code": OTHER_VILLAGE, "township_code": OTHER_TOWN,
        "status": Status.SUBMITTED, "created_at": MORNING, "last_part_at": MORNING, "submitted_at": MORNING,
        "latitude": 29.1, "longitude": 118.4, "place_source": PlaceSource.PHONE, "place_words": "", "kind": "A01",
        "danger": False, "exposed": False, "growing": False, "incomplete": False, "photo_waived": False,
        "nudged": False, "confidential": False, "on_spot": False, "reject_words": "",
    }  # fmt: skip
    async with cast.database.transaction() as session:
        connection = await session.connection()
        await connection.execute(
            insert(Report), [{**whole, "number": f"N{number}"} for number in range(first, first + count)]
        )


async def peak(cast: Cast, tmp_path: Path, form: Format) -> int:
    """The most memory that one export took, in bytes."""
    gc.collect()
    tracemalloc.start()
    target = await table(cast, tmp_path, form)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    target.unlink()
    return most


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_memory_does_not_grow_with_the_cases(cast: Cast, tmp_path: Path) -> None:
    await many(cast, 0, 10)
    forms = (Format.CSV, Format.GEOJSON)
    for form in forms:
        await peak(cast, tmp_path, form)  # what is made once
    await many(cast, 10, 590)
    few = [await peak(cast, tmp_path, form) for form in forms]
    await many(cast, 600, 600)
    lots = [await peak(cast, tmp_path, form) for form in forms]
    assert [more < less * 1.5 for more, less in zip(lots, few, strict=True)] == [True, True]
