"""Open questions: what may answer one (words, a photo, a place), for how long, and who else gets the message then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from telegram.ext import filters

from bot.app import App
from handlers.kit import Act, Deed, answering, message
from tests.bot.core import on_sqlite, with_notes
from tests.village import PIXEL, Village, open_village

pytestmark = on_sqlite

PHOTO = "photo of the mended bank"
WORDS = "what was done"


def said(text: str) -> Deed:
    """A deed that only says that it was done."""

    async def say(act: Act) -> None:
        await act.say("note", text=text)

    return say


async def ask(act: Act) -> None:
    """The words written name the question."""
    await act.ask(act.message.text or "")
    await act.say("note", text="asked")


def teach(app: App) -> None:
    """A feature in front of the others: two kinds of questions, and what takes photos while none is open."""
    app.sender.render = with_notes(app.sender.render)
    app.telegram.handlers[0][:0] = [
        message(filters.Text([PHOTO, WORDS]), ask),
        answering(PHOTO, said("answered with a photo"), what=filters.PHOTO, still=timedelta(minutes=10)),
        answering(WORDS, said("answered with words")),
        message(filters.PHOTO | filters.TEXT, said("not an answer")),
    ]


@pytest.fixture
async def village(database_url: str, tmp_path: Path) -> AsyncIterator[Village]:
    async with open_village(database_url, tmp_path, still=True, prepare=teach) as opened:
        await opened.present("bob")
        yield opened


async def after(village: Village, question: str, wait: timedelta) -> None:
    """Ask Bob, and let this long pass."""
    village.bob.text(question)
    await village.settled()
    assert village.texts("bob")[-1] == "asked"
    village.clock.push(wait)


async def test_a_photo_can_be_the_answer(village: Village) -> None:
    await after(village, PHOTO, timedelta(minutes=9))
    village.bob.photo(PIXEL)
    await village.settled()
    assert village.texts("bob")[-1] == "answered with a photo"


async def test_words_do_not_answer_a_question_for_a_photo(village: Village) -> None:
    await after(village, PHOTO, timedelta(minutes=1))
    village.bob.text("马上拍")
    await village.settled()
    assert village.texts("bob")[-1] == "not an answer"


async def test_a_photo_does_not_answer_a_question_for_words(village: Village) -> None:
    await after(village, WORDS, timedelta(minutes=1))
    village.bob.photo(PIXEL)
    await village.settled()
    assert village.texts("bob")[-1] == "not an answer"


@pytest.mark.parametrize(
    ("wait", "answer"),
    [(timedelta(minutes=59), "answered with words"), (timedelta(minutes=60), "not an answer")],
)
async def test_words_answer_for_an_hour(village: Village, wait: timedelta, answer: str) -> None:
    await after(village, WORDS, wait)
    village.bob.text("已清淤")
    await village.settled()
    assert village.texts("bob")[-1] == answer


async def test_a_question_may_count_for_another_time(village: Village) -> None:
    await after(village, PHOTO, timedelta(minutes=10))
    village.bob.photo(PIXEL)
    await village.settled()
    assert village.texts("bob")[-1] == "not an answer"
