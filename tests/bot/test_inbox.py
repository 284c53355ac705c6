"""Updates in: stored before they are acknowledged, handled once, in order per chat; a failing one harms only itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import chain
from typing import Any

from sqlalchemy import text
from sqlmodel import select

from bot.database import Database
from handlers.kit import Act
from models import inbox
from models.inbox import Arrival, Handling
from models.outbox import Outgoing
from models.refused import Refused
from tests.bot.core import Script, arrivals, away, got, notes, on_postgresql, on_sqlite, rings, saying, until
from tests.village import CAST, MORNING, Village

BOB = CAST["bob"][0]


def unconfirmed(village: Village) -> list[str]:
    """The words in updates that Telegram still keeps for the bot."""
    return [update.get("message", {}).get("text", "") for update in village.sandbox.bot().updates.waiting()]


async def handled(village: Village, *states: Handling) -> None:
    """Wait until the stored updates stand so."""

    async def so() -> bool:
        return [row.state for row in await arrivals(village)] == list(states)

    await until(so)


async def failed(village: Village, times: int) -> Arrival:
    """Wait until the first update has failed so often and waits for its next try. → it"""

    async def so() -> bool:
        return [(row.state, row.attempts) for row in await arrivals(village)][:1] == [(Handling.WAITING, times)]

    await until(so)
    return (await arrivals(village))[0]


async def boom(_act: Act) -> None:
    raise ValueError("秘密的话")


# --- stored, then acknowledged ----------------------------------------------------------------------------------------


async def test_an_update_is_confirmed_only_after_its_row_is_committed(village: Village, script: Script) -> None:
    script.on("塌方")
    await village.present("bob")
    async with village.app.database.transaction() as session:
        if not village.app.database.is_sqlite:  # there, the transaction alone holds up every other writer
            await (await session.connection()).execute(text("LOCK TABLE inbox IN EXCLUSIVE MODE"))
        village.bob.text("塌方")
        await asyncio.sleep(0.3)
        assert unconfirmed(village) == ["塌方"], "fetched long ago, and not confirmed, since it could not be stored"
        assert script.tried == []
    await until(lambda: not unconfirmed(village))
    assert [row.body and row.body["message"]["text"] for row in await arrivals(village)] == ["塌方"]
    await handled(village, Handling.DONE)
    assert script.tried == ["塌方"]


async def test_an_update_that_could_not_be_stored_comes_again(village: Village, script: Script) -> None:
    script.on("塌方")
    await village.present("bob")
    async with away(village, "inbox"):
        village.bob.text("塌方")
        await asyncio.sleep(0.3)
        assert unconfirmed(village) == ["塌方"]
    await until(lambda: not unconfirmed(village))
    await handled(village, Handling.DONE)
    assert script.tried == ["塌方"]


async def test_the_same_update_twice_changes_nothing(village: Village, script: Script) -> None:
    script.on("塌方")
    await village.present("bob")
    village.bob.text("塌方")
    await handled(village, Handling.DONE)
    [row] = await arrivals(village)
    assert row.body is not None
    await village.app.inbox.store([row.body, row.body])
    await village.settled()
    assert [(each.update_id, each.state) for each in await arrivals(village)] == [(row.update_id, Handling.DONE)]
    assert script.tried == ["塌方"]
    assert got(village, "bob") == ["begun 塌方"]


# --- order ------------------------------------------------------------------------------------------------------------


async def test_each_chat_keeps_its_order(village: Village, script: Script) -> None:
    words = [f"{name}{number}" for number in range(8) for name in ("bob", "nina")]
    for each in words:
        script.on(each)
    await village.present("bob", "nina")
    for each in words:
        (village.bob if each.startswith("bob") else village.nina).text(each)
    await until(lambda: len(script.tried) == 16)
    for name in ("bob", "nina"):
        assert [each for each in script.tried if each.startswith(name)] == [f"{name}{n}" for n in range(8)]


@on_postgresql
async def test_chats_go_side_by_side(village: Village, script: Script) -> None:
    """SQLite has one writer, so there they go one after another, in the order of arrival."""
    open_gate = asyncio.Event()

    async def wait(_act: Act) -> None:
        async with asyncio.timeout(5):
            await open_gate.wait()

    async def let_go(_act: Act) -> None:
        open_gate.set()

    script.on("等", wait)
    script.on("后", None)
    script.on("放", let_go)
    await village.present("bob", "nina")
    village.bob.text("等")
    village.bob.text("后")
    village.nina.text("放")
    await handled(village, Handling.DONE, Handling.DONE, Handling.DONE)
    assert sorted(script.tried[:2]) == sorted(["等", "放"]), "side by side, and in order in each chat"
    assert script.tried[2] == "后"


@on_sqlite
async def test_a_failing_update_holds_up_its_own_chat_and_no_other(village: Village, script: Script) -> None:
    async def once(_act: Act) -> None:
        if script.tried.count("一") == 1:
            raise ValueError

    script.on("一", once)
    script.on("二")
    script.on("三")
    await village.present("bob", "nina")
    village.bob.text("一")
    village.bob.text("二")
    await failed(village, 1)
    village.nina.text("三")
    await village.nina.until(lambda p: "begun 三" in p.screen())
    assert script.tried == ["一", "三"]
    village.soon(seconds=0.5)
    await village.bob.until(lambda p: "begun 二" in p.screen())
    assert script.tried == ["一", "三", "一", "二"]
    assert got(village, "bob") == ["begun 一", "begun 二"]


@on_sqlite
async def test_waiting_for_a_failing_update_costs_nothing(village: Village, script: Script) -> None:
    script.on("一", boom)
    script.on("二")
    await village.present("bob")
    village.bob.text("一")
    village.bob.text("二")
    await failed(village, 1)
    async with rings(village) as heard:
        await asyncio.sleep(0.4)
    assert len(heard) < 5


# --- what fails -------------------------------------------------------------------------------------------------------


@on_sqlite
async def test_a_failing_update_is_retried_and_at_last_set_aside(village: Village, script: Script) -> None:
    script.on("秘密", boom)
    script.on("然后")
    await village.present("bob", "carol", "olga")
    village.bob.text("秘密")
    village.bob.text("然后")
    for attempt, pause in enumerate((0.5, 1.0, 2.0), 1):
        first = await failed(village, attempt)
        assert len(script.tried) == attempt
        assert (first.try_at - village.clock.now()).total_seconds() == pause
        assert await notes(village) == [], "what a failing update wrote is rolled back"
        village.soon(seconds=pause)
    await handled(village, Handling.DEAD, Handling.DONE)
    assert script.tried == ["秘密"] * 4 + ["然后"], "the chat goes on"
    first = (await arrivals(village))[0]
    assert first.error is not None
    assert "ValueError" in first.error
    assert "秘密" not in first.error, "no words of a person in an error"
    await village.settled()
    [sorry] = [words for words in village.texts("bob") if "没有处理成功" in words]
    [told] = village.texts("carol")
    assert "ValueError" in told
    assert "秘密" not in told + sorry
    assert village.texts("olga") == []


async def test_what_the_handler_raised_rolls_back_although_the_library_swallows_it(
    village: Village, script: Script
) -> None:
    async def fails_once(act: Act) -> None:
        await act.say("note", text="in the transaction that fails")
        if script.tried.count("一") == 1:
            raise ValueError

    script.on("一", fails_once)
    await village.present("bob")
    village.bob.text("一")
    await failed(village, 1)
    assert await notes(village) == []
    village.soon(seconds=0.5)
    await handled(village, Handling.DONE)
    assert [row.args["text"] for row in await notes(village)] == ["begun 一", "in the transaction that fails"]


async def test_a_fault_of_the_database_is_not_the_updates_fault(village: Village, script: Script) -> None:
    sqlite = village.app.database.is_sqlite

    async def unplugged(act: Act) -> None:
        if script.tried.count("一") <= 6:  # more often than a failing update may
            fault = "SELECT * FROM no_such_table" if sqlite else "SELECT pg_terminate_backend(pg_backend_pid())"
            await (await act.session.connection()).execute(text(fault))

    script.on("一", unplugged)
    await village.present("bob", "carol")
    village.bob.text("一")
    for tries in range(1, 7):
        await until(lambda tries=tries: len(script.tried) == tries and village.app.inbox.idle)  # type: ignore[misc]
        village.soon(seconds=1)
    await handled(village, Handling.DONE)
    assert (await arrivals(village))[0].attempts == 0
    assert village.texts("carol") == []
    await village.settled()
    assert got(village, "bob") == ["begun 一"]


@on_postgresql
async def test_a_database_away_for_a_moment_does_not_cost_the_lease(village: Village, script: Script) -> None:
    """On SQLite nobody else can write while the handler does, so there the moment cannot come."""
    gate = asyncio.Event()

    async def wait(_act: Act) -> None:
        if script.tried.count("一") == 1:
            await gate.wait()
            raise ValueError

    script.on("一", wait)
    await village.present("bob")
    village.bob.text("一")
    await until(lambda: script.tried)
    async with away(village, "inbox"):
        gate.set()
        await asyncio.sleep(0.2)
    await failed(village, 1)
    village.soon(seconds=0.5)
    await handled(village, Handling.DONE)


@on_sqlite
async def test_a_no_rolls_back_and_is_said_in_one_sentence(village: Village, script: Script) -> None:
    async def refuse(_act: Act) -> None:
        raise Refused("menu.no_form")

    script.on("一", refuse)
    await village.present("bob", "carol")
    village.bob.text("一")
    await handled(village, Handling.DONE)
    await village.settled()
    assert script.tried == ["一"], "a no is final"
    [sentence] = village.texts("bob")
    assert "begun" not in sentence
    assert await notes(village) == []
    assert village.texts("carol") == []


@on_sqlite
async def test_a_no_to_a_button_is_an_alert_and_no_message(village: Village) -> None:
    await village.present("bob")
    async with saying(village) as say:
        await say("bob", "选", buttons=["旧"])
    await village.bob.until(lambda p: "旧" in p.buttons)
    village.bob.press("旧")
    await village.bob.until(lambda p: p.toasts)
    assert village.bob.toasts[0]["show_alert"] is True
    assert village.bob.toasts[0]["text"]
    await village.settled()
    assert village.texts("bob") == ["选"]


@on_sqlite
async def test_an_update_nobody_can_read_stops_nobody(village: Village, script: Script) -> None:
    script.on("一")
    await village.present("bob")
    await village.app.inbox.store([{"update_id": 7, "message": {"chat": {"id": BOB}, "date": "yesterday"}}])
    village.bob.text("一")
    for attempt, pause in enumerate((0.5, 1.0, 2.0), 1):
        await failed(village, attempt)
        village.soon(seconds=pause)
    await handled(village, Handling.DEAD, Handling.DONE)
    assert script.tried == ["一"]


# --- claims -----------------------------------------------------------------------------------------------------------


def update(number: int, chat: int) -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": chat}}}


LEASE = timedelta(seconds=60)
LATER = MORNING + timedelta(seconds=61)


async def test_a_claimed_chat_is_closed_to_everybody_else(database: Database) -> None:
    async with database.transaction() as session:
        assert await inbox.store(session, MORNING, 42, [update(2, 1), update(1, 1), update(3, 2)]) == 3
        first = await inbox.claim(session, MORNING, 42, "a", LEASE)
        second = await inbox.claim(session, MORNING, 42, "b", LEASE)
        third = await inbox.claim(session, MORNING, 42, "b", LEASE)
        assert first is not None
        assert second is not None
        assert (first.update_id, second.update_id, third) == (1, 3, None)
        assert await inbox.finish(session, MORNING, first)
        after = await inbox.claim(session, MORNING, 42, "b", LEASE)
        assert after is not None
        assert after.update_id == 2


async def test_updates_of_another_bot_are_left_alone(database: Database) -> None:
    async with database.transaction() as session:
        await inbox.store(session, MORNING, 42, [update(1, 1)])
        await inbox.store(session, MORNING, 43, [update(1, 1)])
        assert await inbox.claim(session, MORNING, 44, "a", LEASE) is None
        claimed = await inbox.claim(session, MORNING, 43, "a", LEASE)
        assert claimed is not None
        assert claimed.bot_id == 43


async def test_whoever_lost_a_claim_can_neither_finish_nor_fail_it(database: Database) -> None:
    async with database.transaction() as session:
        await inbox.store(session, MORNING, 42, [update(1, 1)])
        slow = await inbox.claim(session, MORNING, 42, "slow", LEASE)
        assert slow is not None
        session.expunge(slow)
        quick = await inbox.claim(session, LATER, 42, "quick", LEASE)
        assert quick is not None
        assert not await inbox.finish(session, LATER, slow)
        assert not await inbox.put_back(session, slow, LATER, 1, "late")
        assert not await inbox.set_aside(session, LATER, slow, 4, "late")
        assert await inbox.finish(session, LATER, quick)


async def test_two_processes_never_take_the_same_update(database: Database) -> None:
    async with database.transaction() as session:
        await inbox.store(session, MORNING, 42, [update(number, number) for number in range(1, 21)])

    async def worker(owner: str) -> list[int]:
        mine: list[int] = []
        for _ in range(40):
            async with database.transaction() as session:
                row = await inbox.claim(session, MORNING, 42, owner, LEASE)
                mine += [row.update_id] if row else []
        return mine

    taken = await asyncio.gather(*(worker(owner) for owner in "abc"))
    assert sorted(chain(*taken)) == list(range(1, 21))


async def test_words_are_forgotten_and_the_update_still_known(database: Database) -> None:
    async with database.transaction() as session:
        await inbox.store(session, MORNING, 42, [update(1, 1), update(2, 2)])
        row = await inbox.claim(session, MORNING, 42, "a", LEASE)
        assert row is not None
        await inbox.finish(session, MORNING, row)
        assert await inbox.purge(session, LATER) == 1
        assert await inbox.purge(session, LATER) == 0
        assert await inbox.store(session, LATER, 42, [update(1, 1)]) == 0
        assert await inbox.waiting(session) == (1, MORNING)


async def test_a_reply_waits_in_the_outbox_when_its_update_is_done(village: Village, script: Script) -> None:
    """One transaction: there is never a done update without its answer, nor an answer to one that is not done."""
    script.on("一")
    await village.present("bob")
    async with village.app.database.reading() as session:
        seen = 0
        village.bob.text("一")
        while not seen:
            done = [row for row in await arrivals(village) if row.state is Handling.DONE]
            said = list(await session.exec(select(Outgoing.id).where(Outgoing.kind == "note")))
            assert len(said) >= len(done)
            seen = len(done)
            await session.rollback()
            await asyncio.sleep(0.001)
