"""A confidential report (M032): whoever it may accuse finds nothing of it, on no screen, by no button, in no message.

The world is looked at by everybody before and after Bob told of something in confidence: for all below the county it
must not differ in a single word. Who has it to mend sees the case, and nothing of Bob.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.hazard import actions as hazards
from models.hazard import closing, fixing, likeness
from models.hazard import views as cases
from models.people import actions as people
from models.refused import Refused
from models.report import actions as reports
from models.report import marks, rules, views
from models.report.intake import PhotoPart
from models.report.rules import Form, Severity
from tests.cast import POLICY, ZONE, Cast
from tests.hazard.steps import does
from tests.privacy.confidence import (
    BELOW,
    HOUSE,
    LOOKING,
    ROSTER,
    WORDS,
    Step,
    accepted,
    all_rungs,
    all_tasks,
    closed,
    finds,
    given,
    just_told,
    known,
    looks_like,
    number_of,
    of_bob,
    put_out_for,
    shown,
    told,
    unsolved,
)
from tests.report.steps import SLOPE, a_photo, sends
from tests.village import CAST, MORNING

# Screens are words, and permission is no row: what depends on the database is tried on both.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOT_MENDING = tuple(name for name in BELOW if name != "charlie")

# --- the same world ---------------------------------------------------------------------------------------------------


@on_sqlite
async def test_for_all_below_the_county_the_world_is_as_it_was(cast: Cast) -> None:
    await cast.joins(*CAST)
    others = [await known(cast), await known(cast, "lena")]
    secret = 3
    about, tasks = [secret, *others], await all_tasks(cast)
    # One task that is not there stands for all that come.
    before = {name: await shown(cast, name, about, [*tasks, max(tasks) + 1]) for name in LOOKING}
    rows = {name: len(await put_out_for(cast, name)) for name in BELOW}
    assert await told(cast) == secret
    for step, readers in ((just_told, LOOKING), (unsolved, LOOKING[:-1])):  # in between it is given to the last of them
        await step(cast, secret)
        now = await all_tasks(cast)
        assert len(now) > len(tasks)
        for name in readers:
            assert await shown(cast, name, about, now) ^ before[name] == set(), name
        for name in BELOW if step is just_told else NOT_MENDING:
            assert len(await put_out_for(cast, name)) == rows[name], f"{name} was told something"
    number = await number_of(cast, secret)
    for name in NOT_MENDING:
        with pytest.raises(Refused, match=r"report\.not_found"):
            await finds(cast, name, number)
        said = "\n".join(f"{row.kind} {row.args} {row.text}" for row in await put_out_for(cast, name))
        assert [each for each in (number, WORDS, "secret") if each in said] == []


@on_sqlite
async def test_every_screen_about_a_case_was_really_looked_at(cast: Cast) -> None:
    """The test above proves nothing about a screen that it does not know how to ask for: the county must see it."""
    await cast.joins(*CAST)
    await known(cast)
    secret = await told(cast)
    await given(cast, secret)
    found = await shown(cast, "carol", [secret, 1], await all_tasks(cast))
    seen = {text.partition(":")[0] for text in found}
    assert {"hazard.card", "hazard.file", "hazard.voice", "hazard.where", "task.list", "hazard.fix.due"} <= seen
    assert [kind for kind in HOUSE.renderers if kind.startswith("hazard.card") and kind not in seen] == []


@on_sqlite
async def test_a_draft_in_confidence_is_hidden_before_it_is_sent(cast: Cast) -> None:
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        report_id = await marks.begin_in_confidence(session, MORNING, POLICY, ZONE, me)
    await sends(cast, "bob", photo=PhotoPart("secret-photo", "secret-photo"), place=SLOPE)
    for name in LOOKING:
        assert not [text for text in await shown(cast, name, [report_id], []) if "secret" in text or "YH-" in text]


# --- deeds ------------------------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize("name", BELOW)
async def test_nobody_below_the_county_can_do_anything_with_it(cast: Cast, name: str) -> None:
    await cast.joins(*CAST)
    secret, mine = await told(cast), await sends(cast, name, photo=a_photo(), place=SLOPE)
    await accepted(cast, secret)
    attempts: tuple[tuple[Callable[..., Awaitable[Any]], tuple[object, ...]], ...] = (
        (hazards.accept, ()), (hazards.reject, (rules.RejectReason.KNOWN,)), (hazards.escalate, ()),
        (hazards.regrade, (Severity.G, "nothing")), (hazards.assign, (cast.ids[name],)), (hazards.nudge, ()),
        (hazards.transfer, ("水利局", None)), (hazards.take_back, ()), (hazards.join, (mine,)),
        (hazards.at_village, ()), (closing.close, ()), (closing.settle, ()), (closing.answer, (True,)),
        (fixing.begin, ()), (fixing.hand_in, ()), (fixing.hand_back, ("not mine",)), (reports.withdraw, ()),
    )  # fmt: skip
    before = await cast.deeds("report", secret)
    for verb, args in attempts:
        with pytest.raises(Refused):
            await does(cast, name, verb, secret, *args)
    assert await cast.deeds("report", secret) == before


@pytest.mark.parametrize("name", ["lena", "nina", "charlie"])
async def test_nobody_joins_theirs_to_it_to_follow_it(cast: Cast, name: str) -> None:
    secret, mine = await told(cast), await sends(cast, name, photo=a_photo(), place=SLOPE)
    with pytest.raises(Refused):
        await does(cast, name, hazards.join_own, mine, secret)
    await looks_like(cast, mine)
    me = await cast.me(name)
    async with cast.database.reading() as session:
        assert list(await likeness.alike(session, MORNING, POLICY, me, mine)) == []


async def test_nor_does_the_county_by_mistake(cast: Cast) -> None:
    secret, other = await told(cast), await known(cast)
    with pytest.raises(Refused):
        await does(cast, "carol", hazards.join, other, secret)


@on_sqlite
async def test_joined_to_a_case_of_the_village_it_gives_nothing_away(cast: Cast) -> None:
    await cast.joins(*CAST)
    main, secret = await known(cast), await told(cast)
    await does(cast, "carol", hazards.join, secret, main)
    number = await number_of(cast, secret)
    for name in LOOKING:
        found = await shown(cast, name, [main, secret], await all_tasks(cast))
        said = "\n".join(text for text in found if not text.startswith(ROSTER))
        assert [each for each in of_bob(number) if each in said] == [], name
    me = await cast.me("carol")
    async with cast.database.reading() as session:
        assert "secret-file" in (await views.look(session, me, main)).files


# --- who mends it -----------------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize("step", [given, closed], ids=lambda step: str(step.__name__))
async def test_who_mends_it_sees_the_case_and_nothing_of_its_reporter(cast: Cast, step: Step) -> None:
    await cast.joins(*CAST)
    secret = await told(cast)
    await step(cast, secret)
    found = await shown(cast, "charlie", [secret], await all_tasks(cast))
    assert any(text.startswith("hazard.card") and "secret-photo" in text for text in found), "he must know what to mend"
    said = "\n".join([*found, *(f"{row.args} {row.text}" for row in await put_out_for(cast, "charlie"))])
    assert [each for each in of_bob() if each in said] == []
    me = await cast.me("charlie")
    async with cast.database.reading() as session:
        view = (await cases.look(session, POLICY, me, secret)).report
    assert (view.reporter, view.files, view.voices, view.recent) == ("", (), (), ())


async def test_what_was_mended_on_the_spot_shows_no_file_of_its_finder_either(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=PhotoPart("secret-photo", "secret-photo"), place=SLOPE)
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        await marks.confide(session, MORNING, me, report_id, True)
        await marks.on_the_spot(session, MORNING, me, report_id, True)
    for file_id, form in (("after-photo", Form.PHOTO), ("secret-file", Form.FILE)):
        await sends(cast, "bob", photo=PhotoPart(file_id, file_id, form=form))
    async with cast.database.transaction() as session:
        await reports.submit(session, MORNING, POLICY, me, report_id, "A01", ("A01",), Severity.L)
    await given(cast, report_id)
    async with cast.database.reading() as session:
        view = await views.look(session, await cast.me("charlie"), report_id)
    assert (view.after, view.files) == (("after-photo",), ())


async def test_when_who_mends_it_cannot_be_reached_the_county_hears_it_and_nobody_beside_them(cast: Cast) -> None:
    await cast.joins("bob", "lena", "nina", "olga", "carol")
    secret = await told(cast)
    await does(cast, "carol", hazards.accept, secret)
    await does(cast, "carol", hazards.assign, secret, cast.ids["lena"])
    async with cast.database.transaction() as session:
        await people.mark_unreachable(session, MORNING, CAST["lena"][0], "blocked")
    assert set(await all_rungs(cast)) == {"carol"}
