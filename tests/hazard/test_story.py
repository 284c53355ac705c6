"""经过: the whole story of a case, in words for every step, and without a reporter for who may not know them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from handlers.hazard import deeds, story
from handlers.hazard.deeds import Tongue, say
from handlers.kit import clock_time
from locales import catalogue
from models.hazard import actions as hazards
from models.hazard import closing, fixing
from models.hazard import story as told
from models.hazard.story import Shot, Step, Story, Who
from models.people.rules import Role
from models.policy import Mark
from models.refused import Refused
from models.report.intake import PhotoPart
from models.report.rules import Form, Status
from tests.cast import ZONE, Cast, later
from tests.hazard.steps import (
    assigned,
    changed,
    closed,
    does,
    fixed,
    mends,
    on_the_spot,
    registered,
    secret,
    submitted,
    verbs,
)
from tests.report.steps import SLOPE, a_photo, sends, submits
from tests.village import MORNING, VILLAGE

MODELS = Path(__file__).resolve().parents[2] / "models"


async def as_told(cast: Cast, name: str, report_id: int) -> Story:
    """The story as somebody reads it."""
    me = await cast.me(name)
    async with cast.database.reading() as session:
        return await told.story(session, me, report_id)


def text(read: Story, locale: str = "en") -> str:
    """The story in words."""
    tongue = Tongue(catalogue(locale), lambda moment: clock_time(moment, MORNING, ZONE))
    return "\n".join(say(tongue, step) for step in read.steps)


def names(read: Story) -> list[str]:
    return [step.verb for step in read.steps]


# --- words for everything ---------------------------------------------------------------------------------------------


def verbs_written() -> Iterator[tuple[str, str]]:
    """(place, verb) of everything the code writes into the journal of a case; "?" for what this test cannot read."""
    for path in sorted(MODELS.rglob("*.py")):
        module = ast.parse(path.read_text("utf-8"))
        for function in [node for node in ast.walk(module) if isinstance(node, ast.AsyncFunctionDef)]:
            for call in [node for node in ast.walk(function) if isinstance(node, ast.Call)]:
                place = f"{path.relative_to(MODELS)}:{call.lineno}"
                yield from ((place, verb) for verb in verbs_of(call, Scope(module, function)))


@dataclass(frozen=True)
class Scope:
    """Where a name of a call may come from."""

    module: ast.Module
    function: ast.AsyncFunctionDef

    def values(self, name: str) -> list[ast.expr]:
        """What is assigned to it, alone or with others, in the function or in the module."""
        nodes = [*ast.walk(self.function), *self.module.body]
        assigned = [node for node in nodes if isinstance(node, ast.Assign)]
        return [node.value for node in assigned if name in ast.unparse(node.targets[0]).strip("()").split(", ")]

    def texts(self, table: str) -> list[str]:
        """Every text that a table of the module gives."""
        found = [value for value in self.values(table) if isinstance(value, ast.Dict)]
        inside = [node for value in found for each in value.values for node in ast.walk(each)]
        return [str(node.value) for node in inside if isinstance(node, ast.Constant)]


def verbs_of(call: ast.Call, scope: Scope) -> list[str]:
    name = ast.unparse(call.func)
    if name == "journal.write" and len(call.args) > 4 and ast.unparse(call.args[4]) == "'report'":
        return meant(call.args[3], scope)
    if name in ("reports.move", "move") and scope.function.name != "move":
        return [verb for word in call.keywords if word.arg == "verb" for verb in meant(word.value, scope)]
    return meant(call.args[5], scope) if name == "to_queue" else []


def meant(verb: ast.expr, scope: Scope) -> list[str]:
    """The texts an expression may be: a text, one of two, a name that holds such, or what the door of moves writes."""
    if isinstance(verb, ast.Constant):
        return [str(verb.value)]
    if isinstance(verb, ast.IfExp):
        return [*meant(verb.body, scope), *meant(verb.orelse, scope)]
    if isinstance(verb, ast.Subscript):
        return scope.texts(ast.unparse(verb.value))
    if ast.unparse(verb) == "verb or new":
        return [status for status in Status if status is not Status.DRAFT]
    if ast.unparse(verb) == "mark":
        return [mark for mark in get_args(Mark) if mark]
    if ast.unparse(verb) in [argument.arg for argument in scope.function.args.args]:
        return []  # whoever calls it is looked at
    return [text for value in scope.values(ast.unparse(verb)) for text in meant(value, scope)] or ["?"]


def test_every_verb_of_a_case_has_words() -> None:
    written = list(verbs_written())
    assert len({verb for _, verb in written}) > 30
    assert [f"{place}: {verb}" for place, verb in written if verb not in deeds.SAID] == []


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("verb", deeds.SAID)
def test_words_want_no_fact_that_may_be_missing(verb: str, locale: str) -> None:
    tongue = Tongue(catalogue(locale), lambda moment: clock_time(moment, MORNING, ZONE))
    for who in Who:
        assert say(tongue, Step(MORNING, verb, told.Actor(who, "Olga"), 1))


async def test_what_people_wrote_is_no_markup(cast: Cast) -> None:
    report_id = await fixed(cast)
    await does(cast, "olga", closing.send_back, report_id, "<b>no</b>")
    assert "&lt;b&gt;no&lt;/b&gt;" in text(await as_told(cast, "olga", report_id))


# --- in order, with photos --------------------------------------------------------------------------------------------


async def test_a_case_is_told_from_the_finding_to_the_closing(cast: Cast) -> None:
    report_id = await assigned(cast)
    await does(cast, "lena", fixing.wish, report_id, later(days=3), "weather", at=MORNING + later(hours=1))
    await does(cast, "olga", fixing.grant, report_id, True, at=MORNING + later(hours=2))
    await mends(cast, "lena", report_id, at=MORNING + later(days=1))
    await does(cast, "oscar", closing.send_back, report_id, "half", at=MORNING + later(days=1, hours=1))
    await mends(cast, "lena", report_id, at=MORNING + later(days=2))
    await does(cast, "oscar", closing.close, report_id, at=MORNING + later(days=2, hours=1))
    await does(cast, "bob", closing.answer, report_id, True, at=MORNING + later(days=3))
    read = await as_told(cast, "carol", report_id)
    assert names(read) == await verbs(cast, report_id)
    words = text(read)
    assert "Bob reported it" in words
    assert "Olga gave it to Lena, to be mended by 07-" in words
    assert "Lena asked for more time (3 d) · “Weather”" in words
    assert "Oscar sent it back to be mended · “Not wholly mended”" in words
    assert "Lena mended it and handed in the proof · Repaired · Taken 0 m from the spot" in words
    assert "Oscar checked and closed it" in words
    assert "Bob: content with it" in words


async def test_each_photo_stands_at_the_step_it_came_with(cast: Cast) -> None:
    report_id = await fixed(cast)
    await does(cast, "oscar", closing.send_back, report_id, "half")
    await mends(cast, "lena", report_id)
    read = await as_told(cast, "olga", report_id)
    with_shots = [(step.verb, step.fact("round"), [shot.after for shot in step.shots]) for step in read.steps]
    assert [each for each in with_shots if each[2]] == [
        ("submitted", None, [None]),
        ("fixed", 1, [1]),
        ("fixed", 2, [2]),
    ]


async def test_photos_between_two_steps_have_one_of_their_own(cast: Cast) -> None:
    report_id = await submitted(cast)
    soon = MORNING + later(minutes=2)
    assert await sends(cast, "bob", photo=a_photo(), at=soon) == report_id
    assert await sends(cast, "bob", photo=a_photo(), at=soon) == report_id
    await does(cast, "olga", hazards.accept, report_id, at=MORNING + later(hours=1))
    await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"], at=MORNING + later(hours=1))
    await does(cast, "lena", fixing.add_photo, report_id, a_photo(), at=MORNING + later(hours=2))
    read = await as_told(cast, "olga", report_id)
    assert [verb for verb in names(read) if verb != "begin"] == [
        "submitted", "photos", "accepted", "registered", "assigned", "photos",
    ]  # fmt: skip
    assert [(step.actor.name, len(step.shots)) for step in read.steps if step.verb == "photos"] == [
        ("Bob", 2), ("Lena", 1),
    ]  # fmt: skip


async def test_what_was_mended_on_the_spot_is_told_whole(cast: Cast) -> None:
    report_id = await on_the_spot(cast)
    await does(cast, "olga", closing.settle, report_id)
    read = await as_told(cast, "carol", report_id)
    assert [(step.verb, len(step.shots)) for step in read.steps if step.shots] == [("submitted", 1), ("fixed", 1)]
    assert "Bob mended it and handed in the proof · Mended on the spot" in text(read)


async def test_before_it_is_settled_both_photos_came_with_the_report(cast: Cast) -> None:
    report_id = await on_the_spot(cast)
    read = await as_told(cast, "olga", report_id)
    assert [(step.verb, [shot.after for shot in step.shots]) for step in read.steps if step.shots] == [
        ("submitted", [None, 1])
    ]


async def test_reports_that_joined_belong_to_the_story(cast: Cast) -> None:
    report_id = await registered(cast)
    other = await submitted(cast, "nina")
    await does(cast, "olga", hazards.join, other, report_id)
    read = await as_told(cast, "olga", report_id)
    joined = [step for step in read.steps if step.joined]
    assert [step.verb for step in joined] == ["begin", "submitted", "duplicate"]
    assert joined[1].actor.name == "Nina"
    (supported,) = [step for step in read.steps if step.verb == "supported"]
    assert supported.other.startswith("YH-")


# --- who may know -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["charlie", "otto", "nina"])
async def test_nobody_else_hears_of_it(cast: Cast, name: str) -> None:
    report_id = await registered(cast)
    with pytest.raises(Refused, match=r"report\.not_found"):
        await as_told(cast, name, report_id)


async def test_a_neighbour_hears_the_story_without_the_reporter(cast: Cast) -> None:
    report_id = await closed(cast)
    await does(cast, "bob", closing.answer, report_id, False, "behind my house")
    await sends(cast, "bob", photo=PhotoPart("voice", "voice", form=Form.VOICE))
    async with cast.database.transaction() as session:
        neighbour = await cast.another(session, Role.GRID_WORKER, VILLAGE)
    name = next(name for name, each in cast.ids.items() if each == neighbour)
    read = await as_told(cast, name, report_id)
    assert "Bob" not in text(read)
    assert "The reporter reported it" in text(read)
    assert "Oscar checked and closed it" in text(read)


async def secretly_closed(cast: Cast) -> int:
    """Bob reports in confidence; Carol of the county leads, Lena mends."""
    report_id = await secret(cast)
    await does(cast, "carol", hazards.accept, report_id)
    await does(cast, "carol", hazards.assign, report_id, cast.ids["lena"])
    await does(cast, "bob", hazards.nudge, report_id)
    await mends(cast, "lena", report_id)
    await does(cast, "carol", closing.close, report_id)
    return report_id


async def test_in_a_confidential_case_nothing_tells_who_reported_it(cast: Cast) -> None:
    report_id = await secretly_closed(cast)
    await does(cast, "bob", closing.answer, report_id, True, "behind my house")
    read = await as_told(cast, "lena", report_id)
    assert names(read) == ["submitted", "accepted", "registered", "assigned", "fixed", "closed", "satisfied"]
    assert "Bob" not in text(read)
    assert "behind my house" not in text(read)
    assert all(cast.ids["bob"] not in (step.fact("to"), step.fact("person")) for step in read.steps)
    assert all(
        step.actor.who in (Who.REPORTER, Who.CLOCK) or step.actor.name in ("Carol", "Lena") for step in read.steps
    )
    with pytest.raises(Refused):
        await as_told(cast, "olga", report_id)
    for name in ("carol", "bob"):
        assert "Bob: content with it · “behind my house”" in text(await as_told(cast, name, report_id))


async def test_the_voice_of_a_hidden_reporter_is_not_heard(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=PhotoPart("words", "words", form=Form.VOICE))
    for part in (a_photo(), PhotoPart("raw", "raw", form=Form.FILE)):
        await sends(cast, "bob", photo=part)
    await sends(cast, "bob", place=SLOPE)
    await changed(cast, report_id, confidential=True)
    await submits(cast, "bob", report_id)
    await does(cast, "carol", hazards.accept, report_id)
    await does(cast, "carol", hazards.assign, report_id, cast.ids["lena"])

    def forms(read: Story) -> list[Form]:
        return [shot.form for step in read.steps for shot in step.shots]

    assert forms(await as_told(cast, "lena", report_id)) == [Form.PHOTO]
    assert forms(await as_told(cast, "carol", report_id)) == [Form.VOICE, Form.PHOTO, Form.FILE]


async def test_a_confidential_report_that_joined_stays_in_confidence(cast: Cast) -> None:
    report_id = await registered(cast)
    other = await secret(cast, "nina")
    await does(cast, "carol", hazards.join, other, report_id)
    for name, knows in (("olga", False), ("lena", False), ("carol", True)):
        read = await as_told(cast, name, report_id)
        assert ("Nina" in text(read)) is knows
        assert any(step.joined for step in read.steps) is knows
        assert "Somebody else reported it too" in text(read)


# --- pages ------------------------------------------------------------------------------------------------------------


def test_a_page_never_overflows_a_message_and_once_full_stays_as_it_is() -> None:
    lines = [f"{number} " + "滑🪨" * (number % 200) for number in range(300)]
    laid = story.pages(lines)
    assert [line for page in laid for line in page] == lines
    assert all(sum(len(line.encode("utf-16-le")) // 2 + 1 for line in page) < 4000 for page in laid)
    assert story.pages([*lines, "one more"])[: len(laid) - 1] == laid[:-1]
    assert story.pages([]) == [[]]


def test_what_telegram_no_longer_has_is_not_offered() -> None:
    shots = (Shot(1, 1, Form.PHOTO, None, "file"), Shot(2, 1, Form.PHOTO, None, ""), Shot(3, 1, Form.PHOTO, 1, "after"))
    step = Step(MORNING, "submitted", told.Actor(Who.CLOCK), 1, shots=shots)
    assert [shot.id for shot in story._shots([step], 0)] == [1]
    assert [shot.id for shot in story._shots([step], 1)] == [3]
