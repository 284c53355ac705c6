"""`python -m bot export`: one file, one clear sentence for everything that can be wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from bot import commands, schema
from bot.__main__ import cli
from bot.database import Database
from bot.settings import Settings, Unfit
from tests.cast import Cast
from tests.evidence.files import left, number_of
from tests.hazard.steps import submitted
from tests.village import people_the_village


@pytest.fixture
async def county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cast]:
    """A migrated database in the data folder of this process, and an empty folder to work in."""
    monkeypatch.setenv("CUNSHAO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CUNSHAO_DATABASE_URL", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    database = Database(Settings().database())
    await schema.upgrade(database.engine)
    async with database.transaction() as session:
        ids = await people_the_village(session)
    yield Cast(database, ids)
    await database.close()


async def test_one_case_and_all_of_them(county: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    number = await number_of(county, await submitted(county))
    assert await commands.export_case(number.lower().replace("-", ""), None, reveal=False) == 0
    for form in ("csv", "xlsx", "geojson"):
        out = tmp_path / "here" / f"all.{form}"
        assert await commands.export_all(form, out, since="2026-07-01", region="330824", reveal=False) == 0
    assert left(tmp_path / "here") == [f"{number}.zip", "all.csv", "all.geojson", "all.xlsx"]
    said = capsys.readouterr().out
    assert f"exported: {number}, 0 of 1 photos" in said
    assert said.count("exported: 1 cases") == 3


async def test_a_file_without_a_name_is_called_by_the_day(county: Cast, tmp_path: Path) -> None:
    await commands.export_all("csv", None, since="", region="", reveal=False)
    (name,) = left(tmp_path / "here")
    assert name.startswith("cases-")


@pytest.mark.parametrize("number", ["YH-330824106-260701-0001-X", "nonsense", "../../etc"])
async def test_a_slip_of_the_pen_is_named(county: Cast, tmp_path: Path, number: str) -> None:
    with pytest.raises(Unfit, match="is no number of a case"):
        await commands.export_case(number, None, reveal=False)
    assert left(tmp_path / "here") == []


@pytest.mark.parametrize(
    ("form", "since", "region", "said"),
    [
        ("pdf", "", "", "--format pdf: write one of csv, xlsx, geojson"),
        ("csv", "yesterday", "", "--since yesterday: write a day such as 2026-07-01"),
        ("csv", "", "99", "--region 99: there is no division with this code"),
    ],
)
async def test_every_mistake_is_one_sentence(
    county: Cast, tmp_path: Path, form: str, since: str, region: str, said: str
) -> None:
    with pytest.raises(Unfit, match=said):
        await commands.export_all(form, None, since=since, region=region, reveal=False)
    assert left(tmp_path / "here") == []


async def test_a_folder_that_is_not_there_is_named(county: Cast, tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="cannot be written: No such file or directory"):
        await commands.export_all("csv", tmp_path / "nowhere" / "a.csv", since="", region="", reveal=False)


async def test_an_old_schema_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUNSHAO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CUNSHAO_DATABASE_URL", raising=False)
    with pytest.raises(Unfit, match="schema is at nothing: run `python -m bot migrate` first"):
        await commands.export_all("csv", tmp_path / "a.csv", since="", region="", reveal=False)


@pytest.fixture
def logging_stays() -> Iterator[None]:
    """A command sends the log to the stderr of its runner, which is closed when it ends."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("logging_stays")
@pytest.mark.parametrize("words", [[], ["--all", "YH-1"], ["YH-1", "--since", "2026-07-01"], ["YH-1", "--region", "1"]])
def test_either_one_case_or_all(words: list[str]) -> None:
    run = CliRunner().invoke(cli, ["export", *words])
    assert run.exit_code == 2
    assert "Error" in run.output
