"""A demo goes on where it stopped; when chats and database do not fit, it says so and starts over with neither."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.database import Database
from bot.demo.resume import CHATS, DATABASE, resumed, start_over
from bot.sandbox import Sandbox
from bot.schema import upgrade

TOKEN = "1:demo"


def sandbox() -> Sandbox:
    opened = Sandbox()
    opened.add_bot(TOKEN)
    opened.add_person(1, "Alice")
    return opened


async def stopped(folder: Path) -> None:
    """Leave a folder behind as a demo does."""
    database = Database(f"sqlite+aiosqlite:///{folder / DATABASE}")
    await upgrade(database.engine)
    await database.close()
    before = sandbox()
    before.phone(1).start()
    before.save(folder / CHATS)


async def test_the_chats_of_last_time_are_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await stopped(tmp_path)
    after = sandbox()
    assert await resumed(after, tmp_path)
    assert [message["text"] for message in after.phone(1).messages] == ["/start"]
    assert capsys.readouterr().out == ""


async def test_an_empty_folder_is_a_fine_beginning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await resumed(sandbox(), tmp_path / "demo")
    assert capsys.readouterr().out == ""


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no chats": lambda folder: start_over(folder / CHATS),
    "half the chats": lambda folder: (folder / CHATS / "world.json").write_text("{"),
    "chats of another version": lambda folder: (folder / CHATS / "world.json").write_text('{"format": 0}'),
    "no database": lambda folder: (folder / DATABASE).unlink(),
    "no database inside the file": lambda folder: (folder / DATABASE).write_bytes(b"?" * 4096),
}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_half_is_said_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    await stopped(tmp_path)
    DAMAGE[damage](tmp_path)
    assert not await resumed(sandbox(), tmp_path)
    said = capsys.readouterr().out
    assert said.endswith("The demo starts over.\n")
    assert said.count("\n") == 1
    start_over(tmp_path)
    assert await resumed(sandbox(), tmp_path)
