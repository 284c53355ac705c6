"""Many reporters over ten townships, so that no officer's chat fills up, and the database they stand in beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot import schema
from bot.database import Database
from bot.sandbox import Sandbox
from models.people.rules import Level, Role
from models.people.tables import Account, Person, Post, Region
from tests.village import PIXEL, TOKEN

COUNTY = "330824"
TOWNS = 10
OFFICERS = 2  # of each township
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Reporter:
    """Somebody with a phone and one hazard before the eyes. Place in degrees, WGS 84."""

    chat_id: int
    number: str
    town: str
    place: tuple[float, float]

    @property
    def photo(self) -> bytes:
        """A picture nobody else takes."""
        return PIXEL + str(self.chat_id).encode()


@dataclass(frozen=True)
class Officer:
    """Somebody of a township who joined long ago."""

    chat_id: int
    number: str
    town: str


@dataclass(frozen=True)
class County:
    """Everybody."""

    reporters: Sequence[Reporter]
    officers: Sequence[Officer]

    @property
    def everybody(self) -> list[Reporter | Officer]:
        """Reporters first."""
        return [*self.reporters, *self.officers]

    def bring(self, sandbox: Sandbox) -> None:
        """Give everybody a phone; the officers pressed START long ago."""
        sandbox.add_bot(TOKEN)
        for each in self.everybody:
            sandbox.add_person(each.chat_id, f"人{each.chat_id}", each.number)
        for officer in self.officers:
            sandbox.phone(officer.chat_id).chat.started = True


def county(chats: int) -> County:
    """A county with so many reporters, spread over its townships in turn."""
    towns = [f"{COUNTY}{100 + number}" for number in range(TOWNS)]
    reporters = [Reporter(1000 + n, f"+86100{n:08}", towns[n % TOWNS], _apart(n)) for n in range(chats)]
    officers = [Officer(9000 + n, f"+86101{n:08}", towns[n % TOWNS]) for n in range(TOWNS * OFFICERS)]
    return County(reporters, officers)


def _apart(n: int) -> tuple[float, float]:
    """A place a kilometre from everybody else's: neighbours would make one cluster, whose alarm names them all."""
    return round(29.0 + n % 50 / 100, 6), round(118.1 + n // 50 / 90, 6)


async def settle(database: Database, people: County) -> None:
    """Bring the schema up and write divisions, persons and posts; only the officers have joined."""
    await schema.upgrade(database.engine)
    towns = sorted({each.town for each in people.officers})
    async with database.transaction() as session:
        session.add(_region(COUNTY, "开化县", None, f"/{COUNTY}/"))
        await session.flush()
        for town in towns:
            session.add(_region(town, f"镇{town[-3:]}", COUNTY, f"/{COUNTY}/{town}/"))
        await session.flush()
        for town in towns:
            session.add(_region(f"{town}200", f"村{town[-3:]}", town, f"/{COUNTY}/{town}/{town}200/"))
        await session.flush()
        for each in people.everybody:
            person = Person(name=f"人{each.chat_id}", phone=each.number, created_at=LONG_AGO)
            session.add(person)
            await session.flush()
            assert person.id is not None
            at_home = isinstance(each, Reporter)
            role = Role.GRID_WORKER if at_home else Role.TOWNSHIP_OFFICER
            place = f"{each.town}200" if at_home else each.town
            session.add(Post(person_id=person.id, role=role, region_code=place, started_at=LONG_AGO))
            if not at_home:
                session.add(Account(chat_id=each.chat_id, person_id=person.id, joined_at=LONG_AGO))


def _region(code: str, name: str, parent: str | None, path: str) -> Region:
    return Region(code=code, name=name, level=Level(len(code)), parent_code=parent, path=path)
