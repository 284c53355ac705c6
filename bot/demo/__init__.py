"""The demo: a sandbox in Telegram's place, the real bot, Kaihua county, and a page with three phones."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot import roster, schema
from bot.app import App, build
from bot.clock import PushedClock
from bot.commands import until_stopped
from bot.demo import county
from bot.demo.county import Sample
from bot.demo.resume import CHATS, keep, keep_clock, last_moment, resumed, start_over
from bot.sandbox import Sandbox, serve
from bot.settings import Settings, Unfit
from models.people.rules import OFFICERS, Role, sample_phone

TOKEN = "100001:demo"
MORNING_HOUR = 8
# A morning of the plum rains, when slopes move: of the real days of June 2024 in Kaihua (domain 9, R2).
STORY_BEGINS = datetime(2024, 6, 20, 8, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
PUSHES = {"10m": timedelta(minutes=10), "1h": timedelta(hours=1), "7d": timedelta(days=7)}


@dataclass
class Demo:
    """The running demo and what its page asks of it."""

    app: App
    sandbox: Sandbox
    clock: PushedClock
    people: Sequence[Sample]
    folder: Path
    _pushing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def routes(self) -> list[Route]:
        """The page's own addresses."""
        return [Route("/demo/state", self.state), Route("/demo/clock", self.push, methods=["POST"])]

    async def state(self, _request: Request) -> JSONResponse:
        """Time, the three people shown first, and the map."""
        villages = [
            {
                "code": code,
                "name": county.divisions()[code],
                "township": county.divisions()[code[:9]],
                "lat": y,
                "lon": x,
            }
            for code, (y, x) in county.places().items()
        ]
        due = await self.app.ticker.next_due()
        return JSONResponse(
            {
                "now": self.clock.now().isoformat(),
                "lang": self.app.settings.locale,
                "defaults": [person.user_id for person in first_three(self.people)],
                "pending": 0,
                "next_due": due.isoformat() if due else None,
                "map": {"outline": county.outline(), "villages": villages},
            }
        )

    async def push(self, request: Request) -> JSONResponse:
        """Push the clock forward, from due time to due time, so that reminders are seen in their order."""
        asked = (await request.json()).get("push")
        if asked not in (*PUSHES, "morning"):
            return JSONResponse({"error": 'write {"push": "10m"}, "1h", "7d" or "morning"'}, status_code=400)
        async with self._pushing:
            length = PUSHES.get(asked) or until_morning(self.clock.now(), self.app)
            fired = await self.app.walk(length)
            keep_clock(self.clock, self.folder)
        return JSONResponse({"now": self.clock.now().isoformat(), "fired": fired})

    async def clock_at_rest(self) -> None:
        """Wait for a push under way: broken off in the middle it would leave the database's connections open."""
        async with self._pushing:
            pass


def until_morning(now: datetime, app: App) -> timedelta:
    """How long until eight o'clock of the next morning in the county."""
    local = now.astimezone(app.settings.zone())
    morning = local.replace(hour=MORNING_HOUR, minute=0, second=0, microsecond=0)
    return (morning if morning > local else morning + timedelta(days=1)) - local


def first_three(people: Sequence[Sample]) -> list[Sample]:
    """A grid worker, an officer of the same township, and a county administrator."""
    worker = next(p for p in people if p.role is Role.GRID_WORKER)
    officer = next(p for p in people if p.role is Role.TOWNSHIP_OFFICER and p.region_code == worker.region_code[:9])
    return [worker, officer, next(p for p in people if p.role is Role.COUNTY_ADMIN)]


async def main(port: int, fresh: bool, folder: Path) -> int:
    """Serve the demo until stopped."""
    if fresh:
        start_over(folder)
    async with open_demo(port, folder) as (_, page):
        say = "" if page.endswith(f":{port}") else f" (port {port} is taken)"
        typer.echo(f"\n  村哨 Cunshao: open {page} in a browser{say}\n  Ctrl+C ends it.\n")
        await until_stopped()
    return 0


@asynccontextmanager
async def open_demo(port: int, folder: Path) -> AsyncIterator[tuple[Demo, str]]:
    """Set the county up and start everything. → the demo and its page's address; `port` 0 takes any free one."""
    samples, listening = county.people(), _free(port)
    clock, sandbox = await _world(samples, folder)
    app = _build(f"http://127.0.0.1:{listening}", folder, clock)
    demo = Demo(app, sandbox, clock, samples, folder)
    await _people_the_county(demo, folder)
    sandbox.save(folder / CHATS)
    try:
        async with serve(sandbox, port=listening, extra_routes=demo.routes) as page, app.running():
            beside = {asyncio.create_task(_officers_join(demo)), asyncio.create_task(keep(sandbox, clock, folder))}
            yield demo, page
            await demo.clock_at_rest()
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
    finally:
        await app.database.close()  # the page may have asked for the state after the bot had ended
        keep_clock(clock, folder)
        sandbox.save(folder / CHATS)


async def _world(samples: Sequence[Sample], folder: Path) -> tuple[PushedClock, Sandbox]:
    """The clock where it stood, and everybody's phone with the chats of last time."""
    clock = PushedClock(last_moment(folder) or STORY_BEGINS)
    sandbox = _sandbox(clock, samples)
    if await resumed(sandbox, folder):
        return clock, sandbox
    start_over(folder)
    clock = PushedClock(STORY_BEGINS)
    return clock, _sandbox(clock, samples)


def _sandbox(clock: PushedClock, samples: Sequence[Sample]) -> Sandbox:
    sandbox = Sandbox(clock)
    sandbox.add_bot(TOKEN, "cunshao_demo_bot", "村哨")
    for sample in samples:
        phone = sample_phone(sample.phone)
        sandbox.add_person(sample.user_id, sample.name, phone, county.LABELS[sample.role], sample.group)
    return sandbox


def _build(url: str, folder: Path, clock: PushedClock) -> App:
    settings = Settings(
        bot_token=SecretStr(TOKEN), bot_api_url=url, data_dir=folder, database_url=None, webhook_url=None, proxy=None
    )
    return build(settings, clock, samples=True)


def _free(port: int) -> int:
    """This port, or another free one when something listens there already."""
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _people_the_county(demo: Demo, folder: Path) -> None:
    """Bring the schema up and load divisions and people through the same import a county would use."""
    file = folder / "people.csv"
    county.write_roster(file, demo.people)
    await schema.upgrade(demo.app.database.engine)
    async with demo.app.database.transaction() as session:
        outcome = await roster.load(
            session, demo.clock.now(), demo.app.policy, [county.REGIONS, file], check=False, remove_missing=False,
            check_phone=sample_phone,
        )  # fmt: skip
        if outcome.problems:
            raise Unfit(roster.say(outcome))


async def _officers_join(demo: Demo) -> None:
    """Officers and the first village's head, who mends, joined before the newcomer looks; grid workers have not."""
    first = first_three(demo.people)
    heads = [p for p in demo.people if p.role is Role.VILLAGE_LEAD and p.region_code == first[0].region_code]
    for person in [*first[1:], *heads, *(p for p in demo.people if p.role in OFFICERS)]:
        phone = demo.sandbox.phone(person.user_id)
        if not any("contact" in message for message in phone.messages):
            phone.start()
            await phone.until(lambda p: p.keyboard, timeout=60)
            phone.contact()
            await asyncio.sleep(0.1)  # the token sends thirty messages a second
