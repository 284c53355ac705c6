"""Kill it anywhere: while fifty people report, the process is killed again and again, and nothing is lost or doubled.

`make soak` runs the same with more kills and another seed (CRASH_KILLS, CRASH_CHATS, CRASH_SEED).
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from random import Random

import pytest

from bot.database import Database
from bot.sandbox import Limits, Sandbox, serve
from bot.settings import Settings
from tests.crash.books import Books
from tests.crash.county import county, settle
from tests.crash.process import Process
from tests.crash.run import Run
from tests.village import TOKEN, policy_file

KILLS = int(os.environ.get("CRASH_KILLS", "5"))  # of one database, by both ways together
CHATS = int(os.environ.get("CRASH_CHATS", "50"))
SEED = int(os.environ.get("CRASH_SEED", "20260701"))
SHARES = {"polling": (CHATS - CHATS // 2, KILLS - KILLS // 2), "webhook": (CHATS // 2, KILLS // 2)}


def calm() -> Limits:
    """Telegram slows nobody down here: the sooner everything moves, the more is under way at a kill."""
    return Limits(flood=False, same_offset_throttle=False, webhook_first_pause=0.05, webhook_longest_pause=0.2)


def variables(database: str, folder: Path, url: str, way: str) -> dict[str, str]:
    """The bot's environment."""
    found = {
        "CUNSHAO_BOT_TOKEN": TOKEN, "CUNSHAO_BOT_API_URL": url, "CUNSHAO_DATABASE_URL": database,
        "CUNSHAO_DATA_DIR": str(folder / "data"), "CUNSHAO_SEND_RATE": "1000", "CUNSHAO_HTTP_PORT": "0",
        "CUNSHAO_POLICY": str(policy_file(folder, {"sending.chat_burst": 10})),
    }  # fmt: skip
    if way == "webhook":
        port = free_port()
        found |= {
            "CUNSHAO_WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram", "CUNSHAO_WEBHOOK_PORT": str(port),
            "CUNSHAO_WEBHOOK_SECRET": "a-secret-of-the-tests",
        }  # fmt: skip
    return found


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.slow
@pytest.mark.timeout(120 + 10 * KILLS + CHATS)
@pytest.mark.parametrize("way", list(SHARES))
async def test_killed_anywhere_nothing_is_lost_and_nothing_doubled(
    empty_database: str, tmp_path: Path, way: str
) -> None:
    chats, kills = SHARES[way]
    people, sandbox = county(chats), Sandbox(limits=calm())
    people.bring(sandbox)
    database = Database(Settings(database_url=empty_database).database())
    try:
        await settle(database, people)
        async with serve(sandbox) as url:
            bot = Process(variables(empty_database, tmp_path, url, way), tmp_path / "bot.log")
            run = Run(sandbox, people, bot, Books(sandbox, database), Random(f"{SEED}:{way}"), tmp_path / "data")
            try:
                await run.through(kills)
            finally:
                await bot.away()
            await run.check()
            sys.stdout.write(f"{way}, seed {SEED}: {await run.summary()}\n")
    finally:
        await database.close()
