"""What is told in confidence, what becomes of it, and what everybody finds of it: for the tests beside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from sqlmodel import col, or_, select

from bot.app import FEATURES
from handlers.kit import House, Reader, Renderer
from locales import catalogue
from models.hazard import actions as hazards
from models.hazard import closing, fixing
from models.hazard.rules import Measure
from models.outbox import Outgoing
from models.people.rules import Me
from models.refused import Refused
from models.report import actions as reports
from models.report import marks, rules, views
from models.report.intake import PhotoPart
from models.report.rules import Form, Severity
from models.report.tables import Photo, Report
from models.task import actions as tasks
from models.task.tables import Task
from tests.cast import POLICY, ZONE, Cast, later
from tests.hazard.steps import does, ticks
from tests.report.steps import SLOPE, a_photo, sends, some_words
from tests.village import CAST, MORNING, TOWN, VILLAGE

HOUSE = House(FEATURES)
WORDS = "厂里的污水池没有盖"
LIKENESS = "0f1e2d3c4b5a6978"
BELOW = ("lena", "nina", "olga", "oscar", "charlie", "otto")  # everybody below the county but Bob
# One of each kind: his own village's head, the officer above them, who reported the like, who is given it to mend.
LOOKING = ("lena", "olga", "nina", "charlie")
GUESSES = (0, "", TOWN)  # for facts of a message that this test does not know by name
# What the roster says of people, greetings, and the figures: they name no case and count every one (may_count).
ELSEWHERE = ("people.", "person.", "menu.", "stats.")

# --- what happens -----------------------------------------------------------------------------------------------------


async def told(cast: Cast, severity: Severity = Severity.L) -> int:
    """Bob tells of something in confidence: a photo, a picture file, a voice note, words and the place."""
    report_id = await sends(cast, "bob", photo=PhotoPart("secret-photo", "secret-photo"), place=SLOPE)
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        await marks.confide(session, MORNING, me, report_id, True)
    await sends(cast, "bob", photo=PhotoPart("secret-file", "secret-file", form=Form.FILE), words=some_words(WORDS))
    await sends(cast, "bob", photo=PhotoPart("secret-voice", "secret-voice", form=Form.VOICE))
    await looks_like(cast, report_id)
    async with cast.database.transaction() as session:
        await reports.submit(session, MORNING, POLICY, me, report_id, "A01", ("A01",), severity)
    return report_id


async def looks_like(cast: Cast, report_id: int) -> None:
    """Its pictures are the same as those of other reports."""
    async with cast.database.transaction() as session:
        for photo in await session.exec(select(Photo).where(Photo.report_id == report_id)):
            photo.likeness = LIKENESS
            photo.thumb = f"{report_id}-small.jpg" if photo.form is Form.FILE else None
            for nth, band in enumerate(rules.bands(LIKENESS), 1):
                setattr(photo, f"band{nth}", band)


async def known(cast: Cast, name: str = "nina") -> int:
    """What everybody may know of: the same kind on the same spot, with the same picture."""
    report_id = await sends(cast, name, photo=a_photo(), place=SLOPE)
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await reports.submit(session, MORNING, POLICY, me, report_id, "A01", ("A01",), Severity.L)
    await does(cast, "olga", hazards.accept, report_id)
    await looks_like(cast, report_id)
    return report_id


Step = Callable[[Cast, int], Awaitable[None]]


async def just_told(_cast: Cast, _report_id: int) -> None:
    """Nothing more."""


async def accepted(cast: Cast, report_id: int) -> None:
    """The county takes it on."""
    await does(cast, "carol", hazards.accept, report_id)


async def given(cast: Cast, report_id: int) -> None:
    """Somebody of another village is to mend it."""
    await does(cast, "carol", hazards.assign, report_id, cast.ids["charlie"])


async def hurried(cast: Cast, report_id: int) -> None:
    """Bob presses 一键."""
    await given(cast, report_id)
    await does(cast, "bob", hazards.nudge, report_id)


async def mended(cast: Cast, report_id: int) -> None:
    """The proof is in."""
    await given(cast, report_id)
    await proved(cast, report_id)


async def proved(cast: Cast, report_id: int) -> None:
    """Charlie hands in what was given to him."""
    await does(cast, "charlie", fixing.add_photo, report_id, a_photo())
    await does(cast, "charlie", fixing.add_place, report_id, SLOPE)
    await does(cast, "charlie", fixing.say_measure, report_id, Measure.FENCED)
    await does(cast, "charlie", fixing.hand_in, report_id)


async def closed(cast: Cast, report_id: int) -> None:
    """销号, and Bob is content."""
    await mended(cast, report_id)
    await does(cast, "carol", closing.close, report_id)
    await does(cast, "bob", closing.answer, report_id, True)


async def unsolved(cast: Cast, report_id: int) -> None:
    """销号, and Bob is not content: back to the queue, to another of the county."""
    await hurried(cast, report_id)
    await proved(cast, report_id)
    await does(cast, "carol", closing.close, report_id)
    await does(cast, "bob", closing.answer, report_id, False, "it is as it was")


STEPS: tuple[Step, ...] = (just_told, accepted, given, hurried, mended, closed, unsolved)


# --- what is seen -----------------------------------------------------------------------------------------------------


class Facts(dict[str, Any]):
    """The facts of a message, as it may be put out about a case; one nobody thought of here is guessed."""

    def __init__(self, about: int, task: int, guess: object) -> None:
        super().__init__({
            "report": about, "other": about, "into": about, "reports": [about], "task": task, "patrol": 1, "start": 0,
            "place": 0, "side": "photos", "after": 0, "page": 0, "absent": (), "too_big": False, "region": VILLAGE,
            "at": MORNING.isoformat(), "again": False, "facts": {}, "reason": "report.not_found", "state": "",
        })  # fmt: skip
        self.guess, self.guessed, self.asked = guess, False, False

    def __getitem__(self, key: str) -> Any:
        self.asked = True
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.asked = True
        return super().get(key, default)

    def __missing__(self, key: str) -> Any:
        self.guessed = True
        return self.guess


async def shown(cast: Cast, name: str, about: Sequence[int], task_ids: Sequence[int]) -> set[str]:
    """All that any screen shows to somebody when asked about these cases and tasks."""
    me, found = await cast.me(name), set()
    async with cast.database.reading() as session:
        reader = Reader(session, MORNING, catalogue("en"), ZONE, me, HOUSE, POLICY)
        for kind, render in HOUSE.renderers.items():
            if not kind.startswith(ELSEWHERE):
                found |= {f"{kind}: {each}" for each in await screens(reader, kind, render, about, task_ids)}
        for kind, line in HOUSE.task_lines.items():
            for each_id in () if kind.startswith(ELSEWHERE) else about:
                with suppress(Refused):
                    found.add(f"{kind}: {await line(reader, each_id)!r}")
    return {text for text in found if not text.endswith(": None")}


async def screens(
    reader: Reader, kind: str, render: Renderer, about: Sequence[int], task_ids: Sequence[int]
) -> set[str]:
    """What one renderer shows: about every task if it is about tasks, else about every case, with any other facts."""
    found = set()
    for each in task_ids if kind.endswith(".due") else about:
        for guess in GUESSES:
            asked = Facts(about[0], each, guess) if kind.endswith(".due") else Facts(each, 0, guess)
            # What was allowed when it was asked for may no longer be; what does not fit at all shows nothing.
            with suppress(Refused, ValueError, TypeError, AttributeError, IndexError):
                screen = await render(reader, asked)
                if screen is not None:
                    found.add(repr(screen))
            if not asked.asked:  # it is about no case
                return found
            if not asked.guessed:
                break
    return found


async def all_tasks(cast: Cast) -> list[int]:
    async with cast.database.reading() as session:
        return [task_id for task_id in await session.exec(select(Task.id).order_by(col(Task.id))) if task_id]


async def put_out_for(cast: Cast, name: str) -> list[Outgoing]:
    """What was put out for somebody."""
    async with cast.database.reading() as session:
        rows = await session.exec(
            select(Outgoing).where(or_(Outgoing.person_id == cast.ids[name], Outgoing.chat_id == CAST[name][0]))
        )
        return list(rows)


async def number_of(cast: Cast, report_id: int) -> str:
    async with cast.database.reading() as session:
        return (await session.get_one(Report, report_id)).number


ROSTER = "report.duty:"  # the day's list of a village, on which Bob stands as he did before


def of_bob(number: str = "") -> list[str]:
    """By what Bob could be told: name, phone, chat, what only he sent; the number too where it is secret."""
    secrets = ["Bob", CAST["bob"][1], CAST["bob"][1].removeprefix("+86"), "secret-file", "secret-voice", "1001"]
    return [*secrets, *([number, number[-6:], WORDS, "secret-photo"] if number else [])]


async def finds(cast: Cast, name: str, number: str) -> int:
    me = await cast.me(name)
    async with cast.database.reading() as session:
        return await views.by_number(session, me, number)


async def view_of(cast: Cast, name: str, report_id: int) -> views.View:
    me: Me = await cast.me(name)
    async with cast.database.reading() as session:
        return await views.look(session, me, report_id)


async def all_rungs(cast: Cast, days: int = 21) -> list[str]:
    """Everybody whom the clock tells of anything in so many days."""
    heard: list[str] = []
    async with cast.database.reading() as session:
        at = await tasks.next_due(session)
    while at is not None and at < MORNING + later(days=days):
        heard += await ticks(cast, at)
        async with cast.database.reading() as session:
            at = await tasks.next_due(session)
    return heard
