"""What a reporter says by a toggle before sending: 保密上报 (M032) and 当场已整改; and how to begin in confidence."""

from __future__ import annotations

from handlers.kit import Act, Button, Reader
from handlers.report.presses import InConfidence, LastIsAfter, Mark
from models.people.rules import Role
from models.report import marks
from models.report.rules import Status
from models.report.views import View

REPORTERS = (Role.GRID_WORKER, Role.VILLAGE_LEAD, Role.TOWNSHIP_OFFICER)
CONFIDENTIAL, ON_SPOT = "c", "s"


async def mark(act: Act, press: Mark) -> None:
    """A toggle was pressed; it carries what it makes of it, so that pressing twice is pressing once."""
    change = marks.on_the_spot if press.what == ON_SPOT else marks.confide
    await change(act.session, act.now, act.me, press.report, bool(press.on))
    if press.what == CONFIDENTIAL and press.on:
        act.toast = act.words("Only the county sees this report now.")


async def in_confidence(act: Act, _press: InConfidence) -> None:
    """保密上报, before anything was sent."""
    act.me.seat(*REPORTERS)
    await act.answered()
    report = await marks.begin_in_confidence(act.session, act.now, act.policy, act.zone, act.me)
    await act.show("report.screen", slot=f"report:{report}", report=report)


async def last_is_after(act: Act, press: LastIsAfter) -> None:
    """The photo after mending was sent with the first ones."""
    await marks.last_is_after(act.session, act.now, act.me, press.report)


# --- on the screen ----------------------------------------------------------------------------------------------------


def lines(reader: Reader, view: View) -> list[str]:
    """What these toggles mean, where they are on."""
    _, found = reader.words, []
    if view.confidential:
        found.append("🔒 " + _("In confidence: it goes to the county alone. Village and township do not see it."))
    if view.on_spot:
        found.append("🔧 " + _("Mended on the spot."))
    if view.after and view.status in (Status.DRAFT, Status.SUBMITTED):
        found.append("📸 " + _.n("%(n)s photo after", "%(n)s photos after", len(view.after)))
    return found


def toggles(reader: Reader, view: View) -> list[Button]:
    """The two toggles below a draft."""
    _ = reader.words
    said = ((CONFIDENTIAL, view.confidential, _("In confidence")), (ON_SPOT, view.on_spot, _("Mended already")))
    return [Button(("☑️ " if on else "⬜ ") + label, Mark(view.id, what, int(not on))) for what, on, label in said]


def ask_after(reader: Reader, view: View) -> tuple[str, list[list[Button]]]:
    """The photo after mending is asked for; it may be among those sent already."""
    _ = reader.words
    several = len(view.photos) + len(view.files) > 1 and view.status is Status.DRAFT
    there = [[Button("📸 " + _("The last photo shows it"), LastIsAfter(view.id))]] if several else []
    return _("👉 Now a photo of how it is after mending."), there


def begin(reader: Reader) -> list[Button]:
    """The way to a report that is confidential from its first part on."""
    return [Button("🔒 " + reader.words("Report in confidence"), InConfidence())]


def hotlines(reader: Reader) -> str:
    """Where one can phone in confidence (M032); the numbers are the county's own."""
    numbers = " · ".join(reader.policy.hotline.numbers)
    return "🔒 " + reader.words("To tell of a danger in confidence, phone %(numbers)s.", numbers=numbers)
