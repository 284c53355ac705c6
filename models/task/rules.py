"""How a task moves and climbs. Pure: facts and `now` in, decisions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from models.people.rules import Role
from models.policy import Ladder


class Status(StrEnum):
    """A task is open, or was done by somebody, or fell away because its reason did."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


# Which status may follow which; what is not here is forbidden.
MOVES: dict[Status, tuple[Status, ...]] = {
    Status.OPEN: (Status.DONE, Status.DROPPED),
    Status.DONE: (),
    Status.DROPPED: (),
}

# After an outage several rungs may be overdue; this much lies between two of them all the same.
BREATH = timedelta(minutes=5)


@dataclass(frozen=True)
class Step:
    """One frozen rung: seconds after opening, whom it tells, and what being told so late means (M029)."""

    after: int
    to: str
    mark: str = ""


def freeze(ladder: Ladder) -> dict[str, Any]:
    """A ladder of the policy as it is stored with a task: a later change of the policy moves no running task."""
    return {
        "steps": [
            {"after": int(rung.after.total_seconds()), "to": rung.to, "mark": rung.mark} for rung in ladder.rungs
        ],
        "again": int(ladder.again.total_seconds()),
        "patient": ladder.patient,
    }


def steps(frozen: Mapping[str, Any]) -> Sequence[Step]:
    """The frozen ladder's rungs."""
    return [Step(step["after"], step["to"], step.get("mark", "")) for step in frozen["steps"]]


def step_at(frozen: Mapping[str, Any], rung: int) -> Step:
    """The rung that fires as number `rung` (from 0); past the end the last one comes again."""
    ladder = steps(frozen)
    return ladder[min(rung, len(ladder) - 1)]


def next_at(frozen: Mapping[str, Any], opened_at: datetime, fired: int, now: datetime) -> datetime:
    """When rung number `fired` (the next one) is due, `now` being the moment the one before it fired.

    At most one rung fires at a time; one that an outage made late comes a breath later (or its distance, if shorter).
    """
    ladder = steps(frozen)
    if fired >= len(ladder):
        return now + timedelta(seconds=frozen["again"])
    planned = opened_at + timedelta(seconds=ladder[fired].after)
    distance = timedelta(seconds=ladder[fired].after - (ladder[fired - 1].after if fired else 0))
    return planned if planned > now else now + min(BREATH, distance)


def mark(frozen: Mapping[str, Any], fired: int) -> str:
    """The gravest mark of the rungs that have fired: "", "remind", "evaluate" or "account" (M029)."""
    marks = [step.mark for step in steps(frozen)[:fired] if step.mark]
    return marks[-1] if marks else ""


def newly(frozen: Mapping[str, Any], rung: int) -> str:
    """The mark that the rung with this number (from 0) brings with it; the last one, coming again, brings none."""
    ladder = steps(frozen)
    return ladder[rung].mark if rung < len(ladder) else ""


def quiet_until(now: datetime, begin: time, end: time, zone: tzinfo) -> datetime | None:
    """When the quiet hours end in which this moment lies; None outside them. They may run over midnight."""
    local = now.astimezone(zone)
    at = local.time()
    inside = begin <= at < end if begin <= end else at >= begin or at < end
    if not inside:
        return None
    morning = datetime.combine(local.date(), end, zone)
    return morning if morning > local else morning + timedelta(days=1)


def after_acknowledging(frozen: Mapping[str, Any], due_at: datetime, now: datetime) -> datetime:
    """Acknowledged but not done: it comes back when it is due; overdue already, after the ladder's `again`."""
    return due_at if due_at > now else now + timedelta(seconds=frozen["again"])


# Who is above whom, when a post has nobody who can be reached.
ABOVE: dict[Role, Role | None] = {
    Role.GRID_WORKER: Role.VILLAGE_LEAD,
    Role.VILLAGE_LEAD: Role.TOWNSHIP_OFFICER,
    Role.TOWNSHIP_OFFICER: Role.COUNTY_ADMIN,
    Role.COUNTY_ADMIN: None,
}

RUNG_ROLES: dict[str, Role] = {
    "lead": Role.VILLAGE_LEAD,
    "township": Role.TOWNSHIP_OFFICER,
    "county": Role.COUNTY_ADMIN,
}
