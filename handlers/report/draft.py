"""The reporter's deeds: parts in any order, one tap for the kind, and second thoughts."""

from __future__ import annotations

from typing import Any

from handlers.kit import Act
from handlers.kit.parts import evidence_of, place_of
from handlers.report.presses import (
    Alarm,
    Another,
    Confirm,
    HereAbouts,
    Kinds,
    NoPhoto,
    Replace,
    Toggle,
    Withdraw,
)  # fmt: skip
from locales.content import kind, kinds
from models import response
from models.people.rules import Role
from models.refused import Refused
from models.report import actions as reports
from models.report import intake
from models.report.intake import WordsPart
from models.report.rules import Severity

SHORTEST_WORDS = 4  # fewer characters than this are no report but a greeting or a slip
FIRE = "C02"
REPORTERS = (Role.GRID_WORKER, Role.VILLAGE_LEAD, Role.TOWNSHIP_OFFICER)


async def how(act: Act) -> None:
    """/report: what to send."""
    act.me.seat(*REPORTERS)
    await act.answered()  # a new report: what comes now is no proof and no reason any more
    await act.say("report.how")


async def fire(act: Act) -> None:
    """/fire: safety and numbers first; what is known goes off after a short while even if nothing more comes."""
    act.me.seat(*REPORTERS)
    await act.answered()
    await intake.emergency(act.session, act.now, act.policy, act.zone, act.me, FIRE)


# --- parts ------------------------------------------------------------------------------------------------------------


async def take_evidence(act: Act) -> None:
    """A photo, a picture file or a voice note, which describes as words do; a caption counts as words."""
    await _add(act, photo=evidence_of(act.message))


async def take_place(act: Act) -> None:
    """A place: the phone's own position, a pin, or a venue."""
    await _add(act, place=place_of(act.message))


async def take_words(act: Act) -> None:
    """A few words describe a hazard."""
    text = act.message.text or ""
    if len(text.strip()) < SHORTEST_WORDS or not act.me.holds(*REPORTERS):
        raise Refused("menu.no_form")
    await _add(act)


async def _add(act: Act, **parts: Any) -> None:
    text = act.message.text or act.message.caption or ""
    words = WordsPart(act.message.message_id, text) if text else None
    await intake.add_part(act.session, act.now, act.policy, act.zone, act.me, words=words, **parts)


async def revised(act: Act) -> None:
    """A message was edited in the chat: its words in the report follow. Other edits are nobody's business."""
    message = act.message
    text = message.text or message.caption
    if act.visitor.me is not None and text:
        await intake.revise(act.session, act.now, act.me, WordsPart(message.message_id, text))


# --- buttons ----------------------------------------------------------------------------------------------------------


async def hereabouts(act: Act, press: HereAbouts) -> None:
    """The village instead of an exact place."""
    await intake.use_village(act.session, act.now, act.me, press.report)


async def replace(act: Act, press: Replace) -> None:
    """The place was wrong."""
    await intake.forget_place(act.session, act.now, act.me, press.report)


async def no_photo(act: Act, press: NoPhoto) -> None:
    """On without a photo."""
    await intake.waive_photo(act.session, act.now, act.me, press.report)


async def toggle(act: Act, press: Toggle) -> None:
    """A severity question answered, or taken back."""
    await intake.answer(act.session, act.now, act.me, press.report, press.question)


async def confirm(act: Act, press: Confirm) -> None:
    """The kind is confirmed; the report goes off."""
    known = {entry.code for entry in kinds()}
    hint = Severity(kind(press.kind).hint) if press.kind in known else Severity.L
    await response.submit(act.session, act.now, act.policy, act.me, press.report, press.kind, known, hint)
    act.toast = act.words("Sent.")


async def choose_kind(act: Act, press: Kinds) -> None:
    """Leaf through the kinds."""
    await act.show("report.screen", slot=f"report:{press.report}", report=press.report, letter=press.letter)


async def alarm(act: Act, press: Alarm) -> None:
    """🆘"""
    await response.raise_alarm(act.session, act.now, act.policy, act.me, press.report)
    act.toast, act.alert = act.words("The officers are being alarmed. Call 110, 119, 120 or 12119 as well!"), True


async def another(act: Act, press: Another) -> None:
    """另报一件"""
    await intake.another(act.session, act.now, act.policy, act.zone, act.me, press.report)
    act.toast = act.words("What you send next is a new report.")


async def withdraw(act: Act, press: Withdraw) -> None:
    """撤回"""
    await reports.withdraw(act.session, act.now, act.policy, act.me, press.report)
