"""Roster files: as counties write them, all or nothing, and what a second import says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot import roster
from bot.database import Database
from bot.roster import Outcome
from bot.sheets import Problem
from models import response
from models.outbox import Outgoing
from models.people import actions as people
from models.people.rules import Role, sample_phone
from models.people.tables import Person, Post, Region
from models.refused import Refused
from tests.cast import POLICY
from tests.village import MORNING

REGIONS = """code,name
330824,开化县
330824106,桐村镇
330824107,杨林镇
330824106200,华山村委会
330824106207,建丰村委会
330824107200,下庄村委会
"""
PEOPLE = """name,phone,role,region_code,hats,deputy_phone
王建国,10000000001,grid_worker,330824106200,护林员;气象信息员,10000000002
李秀英,10000000002,village_lead,330824106200,,
李秀英,10000000002,grid_worker,330824106207,,
周乡长,10000000003,township_officer,330824106,,
郑县长,10000000004,county_admin,330824,,
"""
BOB, LENA = "+8610000000001", "+8610000000002"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


class Desk:
    """Somebody at the command line: files in a folder, and one import after another."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    async def load(self, *files: Path, check: bool = False, remove_missing: bool = False) -> Outcome:
        async with self.database.transaction() as session:
            return await roster.load(
                session, MORNING, POLICY, files, check=check, remove_missing=remove_missing, check_phone=sample_phone
            )

    async def wrong(self, *files: Path) -> list[tuple[str, int | None, str | None]]:
        """Where the problems are; nothing must have been written."""
        outcome = await self.load(*files)
        async with self.database.reading() as session:
            assert await count(session, Region) == await count(session, Person) == 0
        return [(p.file, p.row, p.column) for p in outcome.problems]

    async def both(self, regions: str = REGIONS, persons: str = PEOPLE) -> Outcome:
        return await self.load(self.file("people.csv", persons), self.file("regions.csv", regions))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)


async def count(session: AsyncSession, table: type[Any]) -> int:
    return int((await session.exec(select(func.count()).select_from(table))).one())


async def seats(session: AsyncSession, phone: str) -> set[tuple[Role, str]]:
    rows = await session.exec(
        select(Post.role, Post.region_code)
        .join(Person, col(Person.id) == col(Post.person_id))
        .where(Person.phone == phone, col(Post.ended_at).is_(None))
    )
    return {(Role(role), code) for role, code in rows}


def workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(at, column, cell)
    return path


# --- what is taken in -------------------------------------------------------------------------------------------------


async def test_regions_and_people_come_in_one_call_in_any_order(desk: Desk) -> None:
    outcome = await desk.both()
    assert outcome.problems == []
    async with desk.database.reading() as session:
        village = await session.get(Region, "330824106200")
        assert village is not None
        assert (village.path, village.level) == ("/330824/330824106/330824106200/", 12)
        assert await count(session, Person) == 4
        assert await seats(session, LENA) == {(Role.VILLAGE_LEAD, "330824106200"), (Role.GRID_WORKER, "330824106207")}
        bob = (await session.exec(select(Person).where(Person.phone == BOB))).one()
        lena = (await session.exec(select(Person).where(Person.phone == LENA))).one()
        assert (bob.hats, bob.deputy_id) == (["护林员", "气象信息员"], lena.id)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
async def test_chinese_headings_in_every_encoding_a_county_uses(desk: Desk, encoding: str) -> None:
    regions = REGIONS.replace("code,name", "区划代码,名称")
    persons = PEOPLE.replace("name,phone,role,region_code,hats,deputy_phone", "姓名,手机,岗位,区划代码,兼职,代理人手机")
    for role, words in roster.ROLES.items():
        persons = persons.replace(role.value, words)
    files = [desk.file("区划.csv", regions.encode(encoding)), desk.file("人员.csv", persons.encode(encoding))]
    outcome = await desk.load(*files)
    assert outcome.problems == []
    async with desk.database.reading() as session:
        assert (await people.place(session, "330824106200")).name == "华山村"
        assert await seats(session, BOB) == {(Role.GRID_WORKER, "330824106200")}


