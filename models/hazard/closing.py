"""验收销号 and what comes after it: proof looked at by a third person, 满意 or 没解决, 回头看, a second look, 反弹."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.base import swap
from models.hazard import rules
from models.hazard.actions import put_on, ready, to_queue
from models.hazard.fixing import evidence, mended
from models.hazard.holding import (
    RECHECK,
    REVISIT,
    Loaded,
    allowed,
    apart,
    hold,
    leaders,
    load,
    open_for_desk,
    tell,
)
from models.hazard.rules import FIVE, Deed, Evidence, Measure, Plate
from models.hazard.tables import Hazard, Proof, Supporter
from models.people import actions as people
from models.people.rules import Level, Me, Role, decides
from models.policy import Policy
from models.refused import Refused
from models.report import actions as reports
from models.report import intake, views
from models.report.intake import PhotoPart, WordsPart
from models.report.rules import Form, Status
from models.report.tables import Photo, Report
from models.task import actions as tasks

# --- 验收销号 ---------------------------------------------------------------------------------------------------------


async def close(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """销号 by a third person, with a whole proof; a major one with five fixes and plate besides (domain 5.5)."""
    loaded = await allowed(session, me, report_id, Deed.CLOSE)
    proof = await evidence(session, report_id, loaded.hazard.round)
    rules.may_end(loaded.case, proof, policy.hazard.near, loaded.hazard.five, loaded.hazard.plated_at is not None)
    await _close(session, now, policy, me, loaded)


async def _close(session: AsyncSession, now: datetime, policy: Policy, me: Me, loaded: Loaded) -> None:
    round_ = loaded.hazard.round
    visitor = await _visitor(session, policy, me, loaded)
    await reports.move(
        session, now, me.id, loaded.report, {"status": Status.CLOSED, "visitor_id": visitor}, round=round_
    )
    wanted = policy.hazard.revisit and await _deserves_revisit(session, loaded)
    values = {
        "closed_at": now, "closer_id": me.id, "satisfied": None, "answered_at": None, "revisits": 0,
        "revisit_at": now + policy.hazard.revisit[0] if wanted else None,
        "unplated_at": now if loaded.hazard.plated_at is not None else None,
    }  # fmt: skip
    await swap(session, Hazard, {"report_id": loaded.id}, values)
    await hold(session, now, policy, loaded.id, me.id)
    if visitor is not None:
        await _send_visitor(session, now, policy, loaded, visitor)


async def settle(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """The fast lane: mended on the spot by its finder, grade 一般, photos before and after; one tap of a third person.

    Every step is taken and stands in the journal all the same (M025).
    """
    loaded = await allowed(session, me, report_id, Deed.SETTLE)
    before, after = await _photos(session, report_id, after=False), await _photos(session, report_id, after=True)
    if not before or not after:
        raise Refused("hazard.no_photo")
    finder = loaded.report.reporter_id
    await ready(session, now, policy, me, loaded)
    await put_on(session, now, policy, me.id, report_id, finder, "")
    loaded = await load(session, report_id)
    session.add(
        Proof(report_id=report_id, round=1, by_id=finder, measure=Measure.ON_SPOT, begun_at=now, handed_in_at=now)
    )
    await session.flush()
    await mended(session, now, finder, loaded, Evidence(after, Measure.ON_SPOT))
    await _close(session, now, policy, me, await load(session, report_id))


async def _photos(session: AsyncSession, report_id: int, after: bool) -> int:
    kept = col(Photo.after_round).is_not(None) if after else col(Photo.after_round).is_(None)
    rows = await session.exec(
        select(func.count()).where(Photo.report_id == report_id, kept, col(Photo.form) != Form.VOICE)
    )
    return rows.one()


async def send_back(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, why: str) -> None:
    """退回整改: the proof does not convince, with the reason; the same person mends on, in as much time again."""
    loaded = await allowed(session, me, report_id, Deed.SEND_BACK)
    if not why.strip():
        raise Refused("report.reason_needed")
    why = why.strip()[:400]
    await reports.move(session, now, me.id, loaded.report, {"status": Status.ASSIGNED}, verb="send_back", why=why)
    time = rules.fix_time(policy.hazard, loaded.case.severity, loaded.report.kind)
    due = max(loaded.hazard.due_at or now, now + time)
    await swap(session, Hazard, {"report_id": report_id}, {"fixed_at": None, "due_at": due})
    who = loaded.report.rectifier_id
    if who is None or await people.person(session, who) is None:
        return await to_queue(session, now, policy, None, await load(session, report_id), "left_roster", person=who)
    return await hold(session, now, policy, report_id, me.id)


# --- 重大: 五落实, 挂牌 -----------------------------------------------------------------------------------------------


async def fill(
    session: AsyncSession, now: datetime, me: Me, report_id: int, fields: Mapping[str, str]
) -> dict[str, str]:
    """The five fixes 责任, 措施, 资金, 时限, 预案 of a major hazard, one or several. → all that are there now.

    Refused for other names, and for empty words.
    """
    loaded = await allowed(session, me, report_id, Deed.FIVE)
    if not fields or any(name not in FIVE or not words.strip() for name, words in fields.items()):
        raise Refused("hazard.five_missing")
    told = {name: words.strip()[:400] for name, words in fields.items()}
    five = {**loaded.hazard.five, **told}
    await swap(session, Hazard, {"report_id": report_id}, {"five": five})
    await journal.write(session, now, me.id, "five", "report", report_id, **told)
    await views.show_everywhere(session, now, report_id)
    return five


async def plate(session: AsyncSession, now: datetime, me: Me, report_id: int, level: Plate) -> None:
    """挂牌督办 at this level (M033); only the county hangs a plate of the county or the city."""
    loaded = await allowed(session, me, report_id, Deed.PLATE)
    if level is not Plate.TOWNSHIP and not decides(me, loaded.case.township_path, Role.COUNTY_ADMIN):
        raise Refused("hazard.level_above")
    values = {"plate": level, "plated_at": now, "unplated_at": None}
    await swap(session, Hazard, {"report_id": loaded.id}, values)
    await journal.write(session, now, me.id, "plate", "report", report_id, level=level)
    await views.show_everywhere(session, now, report_id)


# --- after 销号 -------------------------------------------------------------------------------------------------------


async def answer(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, satisfied: bool, why: str = ""
) -> None:
    """满意 or 没解决, one tap of the reporter; 没解决 opens the case again, for another officer."""
    loaded = await allowed(session, me, report_id, Deed.ANSWER)
    assert loaded.hazard.closed_at is not None
    rules.too_late_to_answer(loaded.hazard.closed_at, now, policy.hazard.answer_within)
    seen = {"report_id": report_id, "answered_at": None}
    if not await swap(session, Hazard, seen, {"satisfied": satisfied, "answered_at": now}):
        raise Refused("hazard.answered_already")
    verb = "satisfied" if satisfied else "unsolved"
    await journal.write(session, now, me.id, verb, "report", report_id, why=why.strip()[:400])
    if satisfied:
        await views.show_everywhere(session, now, report_id)
    else:
        await reopen(session, now, policy, me.id, await load(session, report_id), "unsolved")


async def say_more(
    session: AsyncSession, now: datetime, me: Me, report_id: int, *, photo: PhotoPart | None = None,
    words: WordsPart | None = None,
) -> None:  # fmt: skip
    """After 没解决 its reporter shows or says what is still wrong; it stands with what was reported at first."""
    await allowed(session, me, report_id, Deed.SAY_MORE)
    if photo is not None:
        await intake.add_photo(session, now, report_id, photo)
    if words is not None and words.words.strip():
        await intake.set_words(session, report_id, words)
        await journal.write(session, now, me.id, "say_more", "report", report_id)
    await views.show_everywhere(session, now, report_id)


async def reopen(
    session: AsyncSession, now: datetime, policy: Policy, by: int | None, loaded: Loaded, why: str
) -> None:
    """反弹: the case goes back to the queue, to another officer than who closed it, if there is one (domain 5.5)."""
    closed_at = loaded.hazard.closed_at or now
    relapsed = now - closed_at <= policy.hazard.relapse_within
    closer = loaded.hazard.closer_id
    others = await leaders(session, loaded.case, [who for who in (loaded.report.reporter_id, closer) if who])
    values = {"status": Status.REGISTERED, "rectifier_id": None, "visitor_id": None}
    await reports.move(session, now, by, loaded.report, values, verb="reopen", why=why, relapsed=relapsed)
    fresh = {
        "reopened": loaded.hazard.reopened + 1, "relapsed": relapsed, "barred_id": closer if others else None,
        "revisit_at": None, "due_at": None, "assigned_at": None, "fixed_at": None, "department": None,
        "unplated_at": None,
    }  # fmt: skip
    await swap(session, Hazard, {"report_id": loaded.id}, fresh)
    for kind in (REVISIT, RECHECK):
        await tasks.drop(session, now, kind, loaded.id, by)
    await hold(session, now, policy, loaded.id, by)


# --- 回头看 (M045) and the random second look (M046) ------------------------------------------------------------------


async def _deserves_revisit(session: AsyncSession, loaded: Loaded) -> bool:
    """Major ones, and those that came again or were reported by several."""
    count = select(func.count()).where(Supporter.report_id == loaded.id)
    repeated = loaded.hazard.reopened > 0 or (await session.exec(count)).one() > 0
    return rules.major(loaded.case.severity) or repeated


async def visits_due(session: AsyncSession, now: datetime, most: int = 100) -> list[int]:
    """Closed cases whose 回头看 begins now, by the index on `revisit_at`."""
    rows = await session.exec(
        select(Hazard.report_id).where(col(Hazard.revisit_at) <= now).order_by(col(Hazard.revisit_at)).limit(most)
    )
    return list(rows)


async def next_visit(session: AsyncSession) -> datetime | None:
    """When the next 回头看 begins."""
    return (await session.exec(select(func.min(Hazard.revisit_at)))).one()


async def begin_visit(session: AsyncSession, now: datetime, policy: Policy, report_id: int) -> None:
    """It is time for a 回头看: a task for the desk, which has the card again."""
    loaded = await load(session, report_id)
    at = loaded.hazard.revisit_at
    if (
        at is None
        or at > now
        or not await swap(session, Hazard, {"report_id": report_id, "revisit_at": at}, {"revisit_at": None})
    ):
        return
    if loaded.report.status is not Status.CLOSED:
        return
    ladder = rules.ladder(policy.hazard, policy.hazard.revisit_time, loaded.case.severity)
    await tell(session, now, report_id, await open_for_desk(session, now, loaded, REVISIT, ladder, loaded.case.desk))


async def revisit(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, fine: bool) -> None:
    """回头看: still mended, or come again. Refused when none is due."""
    loaded = await allowed(session, me, report_id, Deed.REVISIT)
    if not await tasks.finish(session, now, REVISIT, report_id, me.id):
        raise Refused("hazard.no_visit")
    await journal.write(session, now, me.id, "revisit", "report", report_id, fine=fine)
    if not fine:
        return await reopen(session, now, policy, me.id, loaded, "revisit")
    done = loaded.hazard.revisits + 1
    later = policy.hazard.revisit[done:]
    at = (loaded.hazard.closed_at or now) + later[0] if later else None
    await swap(session, Hazard, {"report_id": report_id}, {"revisits": done, "revisit_at": at})
    return await views.show_everywhere(session, now, report_id)


async def _visitor(session: AsyncSession, policy: Policy, me: Me, loaded: Loaded) -> int | None:
    """Who looks at this closure of mine again: a grid worker of another village of the township, drawn by lot."""
    round_, apart_ = loaded.hazard.round, (*apart(loaded.case), me.id)
    if loaded.report.confidential or not rules.chosen(loaded.id, round_, policy.hazard.recheck_share):
        return None
    township = await people.above(session, loaded.case.place_path, Level.TOWNSHIP)
    found: list[int] = []
    for village in await people.places_below(session, township.code) if township else []:
        if not loaded.case.place_path.startswith(village.path):
            found += await people.holders(session, Role.GRID_WORKER, village.code)
    there = await people.reachable(session, [who for who in found if who not in apart_])
    return rules.drawn(loaded.id, round_, there)


async def _send_visitor(session: AsyncSession, now: datetime, policy: Policy, loaded: Loaded, visitor: int) -> None:
    me = await people.person(session, visitor)
    assert me is not None
    await tasks.open_task(
        session, now, RECHECK, loaded.id, role=me.seats[0].role, region_code=me.seats[0].region_code,
        place_path=loaded.case.place_path, person_id=visitor,
        ladder=rules.ladder(policy.hazard, policy.hazard.recheck_time, loaded.case.severity),
    )  # fmt: skip
    await tell(session, now, loaded.id, [visitor])


async def recheck(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, fine: bool) -> None:
    """The second look of somebody from another grid: mended indeed, or not."""
    await allowed(session, me, report_id, Deed.RECHECK)
    if not await tasks.finish(session, now, RECHECK, report_id, me.id):
        raise Refused("hazard.no_visit")
    await journal.write(session, now, me.id, "recheck", "report", report_id, fine=fine)
    await swap(session, Report, {"id": report_id}, {"visitor_id": None})
    if fine:
        await views.show_everywhere(session, now, report_id)
    else:
        await reopen(session, now, policy, me.id, await load(session, report_id), "recheck")
