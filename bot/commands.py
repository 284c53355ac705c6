"""What the command line does besides the demo; each builds what it needs, says what came of it and cleans up."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import structlog
import typer
from sqlalchemy.exc import OperationalError
from telegram.error import InvalidToken

from bot import backup as the_backup
from bot import check as the_check
from bot import export as the_export
from bot import restore as the_restore
from bot import roster, schema
from bot.app import build
from bot.clock import SystemClock
from bot.database import Database
from bot.errors import name_of
from bot.settings import Unfit, load, load_policy
from models.people.rules import real_phone

log = structlog.get_logger()


async def run() -> int:
    """The bot, until SIGINT or SIGTERM; what is under way then is finished first."""
    _end_on_signal()
    settings = load()
    app = build(settings, SystemClock())
    try:
        with _database_reached():
            await schema.upgrade(app.database.engine)
        async with app.running(watched=True):
            log.info("running", bot=app.telegram.bot.username)
            await asyncio.Event().wait()
    except InvalidToken:
        raise Unfit("CUNSHAO_BOT_TOKEN was refused by the Bot API: copy it once more from @BotFather.") from None
    except asyncio.CancelledError:
        log.info("stopped")
    return 0


def _end_on_signal() -> None:
    """The first SIGTERM or SIGINT ends this task kindly, wherever it is; a second Ctrl+C ends it at once.

    From the first line on: as process 1 of a container it would otherwise not hear SIGTERM while it waits for Telegram.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def end() -> None:
        if not task.cancelling():
            log.info("stopping")
            task.cancel()
            loop.remove_signal_handler(signal.SIGINT)

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, end)


@contextmanager
def _database_reached() -> Iterator[None]:
    """A database that is not there is one sentence, not a traceback with its address in it."""
    try:
        yield
    except (OperationalError, OSError) as error:
        what = f"the database was not reached ({name_of(error)})"
        raise Unfit(f"CUNSHAO_DATABASE_URL: {what}: mend the address or start the server.") from None


async def until_stopped() -> None:
    """Wait for the signal to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()


async def migrate() -> int:
    """Bring the schema up."""
    database = Database(load().database())
    try:
        with _database_reached():
            before = await schema.revision(database.engine)
            await schema.upgrade(database.engine)
        typer.echo(f"schema: {before or 'empty'} → {await schema.revision(database.engine)}")
    finally:
        await database.close()
    return 0


async def draft_migration(message: str) -> int:
    """Write the next migration: what the tables in the code have and the migrations so far do not make."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/schema.sqlite")
        try:
            await schema.upgrade(database.engine)
            number = int(await schema.revision(database.engine) or "0") + 1
            await schema.write_revision(database.engine, message, f"{number:04d}")
        finally:
            await database.close()
    return 0


class _Undo(Exception):
    """Rolls the import back."""


async def load_rosters(files: Sequence[Path], *, check: bool, remove_missing: bool) -> int:
    """Import, all or nothing. → 0, or 1 when something must be mended first."""
    settings = load()
    database = Database(settings.database())
    outcome = None
    try:
        await schema.upgrade(database.engine)
        async with database.transaction() as session:
            outcome = await roster.load(
                session, SystemClock().now(), load_policy(settings.policy), files, check=check,
                remove_missing=remove_missing, check_phone=real_phone,
            )  # fmt: skip
            if outcome.problems or check:
                raise _Undo
    except _Undo:
        pass
    finally:
        await database.close()
    assert outcome is not None
    typer.echo(roster.say(outcome))
    return 1 if outcome.problems else 0


async def check() -> int:
    """One line for each thing that can be wrong. → 0 when all is well."""
    wrong = 0
    async for finding in the_check.findings(SystemClock()):
        typer.echo(f"{'WRONG' if finding.wrong else 'ok':6}{finding.words}")
        wrong += finding.wrong
    return int(wrong > 0)


async def export_case(number: str, out: Path | None, *, reveal: bool) -> int:
    """One case as a bundle (ZIP) that somebody can check without us."""
    settings, number = load(), the_export.plain_number(number)
    database = Database(settings.database())
    export = the_export.Export(database, settings.zone(), SystemClock().now(), out or Path(f"{number}.zip"))
    try:
        with _database_reached():
            await _up_to_date(database)
            for line in await the_export.one(export, settings.photos(), number, reveal=reveal):
                typer.echo(line)
    finally:
        await database.close()
    return 0


async def export_all(form: str, out: Path | None, *, since: str, region: str, reveal: bool) -> int:
    """All cases as one table."""
    settings, now = load(), SystemClock().now()
    if form not in list(the_export.Format):
        raise Unfit(f"--format {form}: write one of {', '.join(the_export.Format)}.")
    day = _day(since)
    name = f"cases-{now.astimezone(settings.zone()):%y%m%d}.{form}"
    database = Database(settings.database())
    export = the_export.Export(database, settings.zone(), now, out or Path(name))
    try:
        with _database_reached():
            await _up_to_date(database)
            typer.echo(
                await the_export.all_of_them(export, the_export.Format(form), since=day, region=region, reveal=reveal)
            )
    finally:
        await database.close()
    return 0


async def _up_to_date(database: Database) -> None:
    revision = await schema.revision(database.engine)
    if revision != schema.revisions()[0]:
        raise Unfit(f"the database's schema is at {revision or 'nothing'}: run `python -m bot migrate` first.")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Unfit(f"--since {text}: write a day such as 2026-07-01.") from None


async def backup(file: Path) -> int:
    """A consistent copy of database and photos, while everybody goes on working."""
    settings = load()
    database = Database(settings.database())
    try:
        with _database_reached():
            kept = await the_backup.write(database, settings.photos(), file, SystemClock().now())
        typer.echo(f"backup: {kept.say()} → {file}")
    finally:
        await database.close()
    return 0


async def restore(file: Path, *, replace: bool) -> int:
    """Back again, all or nothing; the program must not be running on that database meanwhile."""
    settings = load()
    database = Database(settings.database())
    try:
        with _database_reached():
            kept = await the_restore.bring_back(database, settings.photos(), file, SystemClock().now(), replace=replace)
        typer.echo(f"restored: {kept.say()}")
    finally:
        await database.close()
    return 0
