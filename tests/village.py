"""A small county for flows: Bob watches over 华山村, Olga and Oscar sit in its township, Charlie is from the next one.

Alice's house stands below the slope; the tests are about whether somebody comes in time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.app import App, build
from bot.clock import PushedClock
from bot.sandbox import Limits, Phone, Sandbox, serve
from bot.settings import DEFAULT_POLICY, Settings
from models.people.rules import Level, Role
from models.people.tables import Account, Person, Post, Region

# Nine in the morning of a day in the typhoon season, in Kaihua.
MORNING = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
TOKEN = "123456:village"
# The smallest JPEG that a picture library opens: one grey point.
PIXEL = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300080606070605080707070909080a0c140d0c0b0b0c1912130f141d1a1f1e1d"
    "1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc0000b080001000101011100ffc4001f000001050101"
    "0101010100000000000000000102030405060708090a0bffc400b5100002010303020403050504040000017d0102030004110512213141"
    "0613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a5354"
    "55565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9"
    "bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda0008010100003f00fbd0ffd9"
)

COUNTY, TOWN, OTHER_TOWN = "330824", "330824106", "330824107"
VILLAGE, NEXT_VILLAGE, OTHER_VILLAGE = "330824106200", "330824106207", "330824107200"
REGIONS = {
    COUNTY: "开化县",
    TOWN: "桐村镇",
    OTHER_TOWN: "杨林镇",
    VILLAGE: "华山村委会",
    NEXT_VILLAGE: "建丰村委会",
    OTHER_VILLAGE: "下庄村委会",
}
# name: (telegram id, phone, role, region)
CAST: dict[str, tuple[int, str, Role, str]] = {
    "bob": (1001, "+8610000000001", Role.GRID_WORKER, VILLAGE),
    "lena": (1002, "+8610000000002", Role.VILLAGE_LEAD, VILLAGE),
    "nina": (1003, "+8610000000003", Role.GRID_WORKER, NEXT_VILLAGE),
    "olga": (2001, "+8610000000004", Role.TOWNSHIP_OFFICER, TOWN),
    "oscar": (2002, "+8610000000005", Role.TOWNSHIP_OFFICER, TOWN),
    "charlie": (1004, "+8610000000006", Role.GRID_WORKER, OTHER_VILLAGE),
    "otto": (2003, "+8610000000007", Role.TOWNSHIP_OFFICER, OTHER_TOWN),
    "carol": (3001, "+8610000000008", Role.COUNTY_ADMIN, COUNTY),
}
SHARE = "分享我的手机号"


@dataclass
class Village:
    """The running bot and everybody's phone."""

    app: App
    sandbox: Sandbox
    clock: PushedClock
    ids: dict[str, int]

    def __getattr__(self, name: str) -> Phone:
        """`village.bob` is Bob's phone."""
        if name in CAST:
            return self.sandbox.phone(CAST[name][0])
        raise AttributeError(name)

    async def joins(self, *names: str) -> None:
        """These people press START and share their number; their news is then read."""
        for name in names:
            phone = self.sandbox.phone(CAST[name][0])
            phone.start()
            await phone.until(lambda p: p.keyboard)
            phone.tap(SHARE)
            await phone.until(lambda p: any("欢迎" in str(m.get("text")) for m in p.messages))
        await self.app.settled()

    async def present(self, *names: str) -> None:
        """These people joined some time ago: the quick way, without a word in the chat."""
        async with self.app.database.transaction() as session:
            for name in names:
                session.add(Account(chat_id=CAST[name][0], person_id=self.ids[name], joined_at=MORNING))
        for name in names:
            self.sandbox.phone(CAST[name][0]).chat.started = True

    def soon(self, **length: float) -> None:
        """Push the clock at one go, without stopping at due times, and let everybody look at it now."""
        self.clock.push(timedelta(**length))
        self.app.database.bell.ring()

    async def settled(self) -> None:
        """Wait until the bot has fetched everything and has nothing left to do at this moment."""
        async with asyncio.timeout(20):
            while self.sandbox.bot().updates.waiting():
                await asyncio.sleep(0.01)
        await self.app.settled()

    async def later(self, **length: float) -> None:
        """Let time pass, reminders and all."""
        await self.settled()
        await self.app.walk(timedelta(**length))

    def texts(self, name: str) -> list[str]:
        """What the bot wrote to somebody, oldest first."""
        phone = self.sandbox.phone(CAST[name][0])
        return [str(m.get("text") or m.get("caption") or "") for m in phone.messages if not m.get("outgoing")]


async def people_the_village(session: AsyncSession) -> dict[str, int]:
    """Divisions, persons and posts of the cast. → their person ids by name."""
    path = {"330824": "/330824/"}
    for code, name in REGIONS.items():
        parent = {6: None, 9: code[:6], 12: code[:9]}[len(code)]
        path[code] = f"{path[parent]}{code}/" if parent else f"/{code}/"
        session.add(Region(code=code, name=name, level=Level(len(code)), parent_code=parent, path=path[code]))
        await session.flush()
    ids: dict[str, int] = {}
    for name, (_, phone, role, region) in CAST.items():
        person = Person(name=name.capitalize(), phone=phone, created_at=MORNING)
        session.add(person)
        await session.flush()
        assert person.id is not None
        ids[name] = person.id
        session.add(Post(person_id=person.id, role=role, region_code=region, started_at=MORNING))
    await session.flush()
    return ids


def settings_for(database_url: str, folder: Path, api_url: str, **more: Any) -> Settings:
    """Settings of a test's bot."""
    return Settings(bot_token=SecretStr(TOKEN), bot_api_url=api_url, database_url=database_url, data_dir=folder, **more)


def policy_file(folder: Path, changes: Mapping[str, object]) -> Path:
    """The shipped policy with other numbers, such as {"inbox.retries": 2}. KeyError for one that is not there."""
    left, section, lines = dict(changes), "", []
    for line in DEFAULT_POLICY.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line[1 : line.index("]")]
        key = f"{section}.{line.partition('=')[0].strip()}"
        lines.append(f"{key.rpartition('.')[2]} = {json.dumps(left.pop(key))}" if key in left else line)
    if left:
        raise KeyError(*left)
    path = folder / "policy.toml"
    path.write_text("\n".join(lines), "utf-8")
    return path


class StillClock(PushedClock):
    """A clock that only goes when it is pushed, so that a slow machine changes nothing."""

    def now(self) -> datetime:
        """The moment it was last pushed to."""
        return self._base


@asynccontextmanager
async def open_village(
    database_url: str,
    folder: Path,
    *,
    still: bool = False,
    policy: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    prepare: Callable[[App], None] = lambda app: None,
    **more: Any,
) -> AsyncIterator[Village]:
    """The whole: sandbox, people, bot.

    `still`: the clock goes only when pushed, `policy`: other numbers for this bot, `limits`: what its Telegram refuses,
    `prepare`: a word with the bot before it runs, `more`: other settings.
    """
    clock = StillClock(MORNING) if still else PushedClock(MORNING)
    sandbox = Sandbox(clock, limits)
    sandbox.add_bot(TOKEN)
    for name, (user_id, phone, _, _) in CAST.items():
        sandbox.add_person(user_id, name.capitalize(), phone)
    if policy is not None:
        more["policy"] = policy_file(folder, policy)
    async with serve(sandbox) as url:
        app = build(settings_for(database_url, folder, url, **more), clock, samples=True)
        async with app.database.transaction() as session:
            ids = await people_the_village(session)
        prepare(app)
        async with app.running():
            yield Village(app, sandbox, clock, ids)