async def test_a_workbook_with_numbers_empty_cells_a_title_and_two_sheets(desk: Desk) -> None:
    sheets: dict[str, list[list[Any]]] = {
        "说明": [["请按表填写"]],
        "区划": [["区划代码", "名称", "纬度", "经度"], [330824, "开化县"], [330824106.0, "桐村镇", 29.1, 118.2]],
        "人员": [
            ["桐村镇网格员名册"],
            [None, "姓名", "手机", "岗位", "区划代码", "备注"],
            [],
            [1, "周乡长", 10000000003, "乡镇干部", 330824106, "新"],
            [2, "吴乡长", "10000000005", "township_officer", "330824106"],
        ],
    }
    outcome = await desk.load(workbook(desk.folder / "roster.xlsx", sheets))
    assert outcome.problems == []
    assert outcome.notes == ["roster.xlsx: not used: 备注"]
    async with desk.database.reading() as session:
        assert await seats(session, "+8610000000003") == {(Role.TOWNSHIP_OFFICER, "330824106")}
        town = await session.get(Region, "330824106")
        assert town is not None
        assert (town.latitude, town.longitude) == (29.1, 118.2)


async def test_a_row_of_a_workbook_is_named_as_the_spreadsheet_counts_it(desk: Desk) -> None:
    rows: list[list[Any]] = [[], ["区划代码", "名称"], [330824, "开化县"], [], [33082, "桐村镇"]]
    assert await desk.wrong(workbook(desk.folder / "r.xlsx", {"a": rows})) == [("r.xlsx", 5, "区划代码")]


async def test_the_county_seat_without_an_official_code_hangs_where_parent_code_says(desk: Desk) -> None:
    """芹阳办 (domain 7.4): a local code, and villages with codes of another township below it, children first."""
    regions = (
        "code,name,parent_code\n330824115001,城关社区居委会,330824900\n330824115002,华埠社区居委会,\n"
        "330824900,芹阳办,330824\n330824115,华埠镇,\n330824,开化县,\n"
    )
    outcome = await desk.load(desk.file("r.csv", regions))
    assert outcome.problems == []
    async with desk.database.reading() as session:
        rows = await session.exec(select(Region.code, Region.path))
        paths = dict(rows.all())
    assert paths["330824115001"] == "/330824/330824900/330824115001/"
    assert paths["330824115002"] == "/330824/330824115/330824115002/"
    # A file without the column leaves what it said before.
    second = await desk.load(desk.file("r.csv", "code,name\n330824115001,城关社区居委会\n"))
    assert [d.what for d in second.differences if d.what != "missing"] == []


async def test_a_moved_township_takes_its_villages_along(desk: Desk) -> None:
    await desk.load(desk.file("r.csv", REGIONS))
    outcome = await desk.load(desk.file("r.csv", "code,name\n33,浙江省\n3308,衢州市\n330824,开化县\n"))
    async with desk.database.reading() as session:
        village = await session.get(Region, "330824106200")
    assert village is not None
    assert village.path == "/33/3308/330824/330824106/330824106200/"
    assert [(d.key, d.fields) for d in outcome.differences if d.what == "changed"] == [
        ("330824", (("parent_code", "", "3308"),))
    ]


