"""Backup and restore: the same rows and photos on the other side, on either database, with everybody at work."""

from __future__ import annotations

import asyncio
import hashlib
import io
import itertools
import json
import os
import tarfile
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlmodel import col, select

from bot import backup, commands, restore, schema
from bot.clock import SystemClock
from bot.database import Database
from bot.settings import Settings, Unfit
from models import journal, outbox
from models.journal import JournalEntry
from models.lease import Lease
from models.outbox import Outgoing
from models.people.tables import Person, Region
from models.report.tables import Serial
from tests.operation.core import ONLY_SQLITE, everything, remade, until, update
from tests.village import MORNING, PIXEL, Village, people_the_village

INTO_SQLITE = pytest.mark.parametrize("empty", ["sqlite"], indirect=True)  # what is shown lies on the other side
_serial = itertools.count(1)


@pytest.fixture
async def filled(database: Database, tmp_path: Path) -> Database:
    """A database that the migrations made, with a village and everything that is hard to carry over."""
    await remade(database)
    async with database.transaction() as session:
        ids = await people_the_village(session)
        # The deputy came later than the person, the parent later than the child: rows refer to rows still to come.
        bob = await session.get_one(Person, ids["bob"])
        bob.deputy_id, bob.hats = ids["carol"], ["护林员", 'says "\\ hello"\n']
        child = await session.get_one(Region, "330824106200")
        session.add(Region(code="9", name="芹阳办", level=9, path="/330824/9/", latitude=29.1371, longitude=118.4))
        await session.flush()
        child.parent_code = "9"
        body = {"update_id": 5, "message": {"text": "🆘 水\t", "n": 1.5, "deep": [None, True, {"id": 1 << 52}]}}
        for number in range(3):
            came = MORNING + timedelta(microseconds=number)
            session.add(update(number, chat=-1001234567890, body=body if number else None, received_at=came))
        session.add(Serial(area="330824106", day=MORNING.date(), last=7))
        await journal.write(session, MORNING, None, "tested", "report", 1, empty={}, none=None)
    return database


def bare(server: str, name: str) -> str:
    """A new PostgreSQL database. → its address."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    head, _, options = server.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{options}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database without a single table."""
    url = f"sqlite:///{tmp_path}/other.sqlite"
    if request.param == "postgresql":
        url = bare(request.getfixturevalue("postgres"), f"bare{next(_serial)}")
    opened = Database(Settings(database_url=url).database())
    yield opened
    await opened.close()


def photos_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in backup.photo_files(folder)}


async def test_every_row_and_photo_comes_back_on_either_database(
    filled: Database, empty: Database, tmp_path: Path
) -> None:
    kept = tmp_path / "photos" / "YH-330824106-260701-0001-X"
    kept.mkdir(parents=True)
    (kept / "1.jpg").write_bytes(PIXEL)
    (kept / "2.part").write_bytes(b"half a photo")
    archive = tmp_path / "cunshao.tar.gz"
    archive.write_bytes(b"an older one")
    before = sorted(os.listdir(tmp_path))
    written = await backup.write(filled, tmp_path / "photos", archive, MORNING)
    assert archive.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == before
    await restore.bring_back(empty, tmp_path / "new", archive, MORNING, replace=False)
    assert await everything(empty) == await everything(filled)
    assert photos_in(tmp_path / "new") == {"YH-330824106-260701-0001-X/1.jpg": PIXEL}
    assert written.tables == {name: len(rows) for name, rows in (await everything(filled)).items()}
    assert await schema.revision(empty.engine) == written.revision == schema.revisions()[0]


@ONLY_SQLITE
async def test_what_was_restored_can_be_worked_with(filled: Database, empty: Database, tmp_path: Path) -> None:
    """New rows get new numbers, references are watched again, and a second backup holds the same."""
    await backup.write(filled, tmp_path / "photos", tmp_path / "one.tar.gz", MORNING)
    await restore.bring_back(empty, tmp_path / "new", tmp_path / "one.tar.gz", MORNING, replace=False)
    again = await backup.write(empty, tmp_path / "new", tmp_path / "two.tar.gz", MORNING)
    assert again.files == restore.verified(tmp_path / "one.tar.gz").files
    async with empty.transaction() as session:
        highest = max(row.id or 0 for row in await session.exec(select(Person)))
        session.add(newcomer := Person(name="Nora", phone="+8610000000099", created_at=MORNING))
        await journal.write(session, MORNING, None, "tested", "report", 1)
    assert newcomer.id == highest + 1
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with empty.transaction() as session:
            session.add(Person(name="N", phone="1", created_at=MORNING, deputy_id=99_999))


