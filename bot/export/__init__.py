"""Files that leave the house: one case as a bundle an inspector can check, all cases as a table. Each is journalled.

A file holds people's data: nobody else on the machine may read it, an older one is never overwritten, and who reported
in confidence stays out of it unless that was asked for, which the case's own journal then says.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.database import Database
from bot.export import bundle
from bot.export.table import Csv, GeoJson, Writer, Xlsx
from bot.settings import Unfit
from models.hazard import dossier, ledger
from models.hazard.ledger import Line, Wanted
from models.refused import Refused
from models.report.rules import read_number

AT_ONCE = 500  # cases read and written at a time


class Format(StrEnum):
    """How all cases are written."""

    CSV = "csv"
    XLSX = "xlsx"
    GEOJSON = "geojson"


@dataclass(frozen=True)
class Export:
    """Where from, where to and when."""

    database: Database
    zone: ZoneInfo
    now: datetime
    target: Path


def plain_number(text: str) -> str:
    """A number as typed → its one spelling. Unfit for a slip of the pen."""
    try:
        return read_number(text)
    except Refused:
        raise Unfit(f"{text} is no number of a case: one sign is wrong or missing, compare it once more.") from None


async def one(export: Export, photos: Path, number: str, *, reveal: bool) -> list[str]:
    """One case, by its plain number, as a bundle. → what to tell whoever asked, a sentence each.

    Unfit when there is no such case, or the target cannot be.
    """
    with _whole(export.target) as part:
        async with export.database.transaction() as session:
            report = await dossier.find(session, number)
            if report is None or report.id is None:
                raise Unfit(f"there is no case {number}: compare it, and CUNSHAO_DATABASE_URL if it should be there.")
            if reveal:
                for report_id in await dossier.confidential(session, report.id):
                    await ledger.note_revealed(session, export.now, report_id, "bundle")
            await ledger.note_export(session, export.now, report.number, form="bundle", revealed=reveal)
        async with export.database.reading() as session:
            found = await dossier.gather(session, report, reveal=reveal)
        shown = await asyncio.to_thread(bundle.pack, found, photos, part, export.now, export.zone)
    hidden = ["The reporter was left out; --reveal puts them in, and notes it in the case."] if found.hidden else []
    kept = sum(each.file is not None for each in shown)
    done = f"exported: {found.number}, {kept} of {len(shown)} photos, {len(found.steps)} steps → {export.target}"
    return [done, *bundle.problems(found, shown), *hidden]


async def all_of_them(
    export: Export, form: Format, *, since: date | None = None, region: str = "", reveal: bool = False
) -> str:
    """All cases as a table. → what to tell whoever asked. Unfit for an unknown region or a wrong target."""
    wanted = await _wanted(export, since, region, reveal)
    count = 0
    with _whole(export.target) as part, _writer(form, part, export.zone) as writer:
        async for lines in _pages(export, wanted, form):
            count += len(lines)
            await asyncio.to_thread(_write, writer, lines)
        async with export.database.transaction() as session:
            await ledger.note_export(
                session, export.now, "all", form=form, cases=count, revealed=reveal, region=region,
                since=since.isoformat() if since else "",
            )  # fmt: skip
    return f"exported: {count} cases → {export.target}"


async def _wanted(export: Export, since: date | None, region: str, reveal: bool) -> Wanted:
    wanted = Wanted(datetime.combine(since, time(), export.zone) if since else None, reveal=reveal)
    if not region:
        return wanted
    async with export.database.reading() as session:
        path = await ledger.path_of(session, region)
    if path is None:
        raise Unfit(f"--region {region}: there is no division with this code in the roster.")
    return replace(wanted, path=path)


async def _pages(export: Export, wanted: Wanted, form: Format) -> AsyncIterator[list[Line]]:
    """Some hundred cases at a time. Who is revealed is noted in the transaction that reads the name."""
    after = 0
    while True:
        open_session = export.database.transaction if wanted.reveal else export.database.reading
        async with open_session() as session:
            lines = await ledger.page(session, wanted, after, AT_ONCE)
            for line in lines:
                if wanted.reveal and line.confidential:
                    await ledger.note_revealed(session, export.now, line.id, form)
        if not lines:
            return
        after = lines[-1].id
        yield lines


def _write(writer: Writer, lines: list[Line]) -> None:
    for line in lines:
        writer.add(line)


@contextmanager
def _writer(form: Format, path: Path, zone: ZoneInfo) -> Iterator[Writer]:
    if form is Format.XLSX:
        writer: Writer = Xlsx(path, zone)
        yield writer
        writer.close()
        return
    make: Callable[..., Writer] = Csv if form is Format.CSV else GeoJson
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = make(file, zone)
        yield writer
        writer.close()


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A file that stands whole or not at all, and never in the place of another. Unfit when it cannot."""
    if target.exists():
        raise Unfit(f"{target} exists already: name another file, or remove it first.")
    part = target.with_name(f"{target.name}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        try:
            yield part
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise Unfit(f"{target} cannot be written: {error.strerror}.") from None
