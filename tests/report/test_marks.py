"""保密上报 and 当场已整改 are said before a report is sent, and mean what they say from that moment on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlmodel import col, select

from models.hazard import actions as hazards
from models.hazard import fixing
from models.hazard.rules import Measure
from models.people.rules import Role
from models.refused import Refused
from models.report import actions as reports
from models.report import intake, marks
from models.report.intake import PhotoPart
from models.report.rules import Form, Part, Status
from models.report.tables import Photo, Report
from models.task.tables import Task
from tests.cast import POLICY, ZONE, Cast, later
from tests.hazard.steps import does
from tests.report.steps import KINDS, SLOPE, a_photo, seen, sends, status, submits, submitted
from tests.village import COUNTY, MORNING, TOWN


async def says(cast: Cast, name: str, verb: Callable[..., Awaitable[Any]], report_id: int, *args: Any) -> None:
    """Somebody presses a toggle."""
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await verb(session, MORNING, me, report_id, *args)


async def after(cast: Cast, report_id: int) -> list[int | None]:
    """Which round of mending each photo shows the end of."""
    async with cast.database.reading() as session:
        rows = await session.exec(
            select(Photo.after_round).where(Photo.report_id == report_id).order_by(col(Photo.nth))
        )
        return list(rows)


async def tasks(cast: Cast) -> list[tuple[Role, str, str]]:
    """Every task: whose, where, and along which path it climbs."""
    async with cast.database.reading() as session:
        return [(task.role, task.region_code, task.place_path) for task in await session.exec(select(Task))]


# --- in confidence ----------------------------------------------------------------------------------------------------


async def test_a_confidential_report_goes_to_the_county_and_climbs_there_alone(cast: Cast) -> None:
    await cast.joins("bob", "lena", "olga", "oscar", "carol")
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    await says(cast, "bob", marks.confide, report_id, True)
    await submits(cast, "bob", report_id)
    assert await cast.sent("hazard.card") == ["carol"]
    assert await tasks(cast) == [(Role.COUNTY_ADMIN, COUNTY, f"/{COUNTY}/")]
    assert "confidential" in await cast.deeds("report", report_id)


async def test_an_alarm_told_in_confidence_does_not_wake_the_village_head(cast: Cast) -> None:
    await cast.joins("lena", "olga", "carol")
    report_id = await sends(cast, "bob", photo=a_photo())
    await says(cast, "bob", marks.confide, report_id, True)
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        await reports.raise_alarm(session, MORNING, POLICY, me, report_id)
    assert await cast.sent("hazard.card") == ["carol"]


async def test_one_can_begin_in_confidence_before_anything_was_sent(cast: Cast) -> None:
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        report_id = await marks.begin_in_confidence(session, MORNING, POLICY, ZONE, me)
    assert (await seen(cast, report_id, "bob")).confidential
    assert await sends(cast, "bob", photo=a_photo()) == report_id, "what follows belongs to it"
    for name in ("lena", "olga", "oscar"):
        with pytest.raises(Refused, match=r"report\.not_found"):
            await seen(cast, report_id, name)


async def test_pressing_twice_is_pressing_once_and_it_can_be_taken_back(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo())
    for on in (True, True, False):
        await says(cast, "bob", marks.confide, report_id, on)
    assert not (await seen(cast, report_id, "bob")).confidential
    assert await cast.deeds("report", report_id) == ["begin", "confidential", "public"]


@pytest.mark.parametrize("verb", [marks.confide, marks.on_the_spot])
async def test_what_was_sent_cannot_become_confidential_or_mended(cast: Cast, verb: Callable[..., Any]) -> None:
    report_id = await submitted(cast)
    with pytest.raises(Refused, match=r"report\.moved_on"):
        await says(cast, "bob", verb, report_id, True)


@pytest.mark.parametrize("verb", [marks.confide, marks.on_the_spot])
async def test_nobody_else_presses_the_toggles(cast: Cast, verb: Callable[..., Any]) -> None:
    report_id = await sends(cast, "bob", photo=a_photo())
    for name in ("lena", "nina", "olga", "carol"):
        with pytest.raises(Refused, match=r"report\.not_found"):
            await says(cast, name, verb, report_id, True)


async def test_a_forgotten_confidential_draft_goes_to_the_county_too(cast: Cast) -> None:
    await cast.joins("olga", "carol")
    report_id = await sends(cast, "bob", photo=a_photo())
    await says(cast, "bob", marks.confide, report_id, True)
    for hours in (1, 4):
        async with cast.database.transaction() as session:
            await reports.nudge(session, MORNING + later(hours=hours), POLICY, report_id)
    assert await status(cast, report_id) is Status.SUBMITTED
    assert await cast.sent("hazard.card") == ["carol"]


# --- mended on the spot -----------------------------------------------------------------------------------------------


async def test_said_before_the_first_photo_the_first_one_shows_how_it_was(cast: Cast) -> None:
    report_id = await sends(cast, "bob", place=SLOPE)
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    for photo in (a_photo(), a_photo(), a_photo()):
        assert await sends(cast, "bob", photo=photo) == report_id
    assert await after(cast, report_id) == [None, 1, 1]


async def test_said_after_the_first_photos_the_next_one_shows_the_end(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    await sends(cast, "bob", photo=a_photo())
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    assert (await seen(cast, report_id, "bob")).wants_after
    await sends(cast, "bob", photo=a_photo())
    assert await after(cast, report_id) == [None, None, 1]
    view = await seen(cast, report_id, "bob")
    assert (len(view.photos), len(view.after), view.wants_after) == (2, 1, False)


async def test_the_photo_after_may_come_hours_later_and_on_a_round(cast: Cast) -> None:
    """Mending takes its time; meanwhile Bob may even have begun a round."""
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        await intake.start_patrol(session, MORNING, me)
    assert await sends(cast, "bob", photo=a_photo(), at=MORNING + later(hours=2)) == report_id
    assert await sends(cast, "bob", photo=a_photo(), at=MORNING + later(hours=2)) != report_id
    assert await after(cast, report_id) == [None, 1]


async def test_without_the_photo_after_it_is_not_sent(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    with pytest.raises(Refused, match=r"report\.no_after"):
        await submits(cast, "bob", report_id)
    await sends(cast, "bob", photo=a_photo())
    await submits(cast, "bob", report_id)
    view = await seen(cast, report_id, "olga")
    assert (view.on_spot, len(view.photos), len(view.after)) == (True, 1, 1)


async def test_it_may_still_follow_when_the_clock_has_sent_the_report(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    for hours in (1, 4):
        async with cast.database.transaction() as session:
            await reports.nudge(session, MORNING + later(hours=hours), POLICY, report_id)
    assert (await seen(cast, report_id, "bob")).wants_after
    await sends(cast, "bob", photo=a_photo(), at=MORNING + later(hours=5))
    assert await after(cast, report_id) == [None, 1]
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        await reports.submit(session, MORNING + later(hours=5), POLICY, me, report_id, "A1", KINDS)


async def test_of_photos_sent_together_the_last_can_be_the_one_after(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo("album"), place=SLOPE)
    await sends(cast, "bob", photo=a_photo("album"))
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    await says(cast, "bob", marks.last_is_after, report_id)
    assert await after(cast, report_id) == [None, 1]
    with pytest.raises(Refused, match=r"report\.no_after"):
        await says(cast, "bob", marks.last_is_after, report_id)


async def test_taken_back_all_photos_show_the_hazard_again(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    await sends(cast, "bob", photo=a_photo())
    await says(cast, "bob", marks.on_the_spot, report_id, False)
    assert await after(cast, report_id) == [None, None]
    await submits(cast, "bob", report_id)


async def test_a_voice_note_is_no_photo_after(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    await sends(cast, "bob", photo=PhotoPart("voice", "voice", form=Form.VOICE))
    assert (await seen(cast, report_id, "bob")).wants_after


async def test_what_was_another_hazard_is_no_photo_after_there(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    await sends(cast, "bob", photo=a_photo())
    await submits(cast, "bob", report_id)
    await sends(cast, "bob", photo=a_photo(), at=MORNING + later(minutes=2))
    me = await cast.me("bob")
    async with cast.database.transaction() as session:
        await intake.another(session, MORNING + later(minutes=3), POLICY, ZONE, me, report_id)
    async with cast.database.reading() as session:
        (other,) = (await session.exec(select(Report.id).where(Report.id != report_id))).all()
    assert await after(cast, other or 0) == [None]
    assert (await seen(cast, other or 0, "bob")).missing == (Part.PLACE, Part.KIND)


async def test_the_finders_photo_is_no_proof_of_whoever_mends_it_after_all(cast: Cast) -> None:
    """Olga finds it graver than Bob did, and gives it to Lena."""
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    await says(cast, "bob", marks.on_the_spot, report_id, True)
    await sends(cast, "bob", photo=a_photo())
    await submits(cast, "bob", report_id)
    await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])
    await does(cast, "lena", fixing.add_place, report_id, SLOPE)
    await does(cast, "lena", fixing.say_measure, report_id, Measure.REPAIRED)
    with pytest.raises(Refused, match=r"hazard\.no_photo"):
        await does(cast, "lena", fixing.hand_in, report_id)


# --- a kind for later -------------------------------------------------------------------------------------------------


async def test_a_kind_can_be_named_without_sending(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    me = await cast.me("bob")
    for kind, known in (("B2", True), ("Z9", False)):
        async with cast.database.transaction() as session:
            if known:
                await marks.name_kind(session, MORNING, me, report_id, kind, KINDS)
            else:
                with pytest.raises(Refused, match=r"report\.no_kind"):
                    await marks.name_kind(session, MORNING, me, report_id, kind, KINDS)
    view = await seen(cast, report_id, "bob")
    assert (view.kind, view.status) == ("B2", Status.DRAFT)
    assert TOWN in view.number
