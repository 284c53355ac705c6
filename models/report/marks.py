"""What a reporter says about a report before sending it: 保密, 当场已整改, its kind. Sends nothing off."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, tzinfo

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models import journal
from models.base import swap
from models.people.rules import Me
from models.policy import Policy
from models.refused import Refused
from models.report import intake, rules, views
from models.report.rules import Form, Status
from models.report.tables import Photo, Report


async def _own_draft(session: AsyncSession, me: Me, report_id: int) -> Report:
    report = await views.own_open(session, me, report_id)
    rules.may_toggle(report.status)
    return report


async def confide(session: AsyncSession, now: datetime, me: Me, report_id: int, on: bool) -> None:
    """保密上报 (M032), or not after all: from here on the county is its desk and nobody below it finds the report."""
    report = await _own_draft(session, me, report_id)
    await _mark(session, now, me, report, "confidential", on)


async def begin_in_confidence(session: AsyncSession, now: datetime, policy: Policy, zone: tzinfo, me: Me) -> int:
    """A draft that is confidential before anything of it was sent. → report id; Refused as `intake.begin` refuses."""
    report_id = await intake.begin(session, now, policy, zone, me)
    await confide(session, now, me, report_id, True)
    return report_id


async def on_the_spot(session: AsyncSession, now: datetime, me: Me, report_id: int, on: bool) -> None:
    """当场已整改, or not after all: photos from here on show the end of it; taken back, all of them show the hazard."""
    report = await _own_draft(session, me, report_id)
    if not on:
        await session.exec(
            update(Photo)
            .where(col(Photo.report_id) == report_id, col(Photo.after_round).is_not(None), col(Photo.by_id).is_(None))
            .values(after_round=None)
        )
    await _mark(session, now, me, report, "on_spot", on)


# What the journal calls it when something is said, and when it is taken back.
VERBS = {"confidential": ("confidential", "public"), "on_spot": ("on_spot", "not_on_spot")}


async def _mark(session: AsyncSession, now: datetime, me: Me, report: Report, mark: str, on: bool) -> None:
    """Twice the same changes nothing, so that an impatient thumb does not take back what it said."""
    seen = {"id": report.id, "status": Status.DRAFT, mark: not on}
    if await swap(session, Report, seen, {mark: on, "last_part_at": now}):
        said, taken_back = VERBS[mark]
        await journal.write(session, now, me.id, said if on else taken_back, "report", report.id or 0)
    await views.show_everywhere(session, now, report.id or 0)


async def last_is_after(session: AsyncSession, now: datetime, me: Me, report_id: int) -> None:
    """The last of several photos shows it mended already. Refused while there are not two, one before and one after."""
    report = await _own_draft(session, me, report_id)
    rows = await session.exec(
        select(Photo.id)
        .where(Photo.report_id == report_id, col(Photo.after_round).is_(None), col(Photo.form) != Form.VOICE)
        .order_by(col(Photo.nth))
    )
    photos = rows.all()
    if not report.on_spot or len(photos) < 2:
        raise Refused("report.no_after")
    await swap(session, Photo, {"id": photos[-1]}, {"after_round": 1})
    await views.show_everywhere(session, now, report_id)


async def name_kind(
    session: AsyncSession, now: datetime, me: Me, report_id: int, kind: str, known: Collection[str]
) -> None:
    """The kind of a draft that is sent later with others; which also stands on its own screen. Refused if unknown."""
    if kind not in known:
        raise Refused("report.no_kind")
    report = await _own_draft(session, me, report_id)
    await swap(session, Report, {"id": report.id, "status": Status.DRAFT}, {"kind": kind, "last_part_at": now})
    await views.show(session, now, me.id, report_id)
