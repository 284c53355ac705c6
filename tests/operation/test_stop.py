"""`python -m bot run` as an operator meets it: watched on its port, backed up at work, and ended kindly by SIGTERM."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from bot import backup
from bot.app import _cancel, _guarded
from bot.clock import SystemClock
from bot.database import Database
from bot.sandbox import Limits, Sandbox, serve
from models.inbox import Arrival, Handling
from models.lease import Lease
from models.outbox import Delivery, Outgoing
from models.people.tables import Account
from tests.operation.core import ONLY_SQLITE, SECRET, free_port, remade, until
from tests.village import CAST, MORNING, TOKEN, people_the_village

ROOT = Path(__file__).resolve().parents[2]
BOB = CAST["bob"][0]
ON_EACH = pytest.mark.parametrize(
    ("database_url", "by_webhook"),
    [("sqlite", False), pytest.param("postgresql", True, marks=pytest.mark.postgres)],
    indirect=["database_url"],
)


@dataclass
class Machine:
    """A machine on which the bot is installed: its environment, and how the command line is used."""

    environment: dict[str, str]
    port: int

    async def begins(self) -> asyncio.subprocess.Process:
        """Start `python -m bot run`."""
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=ROOT, env=self.environment, stdout=PIPE, stderr=STDOUT
        )  # fmt: skip

    async def health(self) -> tuple[int, Any]:
        """What /healthz says; 0 while nothing answers."""
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/healthz")
            except httpx.HTTPError:
                return 0, None
        return answer.status_code, answer.json()

    async def until_health(self, code: int) -> Any:
        """Wait for this answer. → its body."""
        async with asyncio.timeout(20):
            said = await self.health()
            while said[0] != code:
                await asyncio.sleep(0.05)
                said = await self.health()
        return said[1]


def machine(folder: Path, database_url: str, api: str, **more: str) -> Machine:
    port = free_port()
    ours = {
        "CUNSHAO_BOT_TOKEN": TOKEN, "CUNSHAO_BOT_API_URL": api, "CUNSHAO_DATABASE_URL": database_url,
        "CUNSHAO_DATA_DIR": str(folder / "data"), "CUNSHAO_HTTP_PORT": str(port), "PYTHONUTF8": "1",
    }  # fmt: skip
    others = {name: value for name, value in os.environ.items() if not name.startswith("CUNSHAO_")}
    return Machine(others | ours | more, port)


def with_webhook() -> dict[str, str]:
    port = str(free_port())
    url = f"http://127.0.0.1:{port}/hook"
    return {"CUNSHAO_WEBHOOK_URL": url, "CUNSHAO_WEBHOOK_SECRET": SECRET, "CUNSHAO_WEBHOOK_PORT": port}


@asynccontextmanager
async def telegram() -> AsyncIterator[tuple[Sandbox, str]]:
    """A Telegram with Bob in it, on the real clock."""
    sandbox = Sandbox(limits=Limits(flood=False))
    sandbox.add_bot(TOKEN)
    sandbox.add_person(BOB, "Bob", CAST["bob"][1])
    async with serve(sandbox) as url:
        yield sandbox, url


async def bob_is_there(database: Database, sandbox: Sandbox) -> None:
    """Bob joined some time ago."""
    await remade(database)
    async with database.transaction() as session:
        ids = await people_the_village(session)
        session.add(Account(chat_id=BOB, person_id=ids["bob"], joined_at=MORNING))
    sandbox.phone(BOB).chat.started = True


@ON_EACH
async def test_sigterm_ends_it_kindly(database_url: str, database: Database, tmp_path: Path, by_webhook: bool) -> None:
    """An answer is on its way to Bob when it comes: the answer arrives once, and the rows know it."""
    async with telegram() as (sandbox, api):
        await bob_is_there(database, sandbox)
        home = machine(tmp_path, database_url, api, **(with_webhook() if by_webhook else {}))
        bot = await home.begins()
        try:
            assert await home.until_health(200) == {"status": "ok", "reasons": []}
            await backup.write(database, tmp_path / "photos", tmp_path / "c.tar.gz", MORNING)
            slow = sandbox.faults.add("sendMessage", BOB, "delay", seconds=1.0)
            sandbox.phone(BOB).text("/help")
            await until(lambda: slow.hits)
            bot.terminate()
            out = (await asyncio.wait_for(bot.communicate(), 15))[0].decode()
        finally:
            if bot.returncode is None:
                bot.kill()
        assert bot.returncode == 0, out
        assert [word in out for word in ("event=stopping", "event=stopped", TOKEN, SECRET)] == [
            True,
            True,
            False,
            False,
        ]
        assert len(sandbox.ledger.of("sendMessage", chat_id=BOB)) == len(sandbox.phone(BOB).incoming) == 1
        assert await home.health() == (0, None)
    async with database.reading() as session:
        assert {row.state for row in await session.exec(select(Arrival))} == {Handling.DONE}
        (sent,) = await session.exec(select(Outgoing).where(col(Outgoing.kind) != "commands"))
        assert (sent.state, bool(sent.message_id)) == (Delivery.SENT, True)
        now = SystemClock().now()
        assert not [lease.name for lease in await session.exec(select(Lease)) if lease.until > now]


@ONLY_SQLITE
async def test_it_hears_sigterm_while_it_waits_for_telegram(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    await remade(database)
    home = machine(tmp_path, database_url, f"http://127.0.0.1:{free_port()}")
    bot = await home.begins()
    said = await home.until_health(503)
    assert said == {"status": "ill", "reasons": ["ticker: has not ticked yet"]}
    bot.terminate()
    out = (await asyncio.wait_for(bot.communicate(), 10))[0].decode()
    assert bot.returncode == 0
    assert TOKEN not in out


async def test_a_loop_that_cannot_tidy_up_ends_all_the_same() -> None:
    """The database is gone at the stop: giving the lease back fails, and the loop must not begin anew for ever."""

    async def loop() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OperationalError("the database is gone", None, ConnectionError())

    running = asyncio.create_task(_guarded(loop))
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        await _cancel(running)
    assert running.done()
