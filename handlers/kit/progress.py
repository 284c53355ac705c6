"""Where a case stands, who holds it, its proof and its end, as reporter, rectifier and officers read it alike.

Changes nothing and knows of no card.
"""

from __future__ import annotations

from typing import Any

from handlers.kit.case import REASONS, STEPS
from handlers.kit.lines import ROLE_NAMES, safe
from handlers.kit.reader import Reader
from locales import N_
from models.hazard.rules import Evidence, Measure
from models.hazard.views import Holder, Sight
from models.report.rules import OPEN, RejectReason, Status
from models.report.views import View

# 发现 → 核实 → 入库上图 → 交办 → 整改 → 验收销号 (M025): how many of the six are done in each state.
DONE = {
    Status.SUBMITTED: 1, Status.ACCEPTED: 2, Status.REGISTERED: 3, Status.TRANSFERRED: 3, Status.ASSIGNED: 4,
    Status.FIXED: 5, Status.CLOSED: 6,
}  # fmt: skip
LATE = {"remind": N_("reminded"), "evaluate": N_("marked in the evaluation"), "account": N_("accountability notice")}
TOLD = {
    "holder": N_("the holder"),
    "above": N_("the holder and the post above"),
    "lead": N_("the village head"),
    "township": N_("the township"),
    "county": N_("the county"),
}
MEASURES = {
    Measure.CLEARED: N_("Cleared away"),
    Measure.REPAIRED: N_("Repaired"),
    Measure.FENCED: N_("Fenced, signs up"),
    Measure.STOPPED: N_("Stopped, sealed"),
    Measure.MOVED: N_("People moved out"),
    Measure.ON_SPOT: N_("Mended on the spot"),
    Measure.OTHER: N_("In words…"),
}
# Reasons that need no typing; "other" asks for words. The same for everything that must give one.
WHY = {
    "seen": N_("Seen on the spot"),
    "people": N_("People are affected"),
    "controlled": N_("Under control"),
    "mistaken": N_("Graded wrongly"),
    "not_mine": N_("Not mine to mend"),
    "away": N_("I am away"),
    "no_means": N_("I lack the means"),
    "nothing": N_("Nothing there"),
    "photo": N_("Photo unclear"),
    "half": N_("Not wholly mended"),
    "elsewhere": N_("Another place"),
    "weather": N_("Weather"),
    "material": N_("Waiting for material"),
    "contractor": N_("Waiting for a contractor"),
    "no_signal": N_("No signal there"),
    "from_afar": N_("Only safe from afar"),
    "reporter_wrong": N_("Reported place was wrong"),
}


def why_words(words: Any, why: str) -> str:
    """A reason as kept (a code of WHY, or somebody's own words) → as it is read."""
    return str(words(WHY[why])) if why in WHY else why


def step(reader: Reader, status: Status) -> str:
    """Where a case stands, in a few words."""
    return reader.words(STEPS[status])


def bar(reader: Reader, status: Status) -> list[str]:
    """How many of the six steps are done, and which comes now; nothing for what has left that way."""
    if status not in DONE:
        return []
    done = DONE[status]
    return ["■" * done + "□" * (6 - done) + f" <b>{step(reader, status)}</b>"]


def held(reader: Reader, holder: Holder) -> list[str]:
    """Who holds it since when, until when, and what happens then: the visible clock (peers.md 13)."""
    _ = reader.words
    post = f"{holder.region} {_(ROLE_NAMES[holder.role])}"
    names = safe(", ".join(holder.names))
    who = f"{post} ({names})" if names else post
    late = "🔴" if holder.until < reader.now else "⏳"
    found = [late + " " + _("With %(who)s since %(since)s, until %(until)s", who=who,
                            since=reader.time(holder.since), until=reader.time(holder.until))]  # fmt: skip
    if holder.next_at is not None:
        found.append("⏰ " + _("Next reminder at %(time)s: %(whom)s", time=reader.time(holder.next_at),
                              whom=_(TOLD[holder.next_to])))  # fmt: skip
    if holder.mark:
        found.append("⚠️ " + _("Overdue: %(mark)s", mark=_(LATE[holder.mark])))
    return found


def proof(reader: Reader, proof: Evidence) -> list[str]:
    """What was handed in as proof so far: what was done, photos, how far from the spot."""
    _ = reader.words
    found = []
    if proof.measure is not None:
        done = _(MEASURES[proof.measure]) if proof.measure is not Measure.OTHER else ""
        found.append("🔨 " + " · ".join(part for part in (done, safe(proof.words, 200)) if part))
    if proof.photos:
        found.append("📸 " + _.n("%(n)s photo after", "%(n)s photos after", proof.photos))
    if proof.distance is not None:
        found.append("📏 " + _("Taken %(metres)s m from the spot", metres=round(proof.distance)))
    elif proof.placed:
        found.append("📏 " + _("The reported spot is not known exactly, so there is no distance."))
    if proof.excuse:
        found.append("💬 " + safe(why_words(_, proof.excuse)))
    return found


def accepted(reader: Reader, view: View) -> list[str]:
    """Who took it on, while it is under way."""
    if view.status not in OPEN or view.decided_at is None:
        return []
    when, who = reader.time(view.decided_at), safe(view.decided_by or "")
    return ["🟢 " + reader.words("Accepted by %(name)s at %(time)s.", name=who, time=when)]


def ended(reader: Reader, sight: Sight) -> list[str]:
    """How it ended: rejected and why, withdrawn, or closed by whom."""
    _, view = reader.words, sight.report
    if view.status is Status.REJECTED:
        return rejected(reader, view)
    if view.status is Status.WITHDRAWN:
        return ["↩️ " + _("Withdrawn.")]
    if view.status is Status.CLOSED and sight.closed_at:
        found = ["🟢 " + _("Closed by %(name)s at %(time)s.", name=safe(sight.closer or ""),
                          time=reader.time(sight.closed_at))]  # fmt: skip
        if sight.satisfied:
            found.append("👍 " + _("The reporter is content."))
        return found
    return []


def rejected(reader: Reader, view: View) -> list[str]:
    """By whom, and why."""
    _ = reader.words
    if view.decided_at is None:
        return []
    reason = safe(view.reject_words) or _(REASONS[view.reject_reason or RejectReason.OTHER])
    return ["🔴 " + _("Rejected by %(name)s at %(time)s: %(reason)s", name=safe(view.decided_by or ""),
                     time=reader.time(view.decided_at), reason=reason)]  # fmt: skip
