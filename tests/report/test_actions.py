"""A report goes to the officers of its township and to no others, and can be taken back for a while."""

from __future__ import annotations

from functools import partial

import pytest

from models.hazard import actions as hazards
from models.people.rules import Role
from models.refused import Refused
from models.report import actions as reports
from models.report import intake
from models.report.rules import PlaceSource, Severity, Status
from models.task import actions as tasks
from tests.cast import POLICY, Cast, later
from tests.report.steps import KINDS, SLOPE, a_photo, seen, sends, some_words, status, submits, submitted, withdraws
from tests.village import MORNING, TOWN

# Sending


async def test_one_tap_sends_it_to_the_officers_of_the_township_and_no_others(cast: Cast) -> None:
    await cast.joins("bob", "lena", "nina", "olga", "oscar", "charlie", "otto", "carol")
    report_id = await submitted(cast)
    assert await status(cast, report_id) is Status.SUBMITTED
    assert await cast.sent("hazard.card") == ["olga", "oscar"]
    assert set(await cast.sent("report.screen")) == {"bob"}
    assert await cast.deeds("report", report_id) == ["begin", "submitted"]
    async with cast.database.reading() as session:
        task = await tasks.find(session, reports.VERIFY, report_id)
    assert task is not None
    assert (task.role, task.region_code, task.due_at) == (Role.TOWNSHIP_OFFICER, TOWN, MORNING + later(hours=24))


async def test_with_nobody_in_the_township_the_county_gets_the_card(cast: Cast) -> None:
    await cast.joins("otto", "carol")
    await submitted(cast)
    assert await cast.sent("hazard.card") == ["carol"]


async def test_an_officers_own_report_goes_to_the_other_officer(cast: Cast) -> None:
    await cast.joins("olga", "oscar", "carol")
    await submitted(cast, "olga")
    assert await cast.sent("hazard.card") == ["oscar"]


async def test_the_only_officers_own_report_goes_to_the_county(cast: Cast) -> None:
    await cast.joins("olga", "carol")
    await submitted(cast, "olga")
    assert await cast.sent("hazard.card") == ["carol"], "or nobody could decide it"


@pytest.mark.parametrize("lacking", [{"photo": None, "place": SLOPE}, {"photo": a_photo(), "place": None}])
async def test_an_incomplete_report_is_not_sent_by_hand(cast: Cast, lacking: dict[str, object]) -> None:
    report_id = await sends(cast, "bob", **lacking)  # type: ignore[arg-type]  # one of the two is empty
    with pytest.raises(Refused, match=r"report\.incomplete"):
        await submits(cast, "bob", report_id)
    assert await status(cast, report_id) is Status.DRAFT


async def test_the_village_may_stand_for_the_place_and_the_photo_be_missing(cast: Cast) -> None:
    report_id = await sends(cast, "bob", words=some_words("路塌了"))
    bob = await cast.me("bob")
    async with cast.database.transaction() as session:
        await intake.use_village(session, MORNING, bob, report_id)
        await intake.waive_photo(session, MORNING, bob, report_id)
    await submits(cast, "bob", report_id)
    view = await seen(cast, report_id)
    assert (view.status, view.source, view.latitude) == (Status.SUBMITTED, PlaceSource.VILLAGE, None)


async def test_an_unknown_kind_is_refused(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    with pytest.raises(Refused, match=r"report\.no_kind"):
        await submits(cast, "bob", report_id, "Z9")


async def test_nobody_touches_the_report_of_another(cast: Cast) -> None:
    report_id = await sends(cast, "bob", photo=a_photo(), place=SLOPE)
    lena = await cast.me("lena")
    deeds = (
        partial(reports.submit, policy=POLICY, kind="A1", known=KINDS),
        partial(reports.withdraw, policy=POLICY),
        intake.use_village,
        intake.waive_photo,
    )
    for deed in deeds:
        async with cast.database.reading() as session:
            with pytest.raises(Refused, match=r"report\.not_found"):
                await deed(session, MORNING, me=lena, report_id=report_id)
    assert await status(cast, report_id) is Status.DRAFT


async def test_a_second_tap_changes_nothing(cast: Cast) -> None:
    await cast.joins("olga")
    report_id = await submitted(cast)
    await submits(cast, "bob", report_id)
    assert await cast.sent("hazard.card", "send") == ["olga"]
    async with cast.database.reading() as session:
        assert await tasks.find(session, reports.VERIFY, report_id) is not None


# Withdrawing


async def test_a_withdrawn_report_waits_on_nobody(cast: Cast) -> None:
    await cast.joins("olga")
    report_id = await submitted(cast)
    await withdraws(cast, "bob", report_id, at=MORNING + later(minutes=10))
    assert await status(cast, report_id) is Status.WITHDRAWN
    assert await cast.sent("hazard.card", "edit") == ["olga"]
    async with cast.database.reading() as session:
        assert await tasks.find(session, reports.VERIFY, report_id) is None


async def test_what_others_joined_is_not_withdrawn(cast: Cast) -> None:
    report_id, other = await submitted(cast), await submitted(cast, "nina")
    nina = await cast.me("nina")
    async with cast.database.transaction() as session:
        await hazards.join_own(session, MORNING, POLICY, nina, other, report_id)
    with pytest.raises(Refused, match=r"report\.joined"):
        await withdraws(cast, "bob", report_id)
    assert await status(cast, report_id) is Status.SUBMITTED, "or what Nina found would be lost"


async def test_naming_an_urgent_kind_later_makes_it_an_alarm(cast: Cast) -> None:
    await cast.joins("olga", "lena")
    report_id = await submitted(cast)
    bob = await cast.me("bob")
    async with cast.database.transaction() as session:
        await reports.submit(session, MORNING, POLICY, bob, report_id, "B2", KINDS, Severity.E)
    async with cast.database.reading() as session:
        assert await tasks.find(session, reports.VERIFY, report_id) is None
        assert await tasks.find(session, reports.EMERGENCY, report_id) is not None
    assert await cast.sent("hazard.card", "send") == ["olga", "olga", "lena"], (
        "and the head of the village, who is near"
    )


async def test_an_alarm_about_an_escalated_report_stays_with_the_county(cast: Cast) -> None:
    report_id = await submitted(cast)
    bob, olga = await cast.me("bob"), await cast.me("olga")
    async with cast.database.transaction() as session:
        await hazards.escalate(session, MORNING, POLICY, olga, report_id)
    async with cast.database.transaction() as session:
        await reports.raise_alarm(session, MORNING, POLICY, bob, report_id)
    async with cast.database.reading() as session:
        task = await tasks.find(session, reports.EMERGENCY, report_id)
    assert task is not None
    assert task.role is Role.COUNTY_ADMIN


async def test_it_is_too_late_once_officers_work_on_it(cast: Cast) -> None:
    report_id = await submitted(cast)
    with pytest.raises(Refused, match=r"report\.too_late"):
        await withdraws(cast, "bob", report_id, at=MORNING + later(minutes=11))
    olga = await cast.me("olga")
    async with cast.database.transaction() as session:
        await hazards.accept(session, MORNING, POLICY, olga, report_id)
    for deed in (withdraws, submits):
        with pytest.raises(Refused, match=r"report\.moved_on"):
            await deed(cast, "bob", report_id)