# --- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("33082,x", "code"),
        ("33082410A,x", "code"),
        ("330824108,", "name"),
        ("330824106,again", "code"),
        ("330825101,x", "code"),
        ("330824108300,x", "code"),
        ("3.30824E+11,x", "code"),
        ("330824108,x,y", None),
    ],
)
async def test_a_wrong_region_is_named_by_file_row_and_column(desk: Desk, row: str, column: str | None) -> None:
    assert await desk.wrong(desk.file("regions.csv", REGIONS + row + "\n")) == [("regions.csv", 8, column)]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",10000000009,grid_worker,330824106200,,", "name"),
        ("王,1381234567,grid_worker,330824106200,,", "phone"),
        ("王,,grid_worker,330824106200,,", "phone"),
        ("王,10000000009,王,330824106200,,", "role"),
        ("王,10000000009,grid_worker,330824106,,", "region_code"),
        ("王,10000000009,township_officer,330824106200,,", "region_code"),
        ("王,10000000009,grid_worker,330824106999,,", "region_code"),
        ("王,10000000009,grid_worker,x,,", "region_code"),
        ("王,10000000009,grid_worker,330824106200,,10000000077", "deputy_phone"),
        ("王,10000000009,grid_worker,330824106200,,10000000009", "deputy_phone"),
        ("王,10000000001,grid_worker,330824106207,,", "name"),
        ("王建国,10000000001,grid_worker,330824106200,,", "phone"),
        ("王建国,10000000001,grid_worker,330824106207,,10000000003", "deputy_phone"),
    ],
)
async def test_a_wrong_person_is_named_by_file_row_and_column(desk: Desk, row: str, column: str) -> None:
    files = desk.file("regions.csv", REGIONS), desk.file("people.csv", PEOPLE + row + "\n")
    assert await desk.wrong(*files) == [("people.csv", 7, column)]


async def test_all_problems_are_said_at_once_and_nothing_is_written(desk: Desk) -> None:
    regions, persons = REGIONS + "33082,x\n", PEOPLE + "王,1,grid_worker,330824106200,,\n李,2,x,330824106200,,\n"
    files = desk.file("regions.csv", regions), desk.file("people.csv", persons)
    where = [
        ("regions.csv", 8, "code"),
        ("people.csv", 7, "phone"),
        ("people.csv", 8, "phone"),
        ("people.csv", 8, "role"),
    ]
    assert await desk.wrong(*files) == where
    words = roster.say(await desk.load(*files))
    assert words.startswith("Nothing was changed: 4 problems must be mended first.\nregions.csv, row 8, column code: ")
    assert "write one of grid_worker 网格员" in words


async def test_people_of_a_broken_division_are_not_blamed(desk: Desk) -> None:
    regions = REGIONS.replace("330824106200,华山村委会", "330824106200,")
    files = desk.file("regions.csv", regions), desk.file("people.csv", PEOPLE)
    assert await desk.wrong(*files) == [("regions.csv", 5, "name")]


@pytest.mark.parametrize(
    ("name", "content", "row"),
    [
        ("none.csv", None, None),
        ("empty.csv", b"", None),
        ("noise.csv", b"\xff\x00\x81", None),
        ("other.csv", b"name,phone,role\nx,y,z\n", 1),
        ("broken.xlsx", b"PK\x03\x04 and no more", None),
        ("quote.csv", b'code,name\n330824,"open\n', None),
    ],
)
async def test_a_file_that_is_no_roster_is_refused_whole(
    desk: Desk, name: str, content: bytes | None, row: int | None
) -> None:
    path = desk.folder / name if content is None else desk.file(name, content)
    outcome = await desk.load(path)
    assert [(p.file, p.row) for p in outcome.problems] == [(name, row)]
    assert outcome.problems[0].say.endswith((".", "?"))


async def test_a_missing_heading_is_named_in_both_languages(desk: Desk) -> None:
    outcome = await desk.load(desk.file("people.csv", "姓名,手机,岗位\n王,1,2\n"))
    assert outcome.problems == [
        Problem("people.csv", 1, "region_code (区划代码)", "no such heading: a people file needs it in its first row.")
    ]


# --- a second time ----------------------------------------------------------------------------------------------------


async def test_the_same_files_again_change_nothing(desk: Desk) -> None:
    await desk.both()
    outcome = await desk.both()
    assert (outcome.problems, outcome.differences) == ([], [])
    assert dict(outcome.unchanged) == {"regions": 6, "people": 4}


async def test_a_check_says_what_would_change_and_changes_nothing(desk: Desk) -> None:
    files = desk.file("regions.csv", REGIONS), desk.file("people.csv", PEOPLE)
    outcome = await desk.load(*files, check=True)
    assert roster.say(outcome).startswith("Checked only; nothing was changed.\nRegions: 6 added")
    async with desk.database.reading() as session:
        assert await count(session, Region) == await count(session, Person) == 0


