"""A name that a dead process leaves and its successor takes: at once, and never while the holder lives."""

from __future__ import annotations

import asyncio
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot import instance as module
from bot.database import Database
from bot.instance import instance
from models import inbox, lease, outbox
from models.inbox import Arrival
from models.outbox import Delivery, Outgoing
from tests.crash.process import ROOT

NOW = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOLDER = """
import sys, time, pathlib
from bot.instance import instance
with instance(pathlib.Path(sys.argv[1])) as name:
    print(name, flush=True)
    time.sleep(60)
"""


def test_the_name_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with instance(tmp_path) as before:
        pass
    with instance(tmp_path) as after:
        assert after == before


def test_two_that_live_at_once_have_two_names(tmp_path: Path) -> None:
    with instance(tmp_path) as one, instance(tmp_path) as other:
        assert one != other
    with instance(tmp_path) as again:
        assert again == one, "the first free place"


async def test_a_killed_process_leaves_its_name_and_a_living_one_keeps_it(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        theirs = (await holder.stdout.readline()).decode().strip()
        with instance(tmp_path) as mine:
            assert mine != theirs
    finally:
        holder.kill()
        await holder.communicate()
    with instance(tmp_path) as mine:
        assert mine == theirs


def test_a_copy_of_the_folder_has_another_name(tmp_path: Path) -> None:
    """Restored on a second machine while the first still runs, it must not take over what is alive."""
    with instance(tmp_path / "data") as original:
        shutil.copytree(tmp_path / "data", tmp_path / "copy")
        with instance(tmp_path / "copy") as copy:
            assert copy != original


def test_another_start_of_the_machine_has_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a network two machines may see one file as the same, and not each other's locks."""
    with instance(tmp_path) as here:
        pass
    boot = tmp_path / "boot_id"
    boot.write_text("another")
    monkeypatch.setattr(module, "BOOT_ID", boot)
    with instance(tmp_path) as there:
        assert there != here


def test_without_a_folder_for_locks_every_start_has_a_name_of_its_own(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("a file where the folder should be")
    with instance(blocked) as one, instance(blocked) as other:
        assert one != other


async def test_what_the_dead_one_claimed_is_free_and_what_others_claimed_is_not(database: Database) -> None:
    async with database.transaction() as session:
        await inbox.store(session, NOW, 42, [{"update_id": n, "message": {"chat": {"id": n}}} for n in (1, 2)])
        for chat in (1, 2):
            await outbox.say(session, NOW, "menu.join", chat_id=chat)
        for owner in ("dead", "alive"):
            assert await inbox.claim(session, NOW, 42, owner, MINUTE)
            assert await outbox.claim(session, NOW, owner, MINUTE, set(), 1)
    soon = NOW + timedelta(seconds=1)
    async with database.transaction() as session:
        await inbox.free(session, soon, "dead")
        await outbox.free(session, soon, "dead")
        again = await inbox.claim(session, soon, 42, "dead", MINUTE)
        assert again is not None
        assert again.chat == 1
        assert [row.chat_id for row in await outbox.claim(session, soon, "dead", MINUTE, set(), 9)] == [1]
        assert await inbox.claim(session, soon, 42, "dead", MINUTE) is None
    async with database.reading() as session:
        assert await _owners(session) == {("dead", "dead"), ("alive", "alive")}


async def _owners(session: AsyncSession) -> set[tuple[str | None, str | None]]:
    updates = list(await session.exec(select(Arrival).order_by("chat")))
    sends = list(await session.exec(select(Outgoing).where(Outgoing.state == Delivery.SENDING).order_by("chat_id")))
    return {(update.owner, send.owner) for update, send in zip(updates, sends, strict=True)}


async def test_a_lease_is_held_again_at_once_by_its_own_name_only(database: Database) -> None:
    async with database.transaction() as session:
        assert await lease.hold(session, NOW, "poller:42", "seat-1", MINUTE)
        assert not await lease.hold(session, NOW, "poller:42", "seat-2", MINUTE)
        assert await lease.hold(session, NOW, "poller:42", "seat-1", MINUTE)
        assert await lease.hold(session, NOW + MINUTE, "poller:42", "seat-2", MINUTE)
