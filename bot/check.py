"""Looks at everything the bot stands on and says what is wrong, one sentence each (`check`); it mends nothing."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
from sqlalchemy.exc import SQLAlchemyError

from bot import schema
from bot.clock import Clock
from bot.database import Database
from bot.errors import name_of
from bot.settings import Settings, Unfit, load, load_policy
from models import journal

CLOCK_MAY_DIFFER = timedelta(seconds=30)
ENOUGH = 1 << 30  # bytes: some thousand photos; SQLite and PostgreSQL both stop on a full disk
TIMEOUT = 15.0
CASES = 200  # newest cases whose journals are looked through


@dataclass(frozen=True)
class Finding:
    """One line of the check."""

    words: str
    wrong: bool = False


async def findings(clock: Clock, enough: int = ENOUGH) -> AsyncIterator[Finding]:
    """Look at one thing after another. `enough`: bytes that the disk must have free."""
    try:
        settings = load()
    except Unfit as unfit:
        yield Finding(f"configuration: {unfit}", wrong=True)
        return  # what cannot be read cannot be looked at
    yield Finding("configuration")
    yield _policy(settings.policy)
    for finding in await _database(settings):
        yield finding
    for finding in await _bot_api(settings, clock):
        yield finding
    for finding in await asyncio.to_thread(_folder, settings.data_dir, enough):
        yield finding


def _policy(path: Path) -> Finding:
    try:
        policy = load_policy(path)
    except Unfit as unfit:
        return Finding(f"policy: {unfit}", wrong=True)
    return Finding(f"policy ({len(policy.ladder)} ladders in {path.name})")


async def _database(settings: Settings) -> list[Finding]:
    try:
        database = Database(settings.database())
    except (Unfit, OSError) as error:
        return [Finding(f"database: {error}", wrong=True)]
    kind = database.url.get_backend_name()
    try:
        problem = await _schema(database)
        if not problem:
            return [Finding(f"database ({kind})"), await look_at_journal(database)]
    except (SQLAlchemyError, OSError) as error:
        problem = f"it was not reached ({name_of(error)}): mend CUNSHAO_DATABASE_URL or start the server"
    finally:
        await database.close()
    return [Finding(f"database: {problem}", wrong=True)]


async def look_at_journal(database: Database) -> Finding:
    """Whether the newest cases' journals are as they were written."""
    async with database.reading() as session:
        cases = await journal.newest(session, CASES)
        looked = [(case, await journal.verify(session, subject, case)) for subject, case in cases]
    flaws = [f"of case {case} was altered at entry {flaw.nth} ({flaw.what})" for case, flaw in looked if flaw]
    if not flaws:
        return Finding(f"journal ({len(cases)} cases)")
    more = f" and {len(flaws) - 1} more" if flaws[1:] else ""
    words = f"the journal {flaws[0]}{more}: keep this database as it is, and compare with a backup"
    return Finding(f"journal: {words}", wrong=True)


async def _schema(database: Database) -> str | None:
    """What is wrong with the tables; None when they are as this program wants them."""
    file = database.url.database or ""
    if database.is_sqlite and not await asyncio.to_thread(Path(file).exists):
        return f"{file} is not there yet: run `python -m bot migrate`"
    known, present = schema.revisions(), await schema.revision(database.engine)
    if present is None:
        return "it is empty: run `python -m bot migrate`"
    if present not in known:
        return f"a newer version of this program made it (revision {present}): install that version"
    if present != known[0]:
        return f"its schema is at {present}, this program wants {known[0]}: run `python -m bot migrate`"
    if await schema.differences(database.engine):
        return f"its tables are not those of revision {present}: somebody changed them by hand; restore a backup"
    return None


async def _bot_api(settings: Settings, clock: Clock) -> list[Finding]:
    """The token and the clock, in one call: the answer's Date is Telegram's own time."""
    try:
        url = f"{settings.bot_api_url.rstrip('/')}/bot{settings.token()}/getMe"
    except Unfit as unfit:
        return [Finding(f"token: {unfit}", wrong=True)]
    try:
        async with httpx.AsyncClient(proxy=settings.proxy, timeout=TIMEOUT) as client:
            before = clock.now()
            answer = await client.get(url)
            middle = before + (clock.now() - before) / 2
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        words = f"the Bot API was not reached ({type(error).__name__})"
        return [Finding(f"network: {words}: mend the network, CUNSHAO_BOT_API_URL or CUNSHAO_PROXY", wrong=True)]
    return [_token(answer), _clock(answer, middle)]


def _token(answer: httpx.Response) -> Finding:
    if answer.status_code in (401, 404):
        return Finding(
            "token: the Bot API refused it: copy it once more from @BotFather into CUNSHAO_BOT_TOKEN", wrong=True
        )
    try:
        return Finding(f"token (@{answer.json()['result']['username']})")
    except (ValueError, KeyError, TypeError):
        words = (
            f"what answers at CUNSHAO_BOT_API_URL ({answer.status_code}) is no Bot API: mend the address, or try later"
        )
        return Finding(f"network: {words}", wrong=True)


def _clock(answer: httpx.Response, here: datetime) -> Finding:
    try:
        ahead = here - parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return Finding("clock (not compared: the Bot API did not say its time)")
    if abs(ahead) <= CLOCK_MAY_DIFFER:
        return Finding(f"clock ({ahead.total_seconds():+.0f} s)")
    way = "ahead of" if ahead > timedelta(0) else "behind"
    words = f"this machine's clock is {abs(ahead).total_seconds():.0f} s {way} the Bot API's: set it right"
    return Finding(f"clock: {words}, or deadlines pass at the wrong time", wrong=True)


def _folder(folder: Path, enough: int) -> list[Finding]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"may the bot write here?")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        words = (
            f"{folder} cannot be written ({error.strerror}): name another in CUNSHAO_DATA_DIR or mend its permissions"
        )
        return [Finding(f"data folder: {words}", wrong=True)]
    if free < enough:
        words = (
            f"only {free >> 20} MiB free in {folder}, {enough >> 20} are wanted: make room; a full disk stops the bot"
        )
        return [Finding("data folder"), Finding(f"disk: {words}", wrong=True)]
    return [Finding("data folder"), Finding(f"disk ({free >> 30} GiB free)")]
