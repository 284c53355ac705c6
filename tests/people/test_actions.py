"""Officers keep the roster of their own township, and nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.database import Database
from bot.settings import DEFAULT_POLICY, load_policy
from models import journal, response
from models.outbox import Outgoing
from models.people import actions as people
from models.people import roster
from models.people.roster import Reach
from models.people.rules import Lost, Me, Role, sample_phone
from models.refused import Refused
from models.task import actions as tasks
from tests.village import (
    CAST,
    COUNTY,
    MORNING,
    NEXT_VILLAGE,
    OTHER_TOWN,
    OTHER_VILLAGE,
    TOWN,
    VILLAGE,
    people_the_village,
)  # fmt: skip

LATER = MORNING + timedelta(hours=1)
NEW_PHONE = "10000000099"
POLICY = load_policy(DEFAULT_POLICY)


async def known(session: AsyncSession, ids: dict[str, int], name: str) -> Me:
    me = await people.person(session, ids[name])
    assert me is not None
    return me


async def join(session: AsyncSession, name: str) -> None:
    await response.joined(session, MORNING, CAST[name][0], CAST[name][1])


async def said(session: AsyncSession, recipient: str) -> list[str]:
    rows = await session.exec(select(Outgoing).where(Outgoing.recipient == recipient).order_by(col(Outgoing.id)))
    return [row.kind for row in rows]


def refusal(reason: str) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda refused: refused.reason == reason)


async def test_an_officer_adds_somebody_who_then_hears_nothing_until_joining(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga = await known(session, ids, "olga")
        new = await roster.add(
            session, LATER, olga, "王建国", NEW_PHONE, Role.GRID_WORKER, VILLAGE, sample_phone
        )  # fmt: skip
        seen = await roster.card(session, olga, new)
        assert (seen.name, seen.reach, [seat.region_code for seat in seen.seats]) == (
            "王建国",
            Reach.NOT_JOINED,
            [VILLAGE],
        )
        assert await said(session, f"p{new}") == []
        assert [entry.verb for entry in await journal.read(session, "person", new)] == ["appoint"]
        with refusal("people.holds_already"):
            await roster.add(session, LATER, olga, "x", NEW_PHONE, Role.GRID_WORKER, VILLAGE, sample_phone)


@pytest.mark.parametrize("who", ["otto", "lena", "bob", "charlie"])
async def test_whoever_is_no_officer_of_this_township_is_refused_everything(database: Database, who: str) -> None:
    """Otto is an officer, of the township next door; the others are no officers at all."""
    async with database.transaction() as session:
        ids = await people_the_village(session)
        me, bob, check = await known(session, ids, who), ids["nina"], sample_phone
        deeds = {
            "region": lambda: roster.region(session, me, TOWN),
            "listed": lambda: roster.listed(session, me, VILLAGE),
            "coverage": lambda: roster.coverage(session, me, TOWN),
            "places": lambda: roster.places(session, me, COUNTY),
            "card": lambda: roster.card(session, me, bob),
            "show_phone": lambda: roster.show_phone(session, LATER, me, bob),
            "add": lambda: roster.add(session, LATER, me, "x", NEW_PHONE, Role.GRID_WORKER, VILLAGE, check),
            "rename": lambda: roster.rename(session, LATER, me, bob, "x"),
            "renumber": lambda: response.renumbered(session, LATER, me, bob, NEW_PHONE, check),
            "move": lambda: roster.move(session, LATER, me, bob, Role.GRID_WORKER, NEXT_VILLAGE, VILLAGE),
            "end": lambda: response.ended(session, LATER, POLICY, me, bob),
            "reached": lambda: response.reached(session, LATER, me, bob),
            "opening": lambda: roster.opening(session, me, Role.GRID_WORKER, TOWN),
            "openings": lambda: roster.openings(session, me, Role.GRID_WORKER, TOWN),
        }
        for name, deed in deeds.items():
            with pytest.raises(Refused) as refused:
                await deed()  # type: ignore[no-untyped-call]
            assert refused.value.reason == "people.not_your_region", name


async def test_a_post_outside_the_officers_reach_is_refused(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga, carol = await known(session, ids, "olga"), await known(session, ids, "carol")
        for role, code, reason in [
            (Role.GRID_WORKER, OTHER_VILLAGE, "people.not_your_region"),
            (Role.TOWNSHIP_OFFICER, OTHER_TOWN, "people.not_your_region"),
            (Role.COUNTY_ADMIN, COUNTY, "people.not_your_region"),
            (Role.COUNTY_ADMIN, TOWN, "people.wrong_level"),
            (Role.GRID_WORKER, TOWN, "people.wrong_level"),
            (Role.GRID_WORKER, "330824999", "people.no_region"),
        ]:
            with refusal(reason):
                await roster.add(session, LATER, olga, "x", NEW_PHONE, role, code, sample_phone)
        with refusal("people.elsewhere"):  # Charlie belongs to the next township
            await roster.check_new(session, olga, CAST["charlie"][1], sample_phone)
        assert await roster.add(
            session, LATER, carol, "x", CAST["charlie"][1], Role.GRID_WORKER, VILLAGE, sample_phone
        ) == ids["charlie"]  # fmt: skip


async def test_a_township_cannot_take_over_an_account_by_its_phone(database: Database) -> None:
    """Carol of the county also walks a grid in Olga's township: her number stays out of Olga's hands."""
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga, carol = await known(session, ids, "olga"), await known(session, ids, "carol")
        phone = CAST["carol"][1]
        await roster.add(session, LATER, carol, "x", phone, Role.GRID_WORKER, VILLAGE, sample_phone)
        with refusal("people.higher_post"):
            await response.renumbered(session, LATER, olga, ids["carol"], NEW_PHONE, sample_phone)
        with refusal("people.higher_post"):
            await roster.rename(session, LATER, olga, ids["carol"], "x")
        assert not await response.ended(session, LATER, POLICY, olga, ids["carol"])
        left = await people.person(session, ids["carol"])
        assert left is not None
        assert [seat.role for seat in left.seats] == [Role.COUNTY_ADMIN]


async def test_moving_keeps_the_person_and_gives_a_fresh_menu(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga = await known(session, ids, "olga")
        await join(session, "bob")
        await roster.move(session, LATER, olga, ids["bob"], Role.GRID_WORKER, VILLAGE, NEXT_VILLAGE)
        assert [seat.region_code for seat in (await known(session, ids, "bob")).seats] == [NEXT_VILLAGE]
        assert await said(session, f"p{ids['bob']}") == ["menu.welcome", "menu.commands"]
        with refusal("people.not_your_region"):
            await roster.move(session, LATER, olga, ids["bob"], Role.GRID_WORKER, NEXT_VILLAGE, OTHER_VILLAGE)
        with refusal("people.gone"):
            await roster.move(session, LATER, olga, ids["bob"], Role.GRID_WORKER, VILLAGE, NEXT_VILLAGE)


async def test_who_has_no_post_left_is_a_stranger_again(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga = await known(session, ids, "olga")
        await join(session, "bob")
        assert await response.ended(session, LATER, POLICY, olga, ids["bob"])
        assert (await people.visitor(session, CAST["bob"][0])).me is None
        assert await said(session, f"c{CAST['bob'][0]}") == ["people.untied", "menu.commands"]
        with refusal("people.gone"):
            await roster.card(session, olga, ids["bob"])
        with refusal("people.stranger"):
            await join(session, "bob")
        again = await roster.add(
            session, LATER, olga, "Bob", CAST["bob"][1], Role.GRID_WORKER, VILLAGE, sample_phone
        )  # fmt: skip
        assert again != ids["bob"]


async def test_nobody_ends_or_renumbers_themselves(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga = await known(session, ids, "olga")
        with refusal("people.not_yourself"):
            await response.ended(session, LATER, POLICY, olga, olga.id)
        with refusal("people.not_yourself"):
            await response.renumbered(session, LATER, olga, olga.id, NEW_PHONE, sample_phone)
        assert roster.endable(olga, await roster.card(session, olga, olga.id)) == []


async def test_a_corrected_phone_must_join_anew(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga = await known(session, ids, "olga")
        await join(session, "bob")
        with refusal("people.phone_taken"):
            await response.renumbered(session, LATER, olga, ids["bob"], CAST["nina"][1], sample_phone)
        await response.renumbered(session, LATER, olga, ids["bob"], NEW_PHONE, sample_phone)
        assert (await people.visitor(session, CAST["bob"][0])).me is None
        with refusal("people.stranger"):
            await join(session, "bob")
        me = await response.joined(session, LATER, 7777, NEW_PHONE)
        assert me.id == ids["bob"]


async def test_a_second_account_cuts_the_first_one_off_and_tells_the_officers(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        await join(session, "bob")
        await join(session, "olga")
        await response.joined(session, LATER, 7777, CAST["bob"][1])
        assert (await people.visitor(session, CAST["bob"][0])).me is None
        assert await said(session, f"c{CAST['bob'][0]}") == ["people.untied", "menu.commands"]
        assert await said(session, f"p{ids['olga']}") == ["menu.account_moved"]


async def test_coverage_adds_up_and_says_why_somebody_is_unreachable(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga, carol = await known(session, ids, "olga"), await known(session, ids, "carol")
        for name in ("bob", "lena", "charlie"):
            await join(session, name)
        await response.lost(session, LATER, POLICY, CAST["bob"][0], "Forbidden: bot was blocked by the user")
        seen = await roster.coverage(session, olga, TOWN)
        assert (seen.total, seen.joined, seen.not_joined, seen.unreachable) == (5, 1, 3, 1)
        assert seen.why == {Lost.BLOCKED: 1}
        assert (await roster.coverage(session, carol, COUNTY)).total == len(CAST)
        below = {place.code: covered.joined for place, covered in await roster.places(session, carol, COUNTY)}
        assert below == {TOWN: 1, OTHER_TOWN: 1}
        listed = await roster.listed(session, olga, TOWN, below=False)
        assert {card.name for card in listed} == {"Olga", "Oscar"}


async def test_the_task_to_reach_somebody_ends_with_a_call_or_when_they_come_back(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga, otto = await known(session, ids, "olga"), await known(session, ids, "otto")
        await join(session, "bob")
        await response.lost(session, LATER, POLICY, CAST["bob"][0], "Forbidden: bot was blocked by the user")
        assert [task.kind for task in await tasks.waiting_on(session, olga)] == [response.UNREACHABLE]
        assert await tasks.waiting_on(session, otto) == []
        with refusal("people.not_your_region"):
            await response.reached(session, LATER, otto, ids["bob"])
        await response.reached(session, LATER, olga, ids["bob"])
        assert await tasks.waiting_on(session, olga) == []
        with refusal("people.settled"):
            await response.reached(session, LATER, olga, ids["bob"])
        assert "reached_by_phone" in [entry.verb for entry in await journal.read(session, "person", ids["bob"])]


async def test_a_new_account_ends_the_task_about_the_old_one(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga = await known(session, ids, "olga")
        await join(session, "bob")
        await response.lost(session, LATER, POLICY, CAST["bob"][0], "Forbidden: user is deactivated")
        await response.joined(session, LATER, 7777, CAST["bob"][1])
        assert await tasks.waiting_on(session, olga) == []


async def test_looking_at_a_phone_is_noted(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga = await known(session, ids, "olga")
        await roster.show_phone(session, LATER, olga, ids["bob"])
        entries = await journal.read(session, "person", ids["bob"])
        assert [(entry.actor_id, entry.verb) for entry in entries] == [(olga.id, "show_phone")]


async def test_places_for_a_post_are_those_where_it_can_be_held(database: Database) -> None:
    async with database.transaction() as session:
        ids = await people_the_village(session)
        olga, carol = await known(session, ids, "olga"), await known(session, ids, "carol")
        town = await roster.opening(session, olga, Role.TOWNSHIP_OFFICER, TOWN)
        assert (town.final, town.deeper) == (True, False)
        villages = await roster.openings(session, olga, Role.GRID_WORKER, TOWN)
        assert [(o.place.code, o.final, o.deeper) for o in villages] == [
            (VILLAGE, True, False),
            (NEXT_VILLAGE, True, False),
        ]
        towns = await roster.openings(session, carol, Role.GRID_WORKER, COUNTY)
        assert [(o.place.code, o.final, o.deeper) for o in towns] == [(TOWN, False, True), (OTHER_TOWN, False, True)]
        found = await roster.openings(session, carol, Role.GRID_WORKER, COUNTY, "下庄")
        assert [o.place.code for o in found] == [OTHER_VILLAGE]
