"""Copies database and photos into one archive while everybody goes on working; bot/restore brings it back.

One way for SQLite and PostgreSQL alike, so that an archive of one fits the other: every table as JSON lines, read in
one transaction that sees a single moment; then the photos, which never change once they are written; last a manifest
with the schema's revision, every table's rows and every file's SHA-256. A photo that the policy purges between the two
is missing on both sides soon anyway.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, Connection, Date, DateTime, MetaData, Table, event, select
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import Inspector

from bot import schema
from bot.database import Database
from bot.settings import Unfit
from models.base import Json, UtcDateTime
from models.metadata import metadata

MANIFEST = "manifest.json"
TABLES = "tables"
PHOTOS = "photos"
ROWS_AT_ONCE = 1000


class Kept(BaseModel):
    """One file of the archive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    size: int


class Manifest(BaseModel):
    """What an archive says about itself. `tables`: rows by table; `files`: everything in it but the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    made_at: datetime
    database: str
    revision: str
    tables: dict[str, int]
    files: dict[str, Kept]

    def say(self) -> str:
        """One line for the person at the command line."""
        photos = [kept.size for name, kept in self.files.items() if name.startswith(f"{PHOTOS}/")]
        rows = sum(self.tables.values())
        return f"{rows} rows of {len(self.tables)} tables, {len(photos)} photos ({sum(photos) / 1e6:.1f} MB)"


async def write(database: Database, photos: Path, target: Path, now: datetime) -> Manifest:
    """Write the archive, whole or not at all; an older one of that name is replaced when the new one stands.

    Unfit when the schema is not this program's, or the target's folder cannot be written.
    """
    revision = await schema.revision(database.engine)
    if revision != schema.revisions()[0]:
        raise Unfit(f"the database's schema is at {revision or 'nothing'}: run `python -m bot migrate` first.")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
            tables = await _read_tables(database, Path(folder))
            named = {f"{TABLES}/{name}.jsonl": Path(folder, f"{name}.jsonl") for name in tables}
            head = Manifest(
                made_at=now, database=database.url.get_backend_name(), revision=revision, tables=tables, files={}
            )
            return await asyncio.to_thread(_pack, head, named, photos, target)
    except OSError as error:
        raise Unfit(f"{target} cannot be written: {error.strerror}.") from None


async def _read_tables(database: Database, folder: Path) -> dict[str, int]:
    """Every table into a file, all of the same moment: SQLite's WAL and PostgreSQL's REPEATABLE READ both give that."""
    moment: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    async with database.engine.connect() as connection:
        await connection.execution_options(**({"reads_only": True} if database.is_sqlite else moment))

        def read(connection: Connection) -> dict[str, int]:
            return {table.name: _read(connection, table, folder) for table in reflected(connection, metadata.tables)}

        return await connection.run_sync(read)


def _read(connection: Connection, table: Table, folder: Path) -> int:
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table).order_by(*table.primary_key))
    count = 0
    with (folder / f"{table.name}.jsonl").open("w", encoding="ascii") as file:
        for row in rows.mappings():
            file.write(json.dumps(dict(row), default=_moment, sort_keys=True, separators=(",", ":")) + "\n")
            count += 1
    return count


def _moment(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"the archive has no way to write a {type(value).__name__}")


def reflected(connection: Connection, names: Any) -> list[Table]:
    """These tables as the database has them now, those that others refer to first; moments and JSON as ours."""
    found = MetaData()
    event.listen(found, "column_reflect", _as_ours)
    found.reflect(connection, only=[*names])
    return found.sorted_tables


def _as_ours(_inspector: Inspector, _table: Table, column: ReflectedColumn) -> None:
    if isinstance(column["type"], DateTime):
        column["type"] = UtcDateTime()
    elif isinstance(column["type"], JSON):
        column["type"] = Json


def row_of(table: Table, line: bytes) -> dict[str, Any]:
    """A line of the archive as a row to insert."""
    row: dict[str, Any] = json.loads(line)
    for name, value in row.items():
        kind = table.columns[name].type
        if value is not None and isinstance(kind, UtcDateTime):
            row[name] = datetime.fromisoformat(value)
        elif value is not None and isinstance(kind, Date):
            row[name] = date.fromisoformat(value)
    return row


def _pack(head: Manifest, tables: dict[str, Path], photos: Path, target: Path) -> Manifest:
    part = target.with_name(f"{target.name}.part")
    files: dict[str, Kept] = {}
    try:
        # It holds names, phones and pictures: nobody else on the machine may read it.
        with open(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as out:
            with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as archive:
                for name, path in tables.items():
                    with path.open("rb") as file:
                        files[name] = _add(archive, name, file, head.made_at)
                for name, data in _photos(photos):
                    files[name] = _add(archive, name, io.BytesIO(data), head.made_at)
                manifest = head.model_copy(update={"files": files})
                _add(archive, MANIFEST, io.BytesIO(manifest.model_dump_json(indent=1).encode()), head.made_at)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _add(archive: tarfile.TarFile, name: str, file: BinaryIO, now: datetime) -> Kept:
    kept = measured(file)
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = kept.size, 0o600, int(now.timestamp())
    file.seek(0)
    archive.addfile(member, file)
    return kept


def measured(file: IO[bytes]) -> Kept:
    """What the rest of a file is."""
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(1 << 20):
        digest.update(chunk)
        size += len(chunk)
    return Kept(sha256=digest.hexdigest(), size=size)


def photo_files(folder: Path) -> Iterator[Path]:
    """The finished files of the photo folder; a .part is a download under way."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".part":
            yield path


def _photos(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in photo_files(folder):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue  # purged this moment
        yield f"{PHOTOS}/{path.relative_to(folder).as_posix()}", data
