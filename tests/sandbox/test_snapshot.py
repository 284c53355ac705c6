"""What a sandbox kept in a folder comes back whole, or not at all and said so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, BotCommand, BotCommandScopeChat, MenuButtonCommands, ReplyKeyboardMarkup

from bot.sandbox import Limits, Phone, Sandbox, Unreadable, serve
from bot.sandbox.snapshot import GAP
from bot.sandbox.updates import UpdateQueue
from tests.sandbox.conftest import ALICE, BOB, TOKEN, HandClock, inline, jpeg

pytestmark = pytest.mark.asyncio(loop_scope="session")


def again(clock: HandClock) -> Sandbox:
    """The sandbox as the next start of the process makes it."""
    sandbox = Sandbox(clock, Limits(flood=False))
    sandbox.add_bot(TOKEN)
    sandbox.add_person(ALICE, "Alice", "+8610000000001", "网格员", ("桐村镇", "华山村"))
    return sandbox


def updates(sandbox: Sandbox) -> list[Any]:
    return sandbox.bot().updates.waiting()


async def test_a_chat_comes_back_as_it_was(
    bot: Bot, sandbox: Sandbox, clock: HandClock, alice: Phone, tmp_path: Path
) -> None:
    await bot.send_message(ALICE, "<b>选</b>", "HTML", reply_markup=ReplyKeyboardMarkup([["上报隐患"]]))
    card = await bot.send_message(ALICE, "新隐患", reply_markup=inline("受理", "x"))
    await bot.edit_message_text("已受理", ALICE, card.message_id)
    await bot.set_my_commands([BotCommand("tasks", "待办")], scope=BotCommandScopeChat(ALICE), language_code="zh")
    await bot.set_chat_menu_button(ALICE, MenuButtonCommands())
    await bot.set_my_description("村哨")
    assert sandbox.save(tmp_path)

    second = again(clock)
    held = second.phone(ALICE)
    assert second.restore(tmp_path)
    assert held.messages == alice.messages
    assert (held.screen(), held.state(), held.keyboard) == (alice.screen(), alice.state(), alice.keyboard)
    assert (held.unread, held.commands) == (2, [{"command": "tasks", "description": "待办"}])
    assert [entry.edited for entry in held.chat.entries.values()] == [False, False, True]
    assert held.chat.menu_button == {"type": "commands"}
    assert second.bot().descriptions == {("long", ""): "村哨"}
    assert second.phone(BOB).person.label == "乡镇干部", "people nobody added again come back too"
    async with serve(second) as url, Bot(TOKEN, f"{url}/bot") as client:
        sent = await client.send_message(ALICE, "再来")
        assert sent.message_id == card.message_id + GAP + 1
        await client.edit_message_text("还能改", ALICE, card.message_id)


async def test_what_the_bot_did_not_confirm_waits_for_it(
    sandbox: Sandbox, clock: HandClock, alice: Phone, tmp_path: Path
) -> None:
    alice.text("一")
    known = updates(sandbox)
    await sandbox.bot().updates.poll(offset=known[1]["update_id"])
    sandbox.save(tmp_path)
    second = again(clock)
    second.restore(tmp_path)
    assert updates(second) == [known[1]]
    second.phone(ALICE).text("二")
    assert updates(second)[1]["update_id"] == known[1]["update_id"] + GAP + 1, (
        "an id the bot may have seen is not used again"
    )
    clock.push(hours=25)
    assert updates(second) == [], "they grow old all the same"


async def test_button_presses_are_forgotten(
    bot: Bot, sandbox: Sandbox, clock: HandClock, alice: Phone, tmp_path: Path
) -> None:
    await bot.send_message(ALICE, "新隐患", reply_markup=inline("受理", "x"))
    alice.press("受理")
    sandbox.save(tmp_path)
    second = again(clock)
    second.restore(tmp_path)
    assert [list(each)[1] for each in updates(second)] == ["message"]
    second.phone(ALICE).press("受理")
    assert second.bot().presses.keys().isdisjoint(sandbox.bot().presses)


async def test_photos_come_back_and_are_written_once(
    sandbox: Sandbox, clock: HandClock, alice: Phone, tmp_path: Path
) -> None:
    photo = alice.photo(jpeg())["photo"][-1]
    alice.document(b"%PDF", "计划.pdf")
    sandbox.save(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "files").iterdir()}
    assert len(before) == 2, "a photo and its small variant are the same bytes"
    alice.photo(jpeg(640, 480))
    sandbox.save(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    second = again(clock)
    second.restore(tmp_path)
    async with serve(second) as url, Bot(TOKEN, f"{url}/bot", f"{url}/file/bot") as client:
        file = await client.get_file(photo["file_id"])
        assert bytes(await file.download_as_bytearray()) == jpeg()
        second.phone(ALICE).chat.started = True
        assert (await client.send_photo(ALICE, photo["file_id"])).photo[-1].file_unique_id == photo["file_unique_id"]
    fresh = second.phone(ALICE).photo(jpeg())["photo"][-1]
    assert fresh["file_id"] != photo["file_id"]


async def test_blocked_deleted_and_grouped(sandbox: Sandbox, clock: HandClock, alice: Phone, tmp_path: Path) -> None:
    alice.block()
    sandbox.phone(BOB).deactivate()
    sandbox.add_to_group(TOKEN, -5, "华山村群", by=ALICE)
    sandbox.save(tmp_path)
    second = again(clock)
    second.restore(tmp_path)
    assert second.phone(ALICE).chat.blocked
    assert second.phone(BOB).person.deactivated
    assert second.bot().chats[-5].about() == {"id": -5, "type": "group", "title": "华山村群"}


CHANGES: list[Callable[[Phone, Sandbox], object]] = [
    lambda alice, _: alice.text("早"),
    lambda alice, _: alice.block(),
    lambda alice, _: alice.read(),
    lambda alice, _: alice.deactivate(),
    lambda _, sandbox: sandbox.phone(BOB).start(),
    lambda _, sandbox: sandbox.bot().updates.remove(updates(sandbox)[0]["update_id"]),
    lambda _, sandbox: sandbox.bot().updates.clear(),
    lambda _, sandbox: sandbox.bot().updates.allow(["message"]),
    lambda _, sandbox: sandbox.add_to_group(TOKEN, -5, "群"),
]


@pytest.mark.parametrize("change", CHANGES)
async def test_nothing_is_written_when_nothing_changed(
    bot: Bot, sandbox: Sandbox, alice: Phone, tmp_path: Path, change: Callable[[Phone, Sandbox], object]
) -> None:
    await bot.send_message(ALICE, "早")
    assert [sandbox.save(tmp_path), sandbox.save(tmp_path)] == [True, False]
    change(alice, sandbox)
    assert [sandbox.save(tmp_path), sandbox.save(tmp_path)] == [True, False]


async def test_every_method_that_changes_something_is_noticed(
    bot: Bot, sandbox: Sandbox, alice: Phone, tmp_path: Path
) -> None:
    sandbox.save(tmp_path)
    offset = updates(sandbox)[-1]["update_id"] + 1
    for deed in (
        bot.send_message(ALICE, "早"),
        bot.edit_message_text("晚", ALICE, 2),
        bot.delete_message(ALICE, 2),
        bot.set_my_commands([("tasks", "待办")]),
        bot.delete_my_commands(),
        bot.set_chat_menu_button(ALICE, MenuButtonCommands()),
        bot.set_my_description("村哨"),
        bot.set_my_short_description("村哨"),
        bot.get_updates(offset=offset, timeout=0),
    ):
        await deed
        assert sandbox.save(tmp_path)
        assert not sandbox.save(tmp_path)


async def test_a_restart_alone_writes_nothing(sandbox: Sandbox, clock: HandClock, alice: Phone, tmp_path: Path) -> None:
    alice.text("早")
    sandbox.save(tmp_path)
    second = again(clock)
    second.restore(tmp_path)
    assert not second.save(tmp_path)
    second.phone(ALICE).text("晚")
    assert second.save(tmp_path)


async def test_an_empty_folder_holds_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    assert not sandbox.restore(tmp_path / "nowhere")


def damaged(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    state = json.loads((folder / "world.json").read_bytes())
    change(state)
    (folder / "world.json").write_text(json.dumps(state))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "half a file": lambda folder: (folder / "world.json").write_bytes((folder / "world.json").read_bytes()[:-99]),
    "empty": lambda folder: (folder / "world.json").write_bytes(b""),
    "no object": lambda folder: (folder / "world.json").write_text("[1]"),
    "another version": lambda folder: damaged(folder, lambda state: state.update(format=0)),
    "a missing part": lambda folder: damaged(folder, lambda state: state["bots"][0].pop("updates")),
    "an unknown field": lambda folder: damaged(folder, lambda state: state["people"][0].update(shoe_size=44)),
    "a lost photo": lambda folder: next((folder / "files").iterdir()).unlink(),
    "a changed photo": lambda folder: next((folder / "files").iterdir()).write_bytes(b"?"),
}


@pytest.mark.parametrize("kind", DAMAGE)
async def test_a_damaged_snapshot_changes_nothing(
    sandbox: Sandbox, clock: HandClock, alice: Phone, tmp_path: Path, kind: str
) -> None:
    alice.photo(jpeg())
    sandbox.save(tmp_path)
    DAMAGE[kind](tmp_path)
    second = again(clock)
    with pytest.raises(Unreadable, match=r"^The chats in .* (version|cannot be read \(\w+\))\.$"):
        second.restore(tmp_path)
    assert second.phone(ALICE).messages == []
    assert (list(second.world.people), second.world.files.by_id, updates(second)) == ([ALICE], {}, [])
    second.phone(ALICE).start()
    assert second.save(tmp_path)
    third = again(clock)
    assert third.restore(tmp_path), "the next save mends the folder"


async def test_a_save_that_fails_is_tried_again(sandbox: Sandbox, alice: Phone, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    for _ in range(2):
        with pytest.raises(OSError):
            sandbox.save(blocked / "chats")
    blocked.unlink()
    assert sandbox.save(blocked / "chats")


async def test_an_update_queue_keeps_its_place(clock: HandClock) -> None:
    queue = UpdateQueue(TOKEN, Limits(), clock.now)
    first = queue.put("message", {}, "chat:1")
    other = UpdateQueue(TOKEN, Limits(), clock.now)
    other.resume(json.loads(json.dumps(queue.state())), gap=10)
    assert other.waiting() == queue.waiting()
    assert first is not None
    assert other.put("message", {}, "chat:1") == first + 11
