"""What the command line does besides the demo: run, migrate, import, check. Each builds what it needs and cleans up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot import roster, schema
from bot.app import build
from bot.clock import SystemClock
from bot.database import Database
from bot.errors import name_of
from bot.settings import Settings, Unfit, load, load_policy
from models.people.rules import real_phone

log = structlog.get_logger()


async def run() -> int:
    """The bot, until SIGINT or SIGTERM; what is under way then is finished first."""
    settings = load()
    app = build(settings, SystemClock())
    await schema.upgrade(app.database.engine)
    try:
        async with app.running():
            log.info("running", bot=app.telegram.bot.username)
            await until_stopped()
    except InvalidToken:
        raise Unfit("CUNSHAO_BOT_TOKEN was refused by the Bot API: copy it once more from @BotFather.") from None
    log.info("stopped")
    return 0


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
        before = await schema.revision(database.engine)
        await schema.upgrade(database.engine)
        typer.echo(f"schema: {before or 'empty'} → {await schema.revision(database.engine)}")
    finally:
        await database.close()
    return 0


class _Undo(Exception):
    """Rolls the import back."""


async def load_rosters(files: Sequence[Path], *, check: bool, remove_missing: bool) -> int:
    """Import, all or nothing. → 0, or 1 when something must be mended first."""
    database = Database(load().database())
    outcome = None
    try:
        await schema.upgrade(database.engine)
        async with database.transaction() as session:
            outcome = await roster.load(
                session, SystemClock().now(), files, check=check, remove_missing=remove_missing, check_phone=real_phone
            )
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
    settings = load()
    policy = load_policy(settings.policy)
    typer.echo(f"ok   configuration ({len(policy.ladder)} ladders in {settings.policy.name})")
    wrong = [await _check_database(settings), await _check_token(settings)]
    return int(any(wrong))


async def _check_database(settings: Settings) -> bool:
    database = Database(settings.database())
    try:
        differences = await schema.differences(database.engine)
        if differences:
            typer.echo("WRONG database: its schema is not up to date; run `python -m bot migrate`")
        else:
            typer.echo(f"ok   database ({database.url.get_backend_name()})")
        return bool(differences)
    except (SQLAlchemyError, OSError) as error:
        typer.echo(f"WRONG database: not reached ({name_of(error)}); mend CUNSHAO_DATABASE_URL or start the server")
        return True
    finally:
        await database.close()


async def _check_token(settings: Settings) -> bool:
    url = settings.bot_api_url.rstrip("/")
    try:
        async with Bot(settings.token(), base_url=f"{url}/bot", base_file_url=f"{url}/file/bot") as bot:
            typer.echo(f"ok   token (@{bot.username})")
        return False
    except InvalidToken:
        typer.echo("WRONG token: the Bot API refused it; copy it once more from @BotFather into CUNSHAO_BOT_TOKEN")
    except TelegramError as error:
        typer.echo(f"WRONG network: the Bot API was not reached ({type(error).__name__}); CUNSHAO_PROXY may be missing")
    return True
