"""A chat has one open question at a time, and no restart forgets it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.database import Database
from models import question
from models.question import Question
from tests.village import MORNING

CHAT = 1001


async def asked(database: Database, kind: str = "report.reject", chat_id: int = CHAT, **args: object) -> None:
    async with database.transaction() as session:
        await question.ask(session, MORNING, chat_id, kind, **args)


async def waiting(database: Database, chat_id: int = CHAT) -> Question | None:
    async with database.reading() as session:
        return await question.open_question(session, chat_id)


async def test_nothing_is_asked_at_first(database: Database) -> None:
    assert await waiting(database) is None


async def test_a_question_waits_with_its_facts(database: Database) -> None:
    await asked(database, report=7, words="为什么")
    found = await waiting(database)
    assert found is not None
    assert (found.kind, found.args, found.asked_at) == ("report.reject", {"report": 7, "words": "为什么"}, MORNING)


async def test_the_newest_question_is_the_one_on_the_screen(database: Database) -> None:
    await asked(database, report=7)
    async with database.transaction() as session:
        await question.ask(session, MORNING + timedelta(hours=1), CHAT, "people.name")
        found = await question.open_question(session, CHAT)
    assert found is not None
    assert (found.kind, found.args, found.asked_at) == ("people.name", {}, MORNING + timedelta(hours=1))


async def test_an_answer_closes_it(database: Database) -> None:
    await asked(database)
    for _ in range(2):
        async with database.transaction() as session:
            await question.close(session, CHAT)
            assert await question.open_question(session, CHAT) is None
    await asked(database, "people.name")
    assert (await waiting(database) or Question).kind == "people.name"


async def test_chats_do_not_share_questions(database: Database) -> None:
    await asked(database)
    await asked(database, "people.name", chat_id=CHAT + 1)
    async with database.transaction() as session:
        await question.close(session, CHAT)
    found = await waiting(database, CHAT + 1)
    assert found is not None
    assert found.kind == "people.name"


async def test_two_questions_at_once_leave_one(database: Database) -> None:
    await asyncio.gather(*(asked(database, f"kind.{number}") for number in range(4)))
    found = await waiting(database)
    assert found is not None
    assert found.kind.startswith("kind.")
