"""A rectifier's verbs: the proof of 整改 in any order, 提交验收, 退回, and more time asked for and granted."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.base import insert_once, swap
from models.hazard import rules
from models.hazard.actions import put_on, to_queue
from models.hazard.holding import FIX, WISH, Loaded, allowed, anew, hold, open_for_desk, peek, proof_of, show, tell
from models.hazard.rules import Deed, Evidence, Measure
from models.hazard.tables import Hazard, Proof
from models.people import actions as people
from models.people.rules import OFFICERS, Me, Role
from models.policy import Policy
from models.refused import Refused
from models.report import actions as reports
from models.report import intake, views
from models.report.intake import PhotoPart, PlacePart
from models.report.rules import Form, Status
from models.report.rules import valid_point as valid
from models.report.tables import Photo
from models.task import actions as tasks

LONGEST = 1000  # characters of a measure
PROOF = "hazard.proof"  # the question whose answers are the proof: photos, a place, what was done

# --- taking it --------------------------------------------------------------------------------------------------------


async def receive(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """签收: the department's contact takes a 移送 on; from now on the time for 整改 runs."""
    loaded = await allowed(session, me, report_id, Deed.RECEIVE)
    await put_on(session, now, policy, me.id, report_id, me.id, loaded.hazard.department or "")
    await hold(session, now, policy, report_id, me.id)


async def hand_back(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, why: str) -> None:
    """退回: not mine to mend, with the reason; the officers give it to somebody else. Refused without a reason."""
    loaded = await allowed(session, me, report_id, Deed.HAND_BACK)
    if not why.strip():
        raise Refused("report.reason_needed")
    await to_queue(session, now, policy, me.id, loaded, "hand_back", why=why.strip()[:400])


# --- 整改 and its proof -----------------------------------------------------------------------------------------------


async def begin(session: AsyncSession, now: datetime, me: Me, report_id: int) -> int:
    """From now on photos, a place and words of this person are the proof of this case. → the round."""
    loaded = await allowed(session, me, report_id, Deed.HAND_IN)
    await _proof(session, now, me, loaded)
    return loaded.hazard.round + 1


async def _proof(session: AsyncSession, now: datetime, me: Me, loaded: Loaded) -> Proof:
    values = {
        "report_id": loaded.id, "round": loaded.hazard.round + 1, "by_id": me.id, "begun_at": now, "words": "",
        "excuse": "",
    }  # fmt: skip
    await insert_once(session, Proof, values)
    proof = await proof_of(session, loaded.id, loaded.hazard.round + 1)
    assert proof is not None
    return proof


async def add_photo(session: AsyncSession, now: datetime, me: Me, report_id: int, photo: PhotoPart) -> None:
    """A photo after mending (or a voice note about it)."""
    loaded = await allowed(session, me, report_id, Deed.HAND_IN)
    proof = await _proof(session, now, me, loaded)
    await _is_new(session, report_id, photo, proof.round)
    await intake.add_photo(session, now, report_id, photo, after_round=proof.round, by=me.id)
    await show(session, now, report_id, me.id)


async def _is_new(session: AsyncSession, report_id: int, photo: PhotoPart, round_: int) -> None:
    """Refused for a picture that shows what was found, or was an earlier round's proof: forwarded, or sent again."""
    known = select(Photo.after_round).where(Photo.report_id == report_id, Photo.unique_id == photo.unique_id)
    if any(shown != round_ for shown in (await session.exec(known)).all()):
        raise Refused("hazard.same_photo")


async def add_place(session: AsyncSession, now: datetime, me: Me, report_id: int, place: PlacePart) -> None:
    """Where the photo after mending was taken; its distance from the reported spot is shown to who verifies it."""
    valid(place.latitude, place.longitude)
    loaded = await allowed(session, me, report_id, Deed.HAND_IN)
    proof = await _proof(session, now, me, loaded)
    report, distance = loaded.report, None
    if report.latitude is not None and report.longitude is not None:
        distance = rules.metres((report.latitude, report.longitude), (place.latitude, place.longitude))
    values = {
        "latitude": place.latitude, "longitude": place.longitude, "accuracy": place.accuracy, "distance": distance,
        "excuse": "",
    }  # fmt: skip
    await swap(session, Proof, {"id": proof.id}, values)
    await show(session, now, report_id, me.id)


async def say_measure(
    session: AsyncSession, now: datetime, me: Me, report_id: int, measure: Measure, words: str = ""
) -> None:
    """What was done: one of the usual measures, or in words of one's own, which may also follow the measure."""
    loaded = await allowed(session, me, report_id, Deed.HAND_IN)
    proof = await _proof(session, now, me, loaded)
    await swap(session, Proof, {"id": proof.id}, {"measure": measure, "words": words.strip()[:LONGEST] or proof.words})
    await show(session, now, report_id, me.id)