async def test_a_second_import_says_what_is_new_changed_and_missing(desk: Desk) -> None:
    await desk.both()
    persons = (
        PEOPLE.replace("王建国", "王建华")
        .replace("护林员;气象信息员,10000000002", "护林员,")
        .replace("grid_worker,330824106207", "grid_worker,330824106200")
        .replace("郑县长,10000000004", "郑县长,10000000008")
    )
    outcome = await desk.both(REGIONS.replace("杨林镇", "杨林新镇"), persons)
    assert outcome.problems == []
    bob = [("name", "王建国", "王建华"), ("hats", "护林员;气象信息员", "护林员"), ("deputy_phone", "100****0002", "")]
    assert [(d.what, d.name, d.fields) for d in outcome.differences] == [
        ("changed", "杨林新镇", (("name", "杨林镇", "杨林新镇"),)),
        ("changed", "王建华", tuple(bob)),
        ("changed", "李秀英", (("post", "", "grid_worker 华山村"),)),
        ("added", "郑县长", (("post", "", "county_admin 开化县"),)),
        ("missing", "李秀英", (("post", "grid_worker 建丰村", ""),)),
        ("missing", "郑县长", (("post", "county_admin 开化县", ""),)),
    ]
    words = roster.say(outcome)
    assert "name 王建国 → 王建华" in words
    assert "10000000001" not in words
    assert "--remove-missing ends them" in words
    async with desk.database.reading() as session:
        assert len(await seats(session, LENA)) == 3  # nobody is removed by a file alone
        assert await seats(session, "+8610000000004") == {(Role.COUNTY_ADMIN, "330824")}


async def test_remove_missing_ends_posts_and_cuts_off_who_has_none_left(desk: Desk) -> None:
    await desk.both()
    async with desk.database.transaction() as session:
        await response.joined(session, MORNING, 1001, BOB)
        await response.joined(session, MORNING, 1002, LENA)
    persons = "\n".join(line for line in PEOPLE.splitlines() if "王建国" not in line and "330824106207" not in line)
    outcome = await desk.load(desk.file("people.csv", persons), remove_missing=True)
    assert [(d.what, d.name) for d in outcome.differences] == [("missing", "王建国"), ("missing", "李秀英")]
    async with desk.database.transaction() as session:
        assert await seats(session, LENA) == {(Role.VILLAGE_LEAD, "330824106200")}
        assert (await people.visitor(session, 1001)).me is None
        with pytest.raises(Refused):
            await response.joined(session, MORNING, 1001, BOB)
        rows = await session.exec(select(Outgoing.recipient, Outgoing.kind).order_by(col(Outgoing.id)))
        lena = (await people.visitor(session, 1002)).me
        assert lena is not None
        assert [kind for who, kind in rows if who == f"p{lena.id}"] == ["menu.welcome", "menu.commands"]


async def test_a_file_without_optional_columns_leaves_them_alone(desk: Desk) -> None:
    await desk.both()
    short = "\n".join(",".join(line.split(",")[:4]) for line in PEOPLE.splitlines())
    outcome = await desk.load(desk.file("people.csv", short))
    assert outcome.differences == []


async def test_two_township_files_make_one_roster(desk: Desk) -> None:
    lines = PEOPLE.splitlines()
    one, two = "\n".join(lines[:3]), "\n".join([lines[0], *lines[3:]])
    files = desk.file("regions.csv", REGIONS), desk.file("one.csv", one), desk.file("two.csv", two)
    outcome = await desk.load(*files)
    assert (outcome.problems, len(outcome.differences)) == ([], 10)


# --- the real county --------------------------------------------------------------------------------------------------


async def test_kaihuas_real_divisions(desk: Desk) -> None:
    path = SHARED / "kaihua" / "regions.csv"
    if not path.exists():
        path = Path(__file__).parent / "data" / "kaihua.csv"
    outcome = await desk.load(path)
    assert outcome.problems == []
    async with desk.database.reading() as session:
        towns = await people.places_below(session, "330824")
        assert [town.code for town in towns] == sorted(town.code for town in towns)
        assert "桐村镇" in [town.name for town in towns]
        assert len(towns) == 14
