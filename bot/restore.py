"""Brings an archive of bot/backup back, all or nothing: it is checked to the last byte before anything is touched."""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import tarfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import ValidationError
from sqlalchemy import Connection, Integer, Table, func, insert, inspect, select, text
from sqlmodel import col

from bot import schema
from bot.backup import MANIFEST, PHOTOS, ROWS_AT_ONCE, TABLES, Kept, Manifest, measured, photo_files, reflected, row_of
from bot.database import Database
from bot.settings import Unfit
from models.lease import Lease
from models.metadata import metadata

SPARE = 64 << 20  # bytes that stay free on the disk


async def bring_back(database: Database, photos: Path, file: Path, now: datetime, *, replace: bool) -> Manifest:
    """Database and photos as they were. Unfit, with nothing changed, for a broken archive or a database in use.

    `replace`: what database and folder hold now is forgotten; without it both must be empty.
    """
    manifest = await asyncio.to_thread(verified, file)
    await asyncio.to_thread(_room, manifest, photos)
    if not replace and next(photo_files(photos), None) is not None:
        raise Unfit(f"{photos} holds photos already: --replace forgets them and the database's rows.")
    async with database.engine.begin() as connection:
        await connection.run_sync(_clear, manifest, now, replace)
        await connection.run_sync(_load, manifest, file, photos)
        await connection.run_sync(schema.move)  # an archive of an older version is brought up
    await asyncio.to_thread(_forget_others, manifest, photos)
    return manifest


def verified(file: Path) -> Manifest:
    """The archive's manifest, once every file in it was compared with it. Unfit names what is wrong."""
    try:
        said, seen = _looked_through(file)
        manifest = Manifest.model_validate_json(said)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Unfit(f"{file} is no backup, or was cut off: it cannot be read ({type(error).__name__}).") from None
    except ValidationError:
        raise Unfit(f"{file}: its manifest is not one of this version of the program.") from None
    wrong = sorted(name for name in {*seen, *manifest.files} if seen.get(name) != manifest.files.get(name))
    odd = [name for name in manifest.files if not _fitting(name, manifest)]
    if wrong or odd or not all(f"{TABLES}/{name}.jsonl" in seen for name in manifest.tables):
        raise Unfit(f"{file} is damaged: {', '.join([*wrong, *odd][:3]) or 'a table'} is not as the manifest says.")
    if manifest.revision not in schema.revisions():
        raise Unfit(f"{file} was made by a newer version of this program (revision {manifest.revision}): install that.")
    return manifest


def _looked_through(file: Path) -> tuple[bytes, dict[str, Kept]]:
    """The manifest's text, and what each of the other files really is."""
    seen: dict[str, Kept] = {}
    said = None
    for name, stream in _members(file):
        if name in seen:
            raise Unfit(f"{file} is damaged: {name} is in it twice.")
        if name == MANIFEST:
            said = stream.read()
        else:
            seen[name] = measured(stream)
    if said is None:
        raise Unfit(f"{file} has no manifest: it is no backup of this program, or was cut off.")
    return said, seen


def _members(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Every file of the archive in its order, as a stream that is good until the next."""
    with tarfile.open(file, "r:gz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is None:
                raise Unfit(f"{file} is damaged: {member.name} is no plain file.")
            yield member.name, stream


def _fitting(name: str, manifest: Manifest) -> bool:
    """Whether a file has its place: a table of the manifest, or a photo that stays inside its folder."""
    parts = PurePosixPath(name).parts
    if parts[0] == TABLES:
        return len(parts) == 2 and parts[1].removesuffix(".jsonl") in manifest.tables
    return parts[0] == PHOTOS and len(parts) > 1 and not {"..", "/"} & {*parts} and "\\" not in name


def _room(manifest: Manifest, photos: Path) -> None:
    photos.mkdir(parents=True, exist_ok=True)
    wanted = sum(kept.size for kept in manifest.files.values()) + SPARE
    free = shutil.disk_usage(photos).free
    if free < wanted:
        raise Unfit(f"{photos}: {free >> 20} MiB free, {wanted >> 20} are wanted: make room first.")


def _clear(connection: Connection, manifest: Manifest, now: datetime, replace: bool) -> None:
    """Leave none of our tables; refuse while they hold something or somebody works with them."""
    ours = {*metadata.tables, *manifest.tables, "alembic_version"}
    there = ours & {*inspect(connection).get_table_names()}
    tables = reflected(connection, there) if there else []
    full = [t for t in tables if t.name != "alembic_version" and connection.execute(select(t).limit(1)).first()]
    if full and not replace:
        raise Unfit("the database is not empty: restore into an empty one, or forget its rows with --replace.")
    if Lease.__tablename__ in there:
        held = connection.execute(select(func.count()).where(col(Lease.until) > now)).scalar_one()
        if held:
            raise Unfit("a bot is at work on this database, or died within the last minute: stop it, then try again.")
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    if tables:
        tables[0].metadata.drop_all(connection, tables)


def _load(connection: Connection, manifest: Manifest, file: Path, photos: Path) -> None:
    schema.move(connection, manifest.revision)
    tables = {table.name: table for table in reflected(connection, manifest.tables)}
    with _references_later(connection, tables.values()):
        for name, stream in _members(file):
            place = PurePosixPath(name)
            if place.parts[0] == TABLES:
                _insert(connection, tables[place.stem], stream, manifest.tables[place.stem])
            elif place.parts[0] == PHOTOS:
                _put(photos.joinpath(*place.parts[1:]), stream)
    if connection.dialect.name == "postgresql":
        for table in tables.values():
            _count_on(connection, table)


def _insert(connection: Connection, table: Table, stream: IO[bytes], expected: int) -> None:
    count = 0
    while rows := [row_of(table, line) for line in islice(stream, ROWS_AT_ONCE)]:
        connection.execute(insert(table), rows)
        count += len(rows)
    if count != expected:
        raise Unfit(f"{table.name}: {count} rows instead of the {expected} that the manifest names.")


@contextmanager
def _references_later(connection: Connection, tables: Collection[Table]) -> Iterator[None]:
    """Rows may refer to rows that come later: a person's deputy, a region's parent. All is right before the commit."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        yield
        if connection.execute(text("PRAGMA foreign_key_check")).first():
            raise Unfit("the archive's rows refer to rows that are not in it.")
        return
    quote = connection.dialect.identifier_preparer.quote
    each = [f"{quote(t.name)} ALTER CONSTRAINT {quote(str(k.name))}" for t in tables for k in t.foreign_key_constraints]
    for constraint in each:
        connection.execute(text(f"ALTER TABLE {constraint} DEFERRABLE INITIALLY DEFERRED"))
    yield
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for constraint in each:
        connection.execute(text(f"ALTER TABLE {constraint} NOT DEFERRABLE"))


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL numbers rows from a sequence, which does not notice rows that brought their number along."""
    keys = [*table.primary_key]
    if len(keys) != 1 or not isinstance(keys[0].type, Integer):
        return
    name = connection.dialect.identifier_preparer.quote(table.name)
    sequence = connection.execute(select(func.pg_get_serial_sequence(name, keys[0].name))).scalar_one()
    if sequence is not None:
        highest = select(func.greatest(func.coalesce(func.max(keys[0]), 0), 0) + 1).scalar_subquery()
        connection.execute(select(func.setval(sequence, highest, False)))


def _put(path: Path, stream: IO[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        shutil.copyfileobj(stream, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _forget_others(manifest: Manifest, photos: Path) -> None:
    for path in photo_files(photos):
        if f"{PHOTOS}/{path.relative_to(photos).as_posix()}" not in manifest.files:
            path.unlink()
