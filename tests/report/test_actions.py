"""A report goes to the officers of its township and to no others, and is decided once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import pytest

from models.people.rules import Role
from models.refused import Refused
from models.report import actions as reports
from models.report import intake, views
from models.report.rules import PlaceSource, RejectReason, Status
from models.task import actions as tasks
from tests.cast import POLICY, Cast, later, on_postgresql
from tests.report.steps import KINDS, SLOPE, a_photo, seen, sends, some_words, status, submits, submitted, withdraws
from tests.village import MORNING, TOWN


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.reason


async def accepts(cast: Cast, name: str, report_id: int, at: datetime = MORNING) -> None:
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await reports.accept(session, at, me, report_id)


async def rejects(
    cast: Cast, name: str, report_id: int, why: RejectReason = RejectReason.UNCLEAR, words: str = ""
) -> None:
    me = await cast.me(name)
    async with cast.database.transaction() as session:
        await reports.reject(session, MORNING, me, report_id, why, words)


# Sending


async def test_one_tap_sends_it_to_the_officers_of_the_township_and_no_others(cast: Cast) -> None:
    await cast.joins("bob", "lena", "nina", "olga", "oscar", "charlie", "otto", "carol")
    report_id = await submitted(cast)
    assert await status(cast, report_id) is Status.SUBMITTED
    assert await cast.sent("report.card") == ["olga", "oscar"]
    assert set(await cast.sent("report.screen")) == {"bob"}
    assert await cast.deeds("report", report_id) == ["begin", "submitted"]
    async with cast.database.reading() as session:
        task = await tasks.find(session, reports.VERIFY, report_id)
    assert task is not None
    assert (task.role, task.region_code, task.due_at) == (Role.TOWNSHIP_OFFICER, TOWN, MORNING + later(hours=24))


async def test_with_nobody_in_the_township_the_county_gets_the_card(cast: Cast) -> None:
    await cast.joins("otto", "carol")
    await submitted(cast)
    assert await cast.sent("report.card") == ["carol"]


async def test_an_officers_own_report_goes_to_the_other_officer(cast: Cast) -> None:
    await cast.joins("olga", "oscar", "carol")
    await submitted(cast, "olga")
    assert await cast.sent("report.card") == ["oscar"]


async def test_the_only_officers_own_report_goes_to_the_county(cast: Cast) -> None:
    await cast.joins("olga", "carol")
    await submitted(cast, "olga")
    assert await cast.sent("report.card") == ["carol"], "or nobody could decide it"


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
    assert await cast.sent("report.card", "send") == ["olga"]
    async with cast.database.reading() as session:
        assert await tasks.find(session, reports.VERIFY, report_id) is not None


# Deciding


async def test_an_officer_takes_it_on_and_everybody_sees_it_where_they_saw_it_before(cast: Cast) -> None:
    await cast.joins("bob", "olga", "oscar")
    report_id = await submitted(cast)
    await accepts(cast, "olga", report_id, at=MORNING + later(minutes=5))
    view = await seen(cast, report_id)
    assert (view.status, view.decided_by, view.decided_at) == (Status.ACCEPTED, "Olga", MORNING + later(minutes=5))
    assert await cast.sent("report.card", "edit") == ["olga", "oscar"]
    assert (await cast.sent("report.screen", "edit"))[-1] == "bob"
    assert await cast.deeds("report", report_id) == ["begin", "submitted", "accepted"]
    async with cast.database.reading() as session:
        assert await tasks.find(session, reports.VERIFY, report_id) is None


async def test_a_rejection_has_a_reason_the_reporter_reads(cast: Cast) -> None:
    report_id = await submitted(cast)
    await rejects(cast, "oscar", report_id, RejectReason.OTHER, "  不在本镇  ")
    view = await seen(cast, report_id, by="bob")
    assert (view.status, view.reject_reason, view.reject_words) == (Status.REJECTED, RejectReason.OTHER, "不在本镇")
    assert view.decided_by == "Oscar"


async def test_other_reasons_want_words(cast: Cast) -> None:
    report_id = await submitted(cast)
    with pytest.raises(Refused, match=r"report\.reason_needed"):
        await rejects(cast, "olga", report_id, RejectReason.OTHER, " ")
    assert await status(cast, report_id) is Status.SUBMITTED


@pytest.mark.parametrize("decide", [accepts, rejects])
@pytest.mark.parametrize(
    ("name", "why"),
    [("otto", "report.not_your_township"), ("lena", "report.not_your_township"), ("bob", "report.not_your_township")],
)
async def test_others_decide_nothing(
    cast: Cast, decide: Callable[[Cast, str, int], Awaitable[None]], name: str, why: str
) -> None:
    report_id = await submitted(cast)
    with pytest.raises(Refused) as refused:
        await decide(cast, name, report_id)
    assert reason(refused) == why
    assert await status(cast, report_id) is Status.SUBMITTED


@pytest.mark.parametrize("decide", [accepts, rejects])
async def test_nobody_decides_about_their_own(cast: Cast, decide: Callable[[Cast, str, int], Awaitable[None]]) -> None:
    report_id = await submitted(cast, "olga")
    with pytest.raises(Refused, match=r"report\.own_report"):
        await decide(cast, "olga", report_id)
    await decide(cast, "carol", report_id)


@pytest.mark.parametrize("decide", [accepts, rejects])
async def test_what_is_unfinished_withdrawn_or_decided_is_not_decided(
    cast: Cast, decide: Callable[[Cast, str, int], Awaitable[None]]
) -> None:
    draft, given_up, decided = await sends(cast, "bob", photo=a_photo()), await submitted(cast, "lena"), 0
    await withdraws(cast, "lena", given_up)
    decided = await submitted(cast, "nina")
    await accepts(cast, "oscar", decided)
    for report_id, there in ((draft, Status.DRAFT), (given_up, Status.WITHDRAWN), (decided, Status.ACCEPTED)):
        with pytest.raises(Refused) as refused:
            await decide(cast, "olga", report_id)
        assert (reason(refused), refused.value.facts) == ("report.moved_on", {"status": there})
    with pytest.raises(Refused, match=r"report\.not_found"):
        await decide(cast, "olga", 4711)


async def test_of_two_officers_at_once_exactly_one_wins(cast: Cast) -> None:
    report_id = await submitted(cast)
    outcomes = await asyncio.gather(
        accepts(cast, "olga", report_id), rejects(cast, "oscar", report_id), return_exceptions=True
    )
    there = await status(cast, report_id)
    assert there in (Status.ACCEPTED, Status.REJECTED)
    lost = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert [(each.reason, each.facts) for each in lost] == [("report.moved_on", {"status": there})]
    assert (await cast.deeds("report", report_id))[2:] == [there]


@on_postgresql
async def test_the_slower_officer_is_told_what_the_quicker_one_decided(cast: Cast) -> None:
    report_id = await submitted(cast)
    oscar = await cast.me("oscar")
    async with cast.database.reading() as session:
        await views.look(session, oscar, report_id)
        await accepts(cast, "olga", report_id)
        with pytest.raises(Refused) as refused:
            await reports.reject(session, MORNING, oscar, report_id, RejectReason.UNCLEAR)
    assert refused.value.facts == {"status": Status.ACCEPTED}
    view = await seen(cast, report_id)
    assert (view.status, view.decided_by, view.reject_reason) == (Status.ACCEPTED, "Olga", None)


# Withdrawing


async def test_a_withdrawn_report_waits_on_nobody(cast: Cast) -> None:
    await cast.joins("olga")
    report_id = await submitted(cast)
    await withdraws(cast, "bob", report_id, at=MORNING + later(minutes=10))
    assert await status(cast, report_id) is Status.WITHDRAWN
    assert await cast.sent("report.card", "edit") == ["olga"]
    async with cast.database.reading() as session:
        assert await tasks.find(session, reports.VERIFY, report_id) is None


async def test_it_is_too_late_once_officers_work_on_it(cast: Cast) -> None:
    report_id = await submitted(cast)
    with pytest.raises(Refused, match=r"report\.too_late"):
        await withdraws(cast, "bob", report_id, at=MORNING + later(minutes=11))
    await accepts(cast, "olga", report_id)
    for deed in (withdraws, submits):
        with pytest.raises(Refused, match=r"report\.moved_on"):
            await deed(cast, "bob", report_id)
