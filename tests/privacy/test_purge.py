"""Words are forgotten when their time is over, rows when theirs is, and what is still needed stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlmodel import col, select

from bot.database import Database
from models import inbox, outbox, privacy, question
from models.inbox import Arrival
from models.outbox import Delivery, Method, Outgoing
from models.policy import PrivacyPolicy
from models.privacy import Store
from schedules import privacy as schedule
from tests.cast import POLICY, Cast, later
from tests.village import CAST, MORNING

DAY = timedelta(days=1)
LEASE = timedelta(minutes=1)
WORDS, DEAD, ROWS = POLICY.privacy.words_kept, POLICY.privacy.dead_kept, POLICY.privacy.rows_kept
BOT = 42


def update(number: int, chat: int, words: str = "+86 138 0013 8000 塌方") -> dict[str, object]:
    return {"update_id": number, "message": {"chat": {"id": chat}, "text": words}}


async def purged(database: Database, at: datetime) -> None:
    """The schedule is asked once."""
    async with database.reading() as session:
        keys = await schedule.due(session, at)
    for key in keys:
        async with database.transaction() as session:
            await schedule.act(session, at, POLICY, key)


async def updates(database: Database) -> dict[int, bool]:
    """The stored updates by number: whether they still have their words."""
    async with database.reading() as session:
        return {row.update_id: row.body is not None for row in await session.exec(select(Arrival))}


async def three_updates(database: Database) -> None:
    """One done, one set aside, one waiting."""
    async with database.transaction() as session:
        await inbox.store(session, MORNING, BOT, [update(1, 1), update(2, 2), update(3, 3)])
        done = await inbox.claim(session, MORNING, BOT, "a", LEASE)
        dead = await inbox.claim(session, MORNING, BOT, "a", LEASE, [1])
        assert done is not None
        assert dead is not None
        assert await inbox.finish(session, MORNING, done)
        assert await inbox.set_aside(session, MORNING, dead, 4, "ValueError")


@pytest.mark.parametrize(
    ("after", "left"),
    [
        (WORDS, {1: True, 2: True, 3: True}),
        (WORDS + DAY, {1: False, 2: True, 3: True}),
        (DEAD, {1: False, 2: True, 3: True}),
        (DEAD + DAY, {1: False, 2: False, 3: True}),
        (ROWS, {1: False, 2: False, 3: True}),
    ],
)
async def test_updates_lose_their_words_and_dead_letters_later(
    database: Database, after: timedelta, left: dict[int, bool]
) -> None:
    await three_updates(database)
    await purged(database, MORNING + after)
    assert await updates(database) == left


async def test_the_rows_of_updates_go_as_well_and_what_waits_stays(database: Database) -> None:
    await three_updates(database)
    await purged(database, MORNING + ROWS + DAY)
    await purged(database, MORNING + ROWS + DAY)
    assert await updates(database) == {3: True}


async def say(cast: Cast, name: str, state: Delivery | None, **more: object) -> None:
    """A message to somebody, with what became of it."""
    async with cast.database.transaction() as session:
        await outbox.say(session, MORNING, "note", person_id=cast.ids[name], phone="+8613800138000", **more)  # type: ignore[arg-type]
        if state is None:
            return
        [row] = await outbox.claim(session, MORNING, "a", LEASE, (), 1)
        sent = {"text": "打 138 0013 8000", "message_id": 7, "sent_at": MORNING} if state is Delivery.SENT else {}
        assert await outbox.settle(session, row, state, **sent)


async def messages(cast: Cast) -> list[Outgoing]:
    async with cast.database.reading() as session:
        return list(await session.exec(select(Outgoing).order_by(col(Outgoing.id))))


async def test_messages_lose_text_and_facts_whatever_became_of_them(cast: Cast) -> None:
    ended = [state for state in Delivery if state not in outbox.UNSENT]
    for state in ended:
        await say(cast, "bob", state)
    await purged(cast.database, MORNING + WORDS)
    assert all(row.args for row in await messages(cast))
    now = MORNING + WORDS + DAY
    await purged(cast.database, now)
    assert [(row.text, row.args, row.forgotten_at) for row in await messages(cast)] == [(None, {}, now)] * len(ended)
    assert {row.message_id for row in await messages(cast)} == {7, None}


async def test_what_still_waits_to_be_sent_keeps_its_words(cast: Cast) -> None:
    await say(cast, "bob", None)
    for after in (WORDS + DAY, ROWS + DAY, ROWS + ROWS):
        await purged(cast.database, MORNING + after)
    [row] = await messages(cast)
    assert row.args == {"phone": "+8613800138000"}


async def test_old_messages_are_deleted_and_their_screens_are_still_found(cast: Cast) -> None:
    await say(cast, "olga", Delivery.SENT, slot="card:7")
    async with cast.database.transaction() as session:
        await outbox.keep_slot(session, f"p{cast.ids['olga']}", "card:7", CAST["olga"][0], 7, False)
    for after in (WORDS + DAY, ROWS + DAY + DAY):
        await purged(cast.database, MORNING + after)
    assert await messages(cast) == []
    await say(cast, "oscar", None, slot="card:7")
    async with cast.database.transaction() as session:
        await outbox.say(session, MORNING, "note", chat_id=5, slot="card:7", method=Method.EDIT)
    async with cast.database.reading() as session:
        assert cast.names(await outbox.screens_of(session, "card:7")) == ["olga", "oscar"]


async def test_half_made_questions_are_forgotten(database: Database) -> None:
    async with database.transaction() as session:
        await question.ask(session, MORNING, 1, "people.add", name="王安娜", phone="+8613800138000")
        await question.ask(session, MORNING + WORDS, 2, "report.reject", report=1)
    await purged(database, MORNING + WORDS + DAY)
    async with database.reading() as session:
        assert await question.open_question(session, 1) is None
        assert await question.open_question(session, 2) is not None


async def test_a_purge_takes_so_many_at_once_and_the_rest_a_minute_later(database: Database) -> None:
    async with database.transaction() as session:
        await inbox.store(session, MORNING, BOT, [update(number, number) for number in range(1, 8)])
        while row := await inbox.claim(session, MORNING, BOT, "a", LEASE):
            await inbox.finish(session, MORNING, row)
        assert [await inbox.purge(session, MORNING + DAY, most=3) for _ in range(4)] == [3, 3, 1, 0]
        assert [await inbox.remove(session, MORNING + DAY, most=4) for _ in range(3)] == [4, 3, 0]


async def test_nothing_is_due_in_the_first_hour_and_in_an_empty_house(database: Database) -> None:
    async with database.reading() as session:
        assert await privacy.due(session, MORNING) == []
    await three_updates(database)
    async with database.reading() as session:
        assert await privacy.due(session, MORNING + later(minutes=59)) == []
        assert await privacy.due(session, MORNING + later(minutes=60)) == [Store.UPDATES]


@pytest.mark.parametrize(
    ("question", "index"),
    [
        ("select min(finished_at) from inbox where state = 'done' and body is not null", "ix_inbox_words"),
        ("select min(finished_at) from inbox where body is null", "ix_inbox_empty"),
        ("select id from inbox where state = 'dead' and finished_at < '2026' and body is not null order by finished_at",
         "ix_inbox_words"),
        ("select id from outbox where forgotten_at is null and send_at < '2026' order by send_at",
         "ix_outbox_forgotten"),
        ("select id from outbox where forgotten_at < '2026' order by forgotten_at", "ix_outbox_forgotten"),
        ("select recipient from slot where slot = 'card:7'", "ix_slot_slot"),
        ("select id from report where emptied_at is null and ended_at < '2026' order by ended_at", "ix_report_emptied"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_due_is_found_by_an_index(database: Database, question: str, index: str) -> None:
    """The shape of the queries above; a purge must cost what is due, never what there was."""
    async with database.engine.connect() as connection:
        plan = (await connection.execute(text(f"explain query plan {question}"))).all()
    assert any(index in str(step) for step in plan), plan
    assert not any("TEMP B-TREE" in str(step) for step in plan), plan


@pytest.mark.parametrize(
    ("words", "dead", "rows", "reason"),
    [("10m", "30d", "90d", "words_kept"), ("7d", "0s", "90d", "dead_kept"), ("7d", "30d", "29d", "rows_kept"),
     ("1h", "1h", "1d", "rows_kept")],
)  # fmt: skip
def test_a_policy_that_forgets_too_soon_is_refused(words: str, dead: str, rows: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        PrivacyPolicy.model_validate({"words_kept": words, "dead_kept": dead, "rows_kept": rows})