@INTO_SQLITE
async def test_a_backup_while_everybody_writes_shows_one_moment(
    filled: Database, empty: Database, tmp_path: Path
) -> None:
    """Each deed writes a journal row and three messages at once; the archive never has one without the others."""
    done = 0

    async def write(writer: int) -> None:
        nonlocal done
        for number in range(10_000):
            async with filled.transaction() as session:
                await journal.write(session, MORNING, None, "busy", "report", f"{writer}:{number}")
                for part in range(3):
                    await outbox.say(session, MORNING, "x", chat_id=1, dedupe=f"{writer}:{number}:{part}")
            done += 1

    async with filled.transaction() as session:
        session.add_all(update(number) for number in range(1000, 3500))
    writers = [asyncio.create_task(write(writer)) for writer in range(3)]
    await until(lambda: done >= 5)
    before = done
    await backup.write(filled, tmp_path / "photos", tmp_path / "busy.tar.gz", MORNING)
    after = done
    for writer in writers:
        writer.cancel()
    await asyncio.wait(writers)
    await restore.bring_back(empty, tmp_path / "new", tmp_path / "busy.tar.gz", MORNING, replace=False)
    async with empty.reading() as session:
        deeds = [row.subject_id for row in await session.exec(select(JournalEntry).where(JournalEntry.verb == "busy"))]
        said = set(await session.exec(select(Outgoing.dedupe).where(col(Outgoing.kind) == "x")))
    assert said == {f"{deed}:{part}" for deed in deeds for part in range(3)}
    assert before <= len(deeds) <= after
    assert after > before + 3, "nobody wrote during the backup"


@INTO_SQLITE
async def test_a_working_village_is_carried_over(village: Village, empty: Database, tmp_path: Path) -> None:
    """The bot runs on during the backup; its journal, its rows and Bob's photo are the same on the other side."""
    async with village.app.database.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        await connection.execute(text(f"INSERT INTO alembic_version VALUES ('{schema.revisions()[0]}')"))
    await village.joins("bob", "olga")
    village.bob.photo(PIXEL)
    await village.bob.until(lambda p: "YH-330824106-260701-0001-" in p.screen())
    await village.settled()
    photos = village.app.media.folder
    await backup.write(village.app.database, photos, tmp_path / "c.tar.gz", village.clock.now())
    there = await everything(village.app.database)
    await restore.bring_back(empty, tmp_path / "new", tmp_path / "c.tar.gz", village.clock.now(), replace=False)
    here = await everything(empty)
    assert there.pop("lease")
    assert here.pop("lease")  # the poller renews its own
    assert here == there
    assert len(here["journal"]) > 2
    assert PIXEL in photos_in(tmp_path / "new").values()
    assert photos_in(tmp_path / "new") == photos_in(photos)
    with pytest.raises(Unfit, match="a bot is at work on this database"):
        await restore.bring_back(village.app.database, photos, tmp_path / "c.tar.gz", village.clock.now(), replace=True)


@ONLY_SQLITE
async def test_only_replace_forgets_what_is_there(filled: Database, empty: Database, tmp_path: Path) -> None:
    archive, photos = tmp_path / "c.tar.gz", tmp_path / "photos"
    photos.mkdir()
    (photos / "1.jpg").write_bytes(PIXEL)
    await backup.write(filled, photos, archive, MORNING)
    other = await everything(filled)
    await remade(empty)
    async with empty.transaction() as session:
        session.add(person := Person(name="Zoe", phone="1", created_at=MORNING))
        await session.flush()
        person.deputy_id = person.id
    new = tmp_path / "new"
    with pytest.raises(Unfit, match="the database is not empty"):
        await restore.bring_back(empty, new, archive, MORNING, replace=False)
    new.mkdir(exist_ok=True)
    (new / "9.jpg").write_bytes(b"of another time")
    with pytest.raises(Unfit, match="holds photos already"):
        await restore.bring_back(empty, new, archive, MORNING, replace=False)
    await restore.bring_back(empty, new, archive, MORNING, replace=True)
    assert await everything(empty) == other
    assert photos_in(new) == {"1.jpg": PIXEL}


def rewritten(archive: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """The archive with other content."""
    with tarfile.open(archive) as old:
        files = {member.name: stream.read() for member in old if (stream := old.extractfile(member))}
    change(files)
    path = archive.with_name("changed.tar.gz")
    with tarfile.open(path, "w:gz") as new:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return path


def in_manifest(**values: Any) -> Callable[[dict[str, bytes]], None]:
    """Change what the manifest says."""

    def change(files: dict[str, bytes]) -> None:
        files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | values).encode()

    return change


def smuggled(files: dict[str, bytes]) -> None:
    """A photo that would land outside the folder, with a manifest that agrees."""
    said = json.loads(files["manifest.json"])
    said["files"]["photos/../../evil.jpg"] = said["files"]["tables/slot.jsonl"]
    files["photos/../../evil.jpg"] = files["tables/slot.jsonl"]
    files["manifest.json"] = json.dumps(said).encode()


