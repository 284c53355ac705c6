"""`check`: one sentence for each thing that is wrong, with the mend in it, and nothing changed by looking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot import check, schema
from bot.clock import PushedClock
from bot.database import Database
from bot.http import serving
from bot.settings import Settings
from tests.village import MORNING

Set = Callable[[str, object], None]
GOOD = {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "x", "username": "cunshao_bot"}}


@pytest.fixture
def set_(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Set:
    """Sets a variable; the others are those of a bot that is well but for its network."""

    def variable(name: str, value: object) -> None:
        monkeypatch.setenv(f"CUNSHAO_{name}", str(value))

    variable("BOT_TOKEN", "1:token")
    variable("DATA_DIR", tmp_path / "data")
    variable("BOT_API_URL", "http://127.0.0.1:1")
    return variable


@asynccontextmanager
async def bot_api(answer: Response, clock_differs: timedelta = timedelta(0)) -> AsyncIterator[str]:
    """Something that answers getMe so, at a time that differs from ours."""

    async def me(_request: Request) -> Response:
        answer.headers["Date"] = format_datetime(MORNING + clock_differs, usegmt=True)
        return answer

    async with serving(Starlette(routes=[Route("/bot1:token/getMe", me)]), "127.0.0.1", 0, "TEST") as port:
        yield f"http://127.0.0.1:{port}"


async def wrong(**more: int) -> list[str]:
    """What is wrong, in the order in which it was found."""
    return [found.words async for found in check.findings(PushedClock(MORNING), **more) if found.wrong]


async def migrated(url: str, revision: str = "head") -> None:
    database = Database(Settings(database_url=url).database())
    await schema.upgrade(database.engine, revision)
    await database.close()


async def test_a_bot_that_is_well_has_only_good_lines(set_: Set, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite"
    set_("DATABASE_URL", url)
    await migrated(url)
    async with bot_api(JSONResponse(GOOD)) as api:
        set_("BOT_API_URL", api)
        lines = [found async for found in check.findings(PushedClock(MORNING), enough=1)]
    assert not any(line.wrong for line in lines)
    kinds = ["configuration", "policy", "database", "journal", "token", "clock", "data", "disk"]
    assert [line.words.split()[0] for line in lines] == kinds


async def test_a_wrong_variable_is_named(set_: Set) -> None:
    set_("HTTP_PORT", "eighty")
    (words,) = await wrong()
    assert words.startswith("configuration: CUNSHAO_HTTP_PORT: Input should be a valid integer")


async def test_a_wrong_policy_is_named(set_: Set, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[ladders]\n")
    set_("POLICY", tmp_path / "policy.toml")
    assert "ladders: is not a known key" in (await wrong())[0]


async def test_a_database_that_is_not_there_is_not_made(set_: Set, tmp_path: Path) -> None:
    assert "is not there yet: run `python -m bot migrate`" in (await wrong())[0]
    assert not (tmp_path / "data" / "cunshao.sqlite").exists()
    set_("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert (await wrong())[0].startswith("database: it was not reached (OperationalError")
    set_("DATABASE_URL", "mysql://nobody")
    assert (await wrong())[0] == "database: CUNSHAO_DATABASE_URL must begin with sqlite:/// or postgresql://"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM alembic_version", "it is empty: run `python -m bot migrate`"),
        ("UPDATE alembic_version SET version_num = '9999'", "a newer version of this program made it (revision 9999)"),
        ("ALTER TABLE lease ADD COLUMN own TEXT", "its tables are not those of revision"),
    ],
)
async def test_a_schema_that_does_not_fit_is_explained(set_: Set, tmp_path: Path, statement: str, words: str) -> None:
    url = f"sqlite:///{tmp_path}/odd.sqlite"
    await migrated(url)
    database = Database(Settings(database_url=url).database())
    async with database.engine.begin() as connection:
        await connection.execute(text(statement))
    await database.close()
    set_("DATABASE_URL", url)
    assert (await wrong())[0].startswith(f"database: {words}")


async def test_token_and_network_are_told_apart(set_: Set) -> None:
    assert "network: the Bot API was not reached (ConnectError)" in (await wrong())[1]
    refused = JSONResponse({"ok": False, "error_code": 401, "description": "Unauthorized"}, status_code=401)
    for answer, words in (
        (refused, "token: the Bot API refused it"),
        (PlainTextResponse("welcome to the hotel"), "network: what answers at CUNSHAO_BOT_API_URL (200) is no Bot API"),
        (
            PlainTextResponse("busy", status_code=502),
            "network: what answers at CUNSHAO_BOT_API_URL (502) is no Bot API",
        ),
    ):
        async with bot_api(answer) as api:
            set_("BOT_API_URL", api)
            assert (await wrong())[1].startswith(words)
    set_("BOT_TOKEN", "")
    assert (await wrong())[1].startswith("token: CUNSHAO_BOT_TOKEN is not set")


@pytest.mark.parametrize(
    ("differs", "words"),
    [
        (25, None),
        (-25, None),
        (-95, "clock: this machine's clock is 95 s ahead of"),
        (95, "clock: this machine's clock is 95 s behind"),
    ],
)
async def test_a_clock_that_goes_wrong_is_said(set_: Set, differs: int, words: str | None) -> None:
    async with bot_api(JSONResponse(GOOD), timedelta(seconds=differs)) as api:
        set_("BOT_API_URL", api)
        found = (await wrong())[1:]
    assert [line for line in found if words and line.startswith(words)] == found


async def test_folder_and_disk(set_: Set, tmp_path: Path) -> None:
    assert "MiB free in" in (await wrong(enough=1 << 60))[-1]
    (tmp_path / "file").write_text("no folder")
    set_("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    set_("DATA_DIR", tmp_path / "file" / "data")
    assert (await wrong())[-1].startswith(f"data folder: {tmp_path}/file/data cannot be written (Not a directory)")