async def excuse(session: AsyncSession, now: datetime, me: Me, report_id: int, why: str) -> None:
    """Why there is no place, or one too far from the spot. Refused without words."""
    if not why.strip():
        raise Refused("report.reason_needed")
    loaded = await allowed(session, me, report_id, Deed.HAND_IN)
    proof = await _proof(session, now, me, loaded)
    await swap(session, Proof, {"id": proof.id}, {"excuse": why.strip()[:400]})
    await show(session, now, report_id, me.id)


async def evidence(session: AsyncSession, report_id: int, round_: int) -> Evidence:
    """What the proof of a round holds so far."""
    proof = await proof_of(session, report_id, round_)
    if proof is None:
        return Evidence(0, None)
    count = select(func.count()).where(
        Photo.report_id == report_id, Photo.after_round == round_, col(Photo.form) != Form.VOICE
    )
    if proof.measure is not Measure.ON_SPOT:  # what its finder sent on the spot is nobody else's proof
        count = count.where(col(Photo.by_id).is_not(None))
    return Evidence(
        photos=(await session.exec(count)).one(), measure=proof.measure, words=proof.words,
        placed=proof.latitude is not None, distance=proof.distance, excuse=proof.excuse,
    )  # fmt: skip


async def hand_in(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int) -> None:
    """提交验收: the proof is whole, and a third person is to look at it. Refused while something is missing."""
    loaded = await allowed(session, me, report_id, Deed.HAND_IN)
    round_ = loaded.hazard.round + 1
    proof = await evidence(session, report_id, round_)
    rules.complete(proof, policy.hazard.near)
    await swap(session, Proof, {"report_id": report_id, "round": round_}, {"handed_in_at": now})
    await mended(session, now, me.id, loaded, proof)
    await tasks.drop(session, now, WISH, report_id, me.id)
    await hold(session, now, policy, report_id, me.id)


async def mended(session: AsyncSession, now: datetime, by: int, loaded: Loaded, proof: Evidence) -> None:
    """The move to FIXED, with what the proof shows in the journal."""
    metres = round(proof.distance) if proof.distance is not None else None
    await reports.move(
        session, now, by, loaded.report, {"status": Status.FIXED}, round=loaded.hazard.round + 1,
        photos=proof.photos, metres=metres, measure=proof.measure,
    )  # fmt: skip
    values = {"fixed_at": now, "round": loaded.hazard.round + 1, "wished_at": None, "wished_days": None}
    await swap(session, Hazard, {"report_id": loaded.id}, values)


# --- more time --------------------------------------------------------------------------------------------------------


async def wish(
    session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, more: timedelta, why: str
) -> None:
    """申请延期: more time is asked of the level above, with the reason (M033). The clock goes on meanwhile."""
    loaded = await allowed(session, me, report_id, Deed.WISH)
    if not why.strip():
        raise Refused("report.reason_needed")
    _until(now, policy, loaded, more)
    values = {"wished_days": more.days, "wished_why": why.strip()[:400], "wished_at": now}
    if not await swap(session, Hazard, {"report_id": report_id, "wished_at": None}, values):
        raise Refused("hazard.wished_already")
    await journal.write(session, now, me.id, "wish", "report", report_id, days=more.days, why=why.strip()[:400])
    lowest = Role.COUNTY_ADMIN if loaded.case.rectifier_role in OFFICERS else loaded.case.desk
    ladder = rules.ladder(policy.hazard, policy.hazard.extend, loaded.case.severity)
    told = await open_for_desk(session, now, loaded, WISH, ladder, lowest)
    await views.show_everywhere(session, now, report_id)
    await tell(session, now, report_id, told)


def _until(now: datetime, policy: Policy, loaded: Loaded, more: timedelta) -> datetime:
    hazard = loaded.hazard
    assert hazard.assigned_at is not None
    assert hazard.due_at is not None
    return rules.until(now, hazard.assigned_at, hazard.due_at, more, policy.hazard.extend_most)


async def grant(session: AsyncSession, now: datetime, policy: Policy, me: Me, report_id: int, yes: bool) -> None:
    """The level above grants more time, or does not; the answer stands on the card and in the journal."""
    loaded = await allowed(session, me, report_id, Deed.GRANT)
    more = timedelta(days=loaded.hazard.wished_days or 0)
    due = _until(now, policy, loaded, more) if yes else loaded.hazard.due_at
    values = {"wished_at": None, "wished_days": None, "due_at": due, "extended": loaded.hazard.extended + int(yes)}
    if not await swap(session, Hazard, {"report_id": report_id, "wished_at": loaded.hazard.wished_at}, values):
        raise Refused("hazard.no_wish")
    verb = "grant" if yes else "refuse_time"
    await journal.write(
        session, now, me.id, verb, "report", report_id, days=more.days, due=due.isoformat() if due else ""
    )
    await tasks.finish(session, now, WISH, report_id, me.id)
    if yes:
        await tasks.finish(session, now, FIX, report_id, me.id)
        await anew(session, now, policy, report_id, me.id)
    else:
        await views.show_everywhere(session, now, report_id)
        loaded = await peek(session, report_id)
        if loaded.report.rectifier_id is not None:
            await tell(session, now, report_id, await people.stand_ins(session, [loaded.report.rectifier_id]))