BROKEN: list[tuple[Callable[[dict[str, bytes]], object], str]] = [  # what was done to it, what is said
    (lambda files: files.update({"tables/person.jsonl": b"{}"}), "damaged: tables/person"),
    (lambda files: files.pop("tables/person.jsonl"), "damaged: tables/person"),
    (lambda files: files.update({"tables/more.jsonl": b""}), "damaged: tables/more"),
    (lambda files: files.pop("manifest.json"), "no manifest"),
    (in_manifest(format=2), "its manifest is not one of this version"),
    (in_manifest(revision="9999"), "made by a newer version of this program"),
    (smuggled, "damaged: photos/../../evil.jpg"),
]


@ONLY_SQLITE
async def test_a_broken_archive_changes_nothing(filled: Database, tmp_path: Path) -> None:
    archive, before = tmp_path / "c.tar.gz", await everything(filled)
    await backup.write(filled, tmp_path / "photos", archive, MORNING)
    for change, words in BROKEN:
        with pytest.raises(Unfit, match=words):
            await restore.bring_back(filled, tmp_path / "new", rewritten(archive, change), MORNING, replace=True)
    assert await everything(filled) == before
    assert not (tmp_path / "new").exists()


@ONLY_SQLITE
async def test_a_cut_archive_changes_nothing(filled: Database, tmp_path: Path) -> None:
    archive, before = tmp_path / "c.tar.gz", await everything(filled)
    await backup.write(filled, tmp_path / "photos", archive, MORNING)
    whole = archive.read_bytes()
    for data in (whole[: len(whole) // 2], b"", b"no archive", whole[:200] + b"\x00" * 99 + whole[299:]):
        archive.write_bytes(data)
        with pytest.raises(Unfit, match=r"cut off|damaged"):
            await restore.bring_back(filled, tmp_path / "new", archive, MORNING, replace=True)
    assert await everything(filled) == before


async def test_a_restore_that_fails_half_way_changes_nothing(filled: Database, tmp_path: Path) -> None:
    """A row that fits no table any more: the tables dropped for it are back, with all their rows."""
    await backup.write(filled, tmp_path / "photos", tmp_path / "c.tar.gz", MORNING)
    before = await everything(filled)

    def orphan(files: dict[str, bytes]) -> None:
        row = files["tables/post.jsonl"].splitlines()[0]
        files["tables/post.jsonl"] = changed = row.replace(b'"person_id":1', b'"person_id":4711') + b"\n"
        said = json.loads(files["manifest.json"])
        said["files"]["tables/post.jsonl"] = {"sha256": hashlib.sha256(changed).hexdigest(), "size": len(changed)}
        said["tables"]["post"] = 1
        files["manifest.json"] = json.dumps(said).encode()

    with pytest.raises(Exception, match=r"(?i)foreign key|refer to rows that are not in it"):
        await restore.bring_back(
            filled, tmp_path / "new", rewritten(tmp_path / "c.tar.gz", orphan), MORNING, replace=True
        )
    assert await everything(filled) == before


@ONLY_SQLITE
async def test_an_older_schema_is_not_backed_up_by_halves(database: Database, tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="run `python -m bot migrate` first"):
        await backup.write(database, tmp_path / "photos", tmp_path / "c.tar.gz", MORNING)
    await remade(database)
    with pytest.raises(Unfit, match="cannot be written: No such file or directory"):
        await backup.write(database, tmp_path / "photos", tmp_path / "nowhere" / "c.tar.gz", MORNING)


@ONLY_SQLITE
async def test_the_commands_say_what_came_of_it(
    filled: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From the environment to the sentence; a bot at work on the database keeps it."""
    monkeypatch.setenv("CUNSHAO_DATABASE_URL", database_url)
    monkeypatch.setenv("CUNSHAO_DATA_DIR", str(tmp_path / "data"))
    archive, there = tmp_path / "c.tar.gz", await everything(filled)
    assert await commands.backup(archive) == 0
    rows = sum(map(len, there.values()))
    said = f"{rows} rows of {len(there)} tables, 0 photos (0.0 MB)"
    assert capsys.readouterr().out == f"backup: {said} → {archive}\n"
    async with filled.transaction() as session:
        session.add(Lease(name="sender:1", owner="x", until=SystemClock().now() + timedelta(minutes=1)))
    with pytest.raises(Unfit, match="a bot is at work on this database"):
        await commands.restore(archive, replace=True)
    async with filled.transaction() as session:
        await session.delete(await session.get_one(Lease, "sender:1"))
    assert await commands.restore(archive, replace=True) == 0
    assert capsys.readouterr().out == f"restored: {said}\n"
    assert await everything(filled) == there


async def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUNSHAO_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    with pytest.raises(Unfit, match="CUNSHAO_DATABASE_URL: the database was not reached") as refused:
        await commands.backup(tmp_path / "c.tar.gz")
    assert "secret" not in str(refused.value)
