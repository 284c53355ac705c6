"""The command line: demo, run, import, export, migrate, check, backup, restore (contract: command line)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import logs
from bot.settings import Unfit

cli = typer.Typer(
    name="cunshao", no_args_is_help=True, add_completion=False, help="村哨 Cunshao", pretty_exceptions_enable=False
)


def _run(work: Coroutine[Any, Any, int | None]) -> None:
    """Run to the end; what the person can mend is one sentence and exit code 2, never a traceback."""
    try:
        code = asyncio.run(work)
    except Unfit as unfit:
        typer.echo(str(unfit), err=True)
        code = 2
    except KeyboardInterrupt:
        code = 0
    raise typer.Exit(code or 0)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="Where the page is served; a taken port moves to a free one.")] = 8000,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over: forget the demo's data.")] = False,
) -> None:
    """Three phones on one page: the real bot, a sandbox in Telegram's place, Kaihua county. No token, no network."""
    from bot import demo as the_demo

    logs.configure()
    _run(the_demo.main(port, fresh, Path("data/demo")))


@cli.command()
def run() -> None:
    """Run the bot."""
    from bot import commands

    logs.configure()
    _run(commands.run())


@cli.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="CSV or XLSX: regions, people.", exists=True, dir_okay=False)],
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
    remove_missing: Annotated[
        bool, typer.Option("--remove-missing", help="End the posts of people who are missing in the file.")
    ] = False,
) -> None:
    """Load rosters: all or nothing; every error with file, row, column and what to write instead."""
    from bot import commands

    logs.configure()
    _run(commands.load_rosters(files, check=check, remove_missing=remove_missing))


@cli.command()
def export(
    number: Annotated[str, typer.Argument(help="The case's number: one bundle with everything about it.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="All cases as one table.")] = False,
    format_: Annotated[str, typer.Option("--format", help="Of --all: csv, xlsx or geojson.")] = "csv",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; else one with a name of its own, here.", dir_okay=False)
    ] = None,
    since: Annotated[str, typer.Option(help="Of --all: reported on this day or later, such as 2026-07-01.")] = "",
    region: Annotated[str, typer.Option(help="Of --all: in this division (its code) and below.")] = "",
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Name those who reported in confidence; their cases' journals say so.")
    ] = False,
) -> None:
    """One case as a bundle an inspector can check, or all cases as a table. Keep it safe: it holds people's data."""
    from bot import commands

    logs.configure()
    if all_ == bool(number):
        raise typer.BadParameter("name either one case by its number, or --all.")
    if number and (since or region):
        raise typer.BadParameter("--since and --region belong to --all.")
    if all_:
        _run(commands.export_all(format_, out, since=since, region=region, reveal=reveal))
    else:
        _run(commands.export_case(number, out, reveal=reveal))


@cli.command()
def migrate(
    draft: Annotated[str, typer.Option(help="For developers: write the next migration from the tables.")] = "",
) -> None:
    """Bring the database's schema up to date."""
    from bot import commands

    logs.configure()
    _run(commands.draft_migration(draft) if draft else commands.migrate())


@cli.command()
def check() -> None:
    """Say what is wrong with the configuration, the database, the token, the clock or the disk."""
    from bot import commands

    logs.configure()
    _run(commands.check())


@cli.command()
def backup(file: Annotated[Path, typer.Argument(help="The archive to write (.tar.gz).", dir_okay=False)]) -> None:
    """Copy database and photos into one archive, while the bot runs. Keep it safe: it holds people's data."""
    from bot import commands

    logs.configure()
    _run(commands.backup(file))


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="An archive of `backup`.", exists=True, dir_okay=False)],
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget what the database and the folder hold now.")
    ] = False,
) -> None:
    """Bring database and photos back from an archive, all or nothing; stop the bot first."""
    from bot import commands

    logs.configure()
    _run(commands.restore(file, replace=replace))


if __name__ == "__main__":
    sys.exit(cli())
