"""The demo: a sandbox in Telegram's place, the real bot, Kaihua county, and a page with three phones."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import typer
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot import roster, schema
from bot.app import App, build
from bot.clock import PushedClock, SystemClock
from bot.commands import until_stopped
from bot.demo import county
from bot.demo.county import Sample
from bot.sandbox import Sandbox, serve
from bot.settings import Settings, Unfit
from models.people.rules import OFFICERS, Role, sample_phone

TOKEN = "100001:demo"
MORNING_HOUR = 8
PUSHES = {"10m": timedelta(minutes=10), "1h": timedelta(hours=1)}


@dataclass
class Demo:
    """The running demo and what its page asks of it."""

    app: App
    sandbox: Sandbox
    clock: PushedClock
    people: Sequence[Sample]
    clock_file: Path
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
            return JSONResponse({"error": 'write {"push": "10m"}, "1h" or "morning"'}, status_code=400)
        async with self._pushing:
            length = PUSHES.get(asked) or until_morning(self.clock.now(), self.app)
            fired = await self.app.walk(length)
            self.keep_clock()
        return JSONResponse({"now": self.clock.now().isoformat(), "fired": fired})

    def keep_clock(self) -> None:
        """Remember how far the clock was pushed: after a restart time must not go back."""
        ahead = self.clock.now() - SystemClock().now()
        self.clock_file.write_text(json.dumps({"ahead_seconds": ahead.total_seconds()}), encoding="utf-8")


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
        _forget(folder)
    async with open_demo(port, folder) as (_, page):
        say = "" if page.endswith(f":{port}") else f" (port {port} is taken)"
        typer.echo(f"\n  村哨 Cunshao: open {page} in a browser{say}\n  Ctrl+C ends it.\n")
        await until_stopped()
    return 0


@asynccontextmanager
async def open_demo(port: int, folder: Path) -> AsyncIterator[tuple[Demo, str]]:
    """Set the county up and start everything. → the demo and its page's address; `port` 0 takes any free one."""
    samples, listening = county.people(), _free(port)
    clock = PushedClock(SystemClock().now() + _ahead(folder / "clock.json"))
    app = _build(f"http://127.0.0.1:{listening}", folder, clock)
    demo = Demo(app, _sandbox(clock, samples), clock, samples, folder / "clock.json")
    await _people_the_county(demo, folder)
    async with serve(demo.sandbox, port=listening, extra_routes=demo.routes) as page, app.running():
        officers = asyncio.create_task(_officers_join(demo))
        yield demo, page
        officers.cancel()
        await asyncio.wait({officers})
    demo.keep_clock()


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


def _forget(folder: Path) -> None:
    """Start over."""
    if folder.exists():
        shutil.rmtree(folder)


def _ahead(file: Path) -> timedelta:
    try:
        return timedelta(seconds=max(0.0, json.loads(file.read_text(encoding="utf-8"))["ahead_seconds"]))
    except (OSError, ValueError, KeyError):
        return timedelta(0)


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
            session, demo.clock.now(), [county.REGIONS, file], check=False, remove_missing=False,
            check_phone=sample_phone,
        )  # fmt: skip
        if outcome.problems:
            raise Unfit(roster.say(outcome))


async def _officers_join(demo: Demo) -> None:
    """Officers and administrators have joined before the newcomer looks; grid workers join by the newcomer's hand."""
    for person in demo.people:
        phone = demo.sandbox.phone(person.user_id)
        if person.role in OFFICERS and not phone.chat.started:
            phone.start()
            await phone.until(lambda p: p.keyboard, timeout=60)
            phone.contact()
            await asyncio.sleep(0.1)  # the token sends thirty messages a second
