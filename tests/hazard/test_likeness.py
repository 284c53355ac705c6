"""The same place or the same picture: who is asked whether it is the same, what came again, and who hears nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from models.hazard import actions as hazards
from models.hazard import closing, likeness, views
from models.hazard.finding import close
from models.hazard.likeness import Match
from models.people.rules import Level, Role
from models.people.tables import Region
from models.refused import Refused
from models.report import photos
from models.report.photos import Kept
from models.report.rules import BANDS, Status, bands
from tests.cast import POLICY, Cast, later
from tests.hazard.spots import LOOK, blurred, draft, found, kept, north
from tests.hazard.steps import changed, closed, does, facts, hazard, on_the_spot, report, secret, verbs
from tests.report.steps import seen, submits
from tests.village import MORNING


async def alike(
    cast: Cast, report_id: int, name: str = "bob", at: datetime = MORNING, kinds: tuple[str, ...] = ()
) -> tuple[Match, ...]:
    """What somebody is told may be the same."""
    me = await cast.me(name)
    async with cast.database.reading() as session:
        return await likeness.alike(session, at, POLICY, me, report_id, kinds)


async def ids(cast: Cast, report_id: int, name: str = "olga", **how: Any) -> list[int]:
    """Only which."""
    return [match.id for match in await alike(cast, report_id, name, **how)]


async def offered(cast: Cast, report_id: int, name: str = "nina", kinds: tuple[str, ...] = ()) -> int | None:
    """What the reporter is asked about."""
    me = await cast.me(name)
    async with cast.database.reading() as session:
        match = await likeness.offer(session, MORNING, POLICY, me, report_id, kinds)
    return match.id if match else None


# By place


async def test_near_and_of_the_same_kind_it_may_be_the_same(cast: Cast) -> None:
    known = await found(cast)
    (match,) = await alike(cast, await found(cast, "lena", north(90)), "lena")
    assert (match.id, match.kind, match.status, match.bits) == (known, "A1", Status.SUBMITTED, None)
    assert match.metres == pytest.approx(90, abs=0.5)
    assert (match.since, match.ended_at, match.joinable) == (MORNING, None, True)
    assert (await seen(cast, known)).photos == (match.photo,)


async def test_too_far_too_long_ago_or_of_another_kind_it_is_not(cast: Cast) -> None:
    known = await found(cast)
    assert await ids(cast, await found(cast, "lena", north(149))) == [known]
    assert await ids(cast, await found(cast, "nina", north(-152))) == []
    assert await ids(cast, await found(cast, "oscar", kind="B2")) == []
    late = MORNING + later(days=30, minutes=1)
    assert known not in await ids(cast, await found(cast, "lena", at=late), at=late)


async def test_a_kind_nobody_has_named_yet_may_be_any_of_those_offered(cast: Cast) -> None:
    known, unnamed = await found(cast), await draft(cast, "lena")
    assert await ids(cast, unnamed, "lena") == [known]
    assert await ids(cast, unnamed, "lena", kinds=("B2", "A1")) == [known]
    assert await ids(cast, unnamed, "lena", kinds=("B2",)) == []


async def test_the_best_stands_first(cast: Cast) -> None:
    far, near, picture = await found(cast, place=north(140)), await found(cast, place=north(20)), await found(cast)
    await changed(cast, picture, latitude=29.3)
    await kept(cast, picture, LOOK)
    fresh = await found(cast, "lena")
    await kept(cast, fresh, blurred(2))
    assert await ids(cast, fresh) == [picture, near, far]


# By picture


@pytest.mark.parametrize(("bits", "same"), [(0, True), (3, True), (6, True), (7, False)])
async def test_a_picture_that_differs_in_few_bits_is_the_same_wherever_it_was_sent_from(
    cast: Cast, bits: int, same: bool
) -> None:
    known, fresh = await found(cast), await found(cast, "charlie", None, kind="B2")
    await kept(cast, known, LOOK)
    await kept(cast, fresh, blurred(bits))
    matches = await alike(cast, fresh, "carol")
    assert [(match.id, match.metres, match.bits) for match in matches] == ([(known, None, bits)] if same else [])


async def test_a_picture_of_another_county_is_anothers(cast: Cast) -> None:
    known = await found(cast)
    await kept(cast, known, LOOK)
    async with cast.database.transaction() as session:
        for code, parent in (("330825", None), ("330825100", "330825"), ("330825100200", "330825100")):
            path = "/".join(["", *(code[:length] for length in (6, 9, 12) if length <= len(code)), ""])
            session.add(Region(code=code, name=code, level=Level(len(code)), parent_code=parent, path=path))
            await session.flush()
        cast.ids["zoe"] = await cast.another(session, Role.GRID_WORKER, "330825100200")
    fresh = await found(cast, "zoe", None)
    await kept(cast, fresh, LOOK)
    assert await ids(cast, fresh, "zoe") == []


async def test_what_shows_nothing_is_like_nothing(cast: Cast) -> None:
    known, fresh = await found(cast, place=None), await found(cast, "lena", None)
    for report_id in (known, fresh):
        await kept(cast, report_id, None)
    assert await ids(cast, fresh) == []


async def test_how_it_looked_after_mending_is_not_compared(cast: Cast) -> None:
    over = await closed(cast)
    async with cast.database.transaction() as session:
        before, after = await photos.photos_due(session, MORNING)
        await photos.photo_kept(session, before, Kept("1.jpg", "0" * 64, 9, likeness=blurred(20)))
        await photos.photo_kept(session, after, Kept("2.jpg", "0" * 64, 9, likeness=LOOK))
    fresh, other = await found(cast, "nina", None, kind="B2"), await found(cast, "lena", None, kind="B2")
    await kept(cast, fresh, LOOK)
    await kept(cast, other, blurred(20))
    assert (await ids(cast, fresh), await ids(cast, other)) == ([], [over])


@pytest.mark.parametrize("most", [0, 3, 6, 11])
def test_no_pair_that_is_close_enough_slips_through_the_bands(most: int) -> None:
    dice = Random(most)
    for _ in range(300):
        one = dice.getrandbits(64)
        other = one
        for bit in dice.sample(range(64), most):
            other ^= 1 << bit
        words = zip(bands(f"{one:016x}"), bands(f"{other:016x}"), strict=True)
        assert any(there in close(here, most // BANDS) for here, there in words)


# Which cases


async def test_a_joined_report_leads_to_the_case_that_goes_on(cast: Cast) -> None:
    main, second = await found(cast), await found(cast, "lena", north(100))
    await does(cast, "olga", hazards.join, second, main)
    third = await found(cast, "nina", north(240))
    assert await ids(cast, third) == [main], "240 m from the first, 140 from what was joined to it"
    assert await ids(cast, main) == [], "never what was joined to it"


async def test_what_ended_otherwise_than_by_closing_is_nobodys_twin(cast: Cast) -> None:
    gone = await found(cast)
    await does(cast, "olga", hazards.reject, gone, "not_found")
    assert await ids(cast, await found(cast, "lena")) == []


async def test_a_confidential_case_is_for_the_county_alone(cast: Cast) -> None:
    hidden = await secret(cast)
    await changed(cast, hidden, closed_at=MORNING)
    fresh = await found(cast, "lena")
    for name in ("lena", "olga"):
        assert await ids(cast, fresh, name) == []
    (match,) = await alike(cast, fresh, "carol")
    assert (match.id, match.joinable) == (hidden, False)


async def test_across_the_township_only_the_county_may_join(cast: Cast) -> None:
    known, fresh = await found(cast), await found(cast, "charlie", north(10))
    assert [match.joinable for match in await alike(cast, fresh, "charlie")] == [False]
    assert [match.joinable for match in await alike(cast, fresh, "otto")] == [False]
    (match,) = await alike(cast, fresh, "carol")
    assert (match.id, match.joinable) == (known, True)


# 是同一处吗?


async def test_the_reporter_is_asked_before_sending_and_never_twice_about_the_same(cast: Cast) -> None:
    first, second = await found(cast), await found(cast, "lena", north(60))
    fresh = await draft(cast, "nina", north(5))
    assert await offered(cast, fresh) == first
    await does(cast, "nina", likeness.deny, fresh, first)
    await does(cast, "nina", likeness.deny, fresh, first)
    assert await offered(cast, fresh) == second
    assert await offered(cast, fresh, kinds=("B2",)) is None
    assert await offered(cast, fresh, "lena") is None, "nobody else is"
    assert (await verbs(cast, fresh)).count(likeness.NOT_SAME) == 1
    await submits(cast, "nina", fresh)
    assert await offered(cast, fresh) is None


async def test_a_confidential_report_is_not_offered_to_the_village(cast: Cast) -> None:
    await found(cast)
    fresh = await changed(cast, await draft(cast, "nina"), confidential=True)
    assert await offered(cast, fresh) is None


async def test_with_one_tap_it_joins_and_its_reporter_follows_the_other(cast: Cast) -> None:
    main, fresh = await found(cast), await draft(cast, "nina", north(5))
    await does(cast, "nina", hazards.join_own, fresh, main)
    joined = await report(cast, fresh)
    assert (joined.status, joined.duplicate_of, joined.nudge_at) == (Status.DUPLICATE, main, None)
    me, olga = await cast.me("nina"), await cast.me("olga")
    async with cast.database.reading() as session:
        follows = await views.followed(session, POLICY, me, fresh)
        assert await views.followed(session, POLICY, olga, fresh) is None
        sight = await views.look(session, POLICY, olga, main)
    assert follows is not None
    assert follows.holder is not None
    assert (follows.number, follows.status, follows.holder.region) == (sight.report.number, "submitted", "桐村镇")
    assert (len(sight.report.photos), sight.supporters) == (2, 1)


async def test_nobody_joins_their_report_to_what_is_nothing_like_it(cast: Cast) -> None:
    far, fresh = await found(cast, place=north(900)), await draft(cast, "lena")
    with pytest.raises(Refused, match=r"hazard\.cannot_join"):
        await does(cast, "lena", hazards.join_own, fresh, far)
    assert (await report(cast, fresh)).status is Status.DRAFT


async def test_when_a_picture_is_known_again_the_screens_are_shown_anew(cast: Cast) -> None:
    known, fresh = await found(cast, place=None), await draft(cast, "lena", None)
    await kept(cast, known, LOOK)
    before = len(await cast.sent("report.screen"))
    async with cast.database.transaction() as session:
        await likeness.noticed(session, MORNING, POLICY, fresh)
    assert len(await cast.sent("report.screen")) == before
    await kept(cast, fresh, LOOK)
    async with cast.database.transaction() as session:
        await likeness.noticed(session, MORNING, POLICY, fresh)
    assert (await cast.sent("report.screen"))[before:] == ["lena"]


# 反弹


async def again(cast: Cast, after: timedelta, **how: Any) -> int:
    """Somebody else reports, so long after 销号, and Olga accepts."""
    at = MORNING + after
    report_id = await found(cast, "nina", at=at, **how)
    await does(cast, "olga", hazards.accept, report_id, at=at)
    return report_id


async def test_found_again_within_ninety_days_it_is_flagged(cast: Cast) -> None:
    over = await closed(cast)
    assert await ids(cast, await found(cast, "lena", north(30)), at=MORNING) == [over]
    report_id = await again(cast, later(days=89), place=north(30))
    assert (await hazard(cast, report_id)).relapsed
    assert await facts(cast, report_id, likeness.RELAPSE) == {"of": over, "metres": 30, "bits": None}


@pytest.mark.parametrize(
    "how", [{"after": later(days=91)}, {"after": later(days=1), "kind": "B2"}, {"after": later(days=1), "place": None}]
)
async def test_later_of_another_kind_or_nobody_knows_where_it_is_not(cast: Cast, how: dict[str, Any]) -> None:
    await closed(cast)
    report_id = await again(cast, **how)
    assert not (await hazard(cast, report_id)).relapsed


async def test_the_same_picture_is_enough(cast: Cast) -> None:
    over = await closed(cast)
    await changed(cast, over, latitude=None)
    await kept(cast, over, LOOK)
    at = MORNING + later(days=9)
    report_id = await found(cast, "nina", None, kind="B2", at=at)
    await kept(cast, report_id, blurred(5))
    (match,) = await alike(cast, report_id, "olga", at)
    assert (match.id, match.joinable, match.ended_at) == (over, False, MORNING)
    await does(cast, "olga", hazards.accept, report_id, at=at)
    assert (await hazard(cast, report_id)).relapsed


async def test_that_the_county_had_a_confidential_case_here_shows_on_no_card(cast: Cast) -> None:
    await changed(cast, await closed(cast), confidential=True)
    assert not (await hazard(cast, await again(cast, later(days=5)))).relapsed


async def test_an_open_case_beside_it_is_no_relapse(cast: Cast) -> None:
    await found(cast)
    report_id = await found(cast, "lena")
    await does(cast, "olga", hazards.accept, report_id)
    assert not (await hazard(cast, report_id)).relapsed
    assert likeness.RELAPSE not in await verbs(cast, report_id)


async def test_the_fast_lane_flags_it_too(cast: Cast) -> None:
    await closed(cast)
    report_id = await on_the_spot(cast)
    await does(cast, "olga", closing.settle, report_id)
    assert (await hazard(cast, report_id)).relapsed
