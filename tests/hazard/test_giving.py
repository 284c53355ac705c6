"""交办, 移送 and 一键: who gets a case to mend, who does not, and who is warned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import response
from models.hazard import actions as hazards
from models.hazard import fixing, holding
from models.people.rules import Role
from models.refused import Refused
from models.report.rules import Status
from models.task import actions as tasks
from tests.cast import POLICY, Cast, later
from tests.hazard.steps import (
    assigned,
    closed,
    does,
    facts,
    hazard,
    held,
    incomplete,
    proves,
    registered,
    report,
    status,
    submitted,
    verbs,
    waits,
)
from tests.village import COUNTY, MORNING, TOWN


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.reason


# 交办


async def test_two_taps_give_it_to_somebody_with_a_deadline(cast: Cast) -> None:
    await cast.joins("olga", "lena", "bob")
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])
    found = await hazard(cast, report_id)
    assert (found.due_at, found.assigned_by, found.department) == (MORNING + later(days=7), cast.ids["olga"], None)
    assert await held(cast, report_id) == (holding.FIX, "lena")
    assert (await waits(cast, report_id))[0].due_at == MORNING + later(days=7)
    assert (await cast.sent("hazard.card"))[-1] == "lena"
    assert (await verbs(cast, report_id))[2:] == ["accepted", "registered", "assigned"]
    due = (MORNING + later(days=7)).isoformat()
    assert await facts(cast, report_id, "assigned") == {"to": cast.ids["lena"], "department": "", "due": due}


@pytest.mark.parametrize(
    ("to", "why"),
    [("bob", "hazard.reporter_cannot_fix"), ("nobody", "hazard.no_such_person"), ("left", "hazard.no_such_person")],
)
async def test_some_people_are_not_given_it(cast: Cast, to: str, why: str) -> None:
    report_id = await registered(cast)
    async with cast.database.transaction() as session:
        left = await cast.another(session, Role.GRID_WORKER, TOWN)
    carol = await cast.me("carol")
    async with cast.database.transaction() as session:
        await response.ended(session, MORNING, POLICY, carol, left)
    person_id = {"nobody": 4711, "left": left}.get(to) or cast.ids[to]
    with pytest.raises(Refused) as refused:
        await does(cast, "olga", hazards.assign, report_id, person_id)
    assert reason(refused) == why
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)


async def test_the_last_who_could_verify_it_does_not_mend_it(cast: Cast) -> None:
    report_id = await registered(cast)
    await does(cast, "olga", hazards.escalate, report_id)
    with pytest.raises(Refused, match=r"hazard\.no_verifier"):
        await does(cast, "carol", hazards.assign, report_id, cast.ids["carol"])
    await does(cast, "carol", hazards.assign, report_id, cast.ids["olga"])


async def test_what_is_incomplete_is_given_to_nobody(cast: Cast) -> None:
    report_id = await incomplete(cast)
    with pytest.raises(Refused, match=r"hazard\.incomplete"):
        await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])
    assert await status(cast, report_id) is Status.SUBMITTED, "what was begun is undone"


async def test_it_is_given_to_another_and_what_the_first_began_to_prove_is_not_the_others(cast: Cast) -> None:
    report_id = await assigned(cast)
    await proves(cast, "lena", report_id)
    with pytest.raises(Refused, match=r"hazard\.has_it_already"):
        await does(cast, "olga", hazards.assign, report_id, cast.ids["lena"])
    await does(cast, "olga", hazards.assign, report_id, cast.ids["nina"], at=MORNING + later(days=1))
    assert await held(cast, report_id) == (holding.FIX, "nina")
    assert (await hazard(cast, report_id)).due_at == MORNING + later(days=8)
    assert (await verbs(cast, report_id))[-2:] == ["take_back", "assigned"]
    with pytest.raises(Refused, match=r"hazard\.no_photo"):
        await does(cast, "nina", fixing.hand_in, report_id)
    with pytest.raises(Refused, match=r"hazard\.not_yours"):
        await does(cast, "lena", fixing.hand_in, report_id)


async def test_taken_back_it_waits_in_the_queue(cast: Cast) -> None:
    report_id = await assigned(cast)
    await does(cast, "lena", fixing.wish, report_id, timedelta(days=3), "rain")
    await does(cast, "oscar", hazards.take_back, report_id)
    found = await hazard(cast, report_id)
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)
    assert (found.due_at, found.wished_at, (await report(cast, report_id)).rectifier_id) == (None, None, None)
    async with cast.database.reading() as session:
        assert await tasks.find(session, holding.WISH, report_id) is None


# 移送


async def test_a_departments_contact_takes_it_on_and_then_the_clock_runs(cast: Cast) -> None:
    await cast.joins("nina")
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.transfer, report_id, "林业局", cast.ids["nina"])
    assert await held(cast, report_id) == (holding.RECEIVE, "nina")
    assert (await cast.sent("hazard.card"))[-1] == "nina"
    assert (await hazard(cast, report_id)).due_at is None
    await does(cast, "nina", fixing.receive, report_id, at=MORNING + later(hours=20))
    found = await hazard(cast, report_id)
    assert await held(cast, report_id) == (holding.FIX, "nina")
    assert (found.department, found.due_at) == ("林业局", MORNING + later(days=7, hours=20))


async def test_a_department_that_is_not_in_charge_hands_it_back(cast: Cast) -> None:
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.transfer, report_id, "林业局", cast.ids["nina"])
    with pytest.raises(Refused, match=r"report\.reason_needed"):
        await does(cast, "nina", fixing.hand_back, report_id, "")
    await does(cast, "nina", fixing.hand_back, report_id, " it is a road ")
    assert await held(cast, report_id) == (holding.ASSIGN, TOWN)
    assert (await hazard(cast, report_id)).department is None
    assert await facts(cast, report_id, "hand_back") == {"why": "it is a road"}


async def test_without_a_contact_the_county_passes_it_on(cast: Cast) -> None:
    await cast.joins("carol")
    report_id = await submitted(cast)
    await does(cast, "olga", hazards.transfer, report_id, "林业局", None)
    assert await held(cast, report_id) == (holding.RECEIVE, COUNTY)
    assert (await cast.sent("hazard.card"))[-1] == "carol"
    await does(cast, "carol", hazards.assign, report_id, cast.ids["nina"], "林业局")
    assert await held(cast, report_id) == (holding.FIX, "nina")
    assert (await hazard(cast, report_id)).department == "林业局"


async def test_the_reporter_is_not_a_departments_contact_either(cast: Cast) -> None:
    report_id = await submitted(cast)
    with pytest.raises(Refused, match=r"hazard\.reporter_cannot_fix"):
        await does(cast, "olga", hazards.transfer, report_id, "林业局", cast.ids["bob"])


# 一键


async def test_one_key_warns_the_holder_and_the_next_above_at_most_every_five_minutes(cast: Cast) -> None:
    await cast.joins("bob", "lena", "olga", "oscar", "carol")
    report_id = await assigned(cast)
    assert await does(cast, "bob", hazards.nudge, report_id) == 3
    assert await cast.sent("hazard.nudged") == ["lena", "olga", "oscar"]
    found = await hazard(cast, report_id)
    assert (found.nudged_at, found.nudged_by) == (MORNING, cast.ids["bob"])
    assert await facts(cast, report_id, "nudge") == {"told": 3}
    with pytest.raises(Refused, match=r"hazard\.nudged_just_now"):
        await does(cast, "olga", hazards.nudge, report_id, at=MORNING + later(minutes=4, seconds=59))
    assert await does(cast, "olga", hazards.nudge, report_id, at=MORNING + later(minutes=5)) == 2
    assert await cast.sent("hazard.nudged") == ["lena", "olga", "oscar", "lena", "oscar"], "nobody warns themselves"


async def test_who_does_not_see_the_card_presses_nothing_and_what_has_ended_warns_nobody(cast: Cast) -> None:
    report_id = await submitted(cast)
    for name in ("charlie", "otto", "nina"):
        with pytest.raises(Refused, match=r"report\.not_found"):
            await does(cast, name, hazards.nudge, report_id)
    over = await closed(cast)
    with pytest.raises(Refused, match=r"report\.moved_on"):
        await does(cast, "olga", hazards.nudge, over)
