"""The people of the village without phones, for tests of the models: who they are, and what was put out for them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import delete, make_url
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.database import Database
from bot.settings import DEFAULT_POLICY, Settings, load_policy
from models import journal
from models.metadata import metadata
from models.migrations import triggers
from models.outbox import Outgoing
from models.people import actions as people
from models.people.rules import Me, Role
from models.people.tables import Person, Post
from tests.village import CAST, MORNING, people_the_village

POLICY = load_policy(DEFAULT_POLICY)
ZONE = ZoneInfo("Asia/Shanghai")

_serial = count(1)

# Two transactions of one process wait for each other on SQLite; only a server lets them cross.
on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def later(**length: float) -> timedelta:
    """`MORNING + later(hours=2)`."""
    return timedelta(**length)


@dataclass
class Cast:
    """Everybody of the small county in one database."""

    database: Database
    ids: dict[str, int]

    async def joins(self, *names: str) -> None:
        """These people can be reached from now on."""
        async with self.database.transaction() as session:
            for name in names:
                await people.join(session, MORNING, CAST[name][0], CAST[name][1])

    async def me(self, name: str) -> Me:
        """A person as far as permissions go."""
        async with self.database.reading() as session:
            found = await people.person(session, self.ids[name])
        assert found is not None
        return found

    def names(self, ids: list[int]) -> list[str]:
        """Who these persons are."""
        return [name for person_id in ids for name, each in self.ids.items() if each == person_id]

    async def sent(self, kind: str, method: str = "") -> list[str]:
        """For whom messages of this kind (and method) were put in the outbox, in their order."""
        async with self.database.reading() as session:
            rows = await session.exec(select(Outgoing).where(Outgoing.kind == kind).order_by(col(Outgoing.id)))
            return self.names([row.person_id or 0 for row in rows if method in ("", row.method)])

    async def deeds(self, subject: str, subject_id: int | str) -> list[str]:
        """What the journal says was done to a thing."""
        async with self.database.reading() as session:
            return [entry.verb for entry in await journal.read(session, subject, subject_id)]

    async def another(self, session: AsyncSession, role: Role, region_code: str) -> int:
        """One more person with a post. → the id."""
        person = Person(name="Another", phone=f"+8610000001{len(self.ids):03d}", created_at=MORNING)
        session.add(person)
        await session.flush()
        assert person.id is not None
        session.add(Post(person_id=person.id, role=role, region_code=region_code, started_at=MORNING))
        self.ids[f"another {len(self.ids)}"] = person.id
        return person.id


@pytest.fixture
async def cast(database: Database) -> Cast:
    """The cast in an empty database; nobody has joined."""
    async with database.transaction() as session:
        return Cast(database, await people_the_village(session))


# Hundreds of small tests stand on these. Emptying a database takes a hundredth of the time of making one, and an engine
# that stays remembers how its statements read.


@pytest.fixture(scope="session")
def shared_postgres(postgres: str, template: str) -> str:
    """One PostgreSQL database for all tests of a folder."""
    name = f"cunshao_shared{next(_serial)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return make_url(postgres).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def shared_sqlite(sqlite_template: Path) -> str:
    """One SQLite file for the same."""
    return f"sqlite:///{shutil.copy(sqlite_template, sqlite_template.with_name(f'shared{next(_serial)}.sqlite'))}"


@pytest.fixture(scope="session")
async def opened() -> AsyncIterator[dict[str, Database]]:
    """The databases that are open, by their addresses."""
    databases: dict[str, Database] = {}
    yield databases
    for database in databases.values():
        await database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Once SQLite and once PostgreSQL."""
    url: str = request.getfixturevalue("shared_sqlite" if request.param == "sqlite" else "shared_postgres")
    return url


@pytest.fixture
async def database(database_url: str, opened: dict[str, Database]) -> Database:
    """An empty database with the schema."""
    if database_url not in opened:
        opened[database_url] = Database(Settings(database_url=database_url).database())
    async with opened[database_url].transaction() as session:
        connection = await session.connection()
        await connection.run_sync(triggers.take_down)  # they would keep the last test's journal
        for table in reversed(metadata.sorted_tables):
            await session.exec(delete(table))
        await connection.run_sync(triggers.put_up)
    return opened[database_url]
