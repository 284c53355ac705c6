"""The officer's deeds: 受理, 驳回, grade and kind, 升级, 收回, 一键, and 核实销号 of what was mended on the spot."""

from __future__ import annotations

from handlers.hazard.presses import (
    Accept,
    Escalate,
    Hereabouts,
    Name,
    Nudge,
    Regrade,
    Reject,
    Settle,
    TakeBack,
    Turn,
)  # fmt: skip
from handlers.hazard.show import WHY, below, put, reasons
from handlers.kit import Act, Button, Reader, Route, Screen, answering, pressed, rows
from handlers.kit.case import GRADES, REASONS
from handlers.kit.case import MARKS as COLOURS
from locales import N_
from locales.content import categories, kind, kinds
from models.hazard import actions as hazards
from models.hazard import closing
from models.hazard.rules import Deed
from models.hazard.views import Sight
from models.refused import Refused
from models.report.rules import RejectReason, Severity, Status

REGRADE_WHY = ("seen", "people", "controlled", "mistaken")


async def accept(act: Act, press: Accept) -> None:
    """受理 with one tap; 入库上图 with it."""
    await hazards.accept(act.session, act.now, act.policy, act.me, press.report)
    act.toast = act.words("Accepted.")


async def reject(act: Act, press: Reject) -> None:
    """驳回: first the reasons, then with one of them; another reason is typed."""
    if press.reason in ("", "-"):
        await put(act, press.report, "reject" if press.reason == "" else "")
        return
    if press.reason not in list(RejectReason):
        raise Refused("menu.old_button")
    reason, seen = RejectReason(press.reason), Status(press.seen) if press.seen in list(Status) else None
    if reason is RejectReason.OTHER:
        await act.ask("hazard.reject", report=press.report, seen=press.seen)
        await act.say("hazard.why", report=press.report)
        return
    await hazards.reject(act.session, act.now, act.policy, act.me, press.report, reason, seen=seen)
    act.toast = act.words("Rejected.")


async def reject_because(act: Act) -> None:
    """The typed reason came."""
    assert act.question is not None
    seen = Status(str(act.question.args["seen"]))
    report_id, why = await typed(act)
    await hazards.reject(act.session, act.now, act.policy, act.me, report_id, RejectReason.OTHER, why, seen)
    await below(act, report_id)


async def typed(act: Act) -> tuple[int, str]:
    """The answer to the open question in words, which it closes. → the case, the words."""
    assert act.question is not None
    await act.answered()
    return int(act.question.args["report"]), act.message.text or ""


async def settle(act: Act, press: Settle) -> None:
    """核实销号: the fast lane in one tap."""
    await closing.settle(act.session, act.now, act.policy, act.me, press.report)
    act.toast = act.words("Checked and closed.")


async def regrade(act: Act, press: Regrade) -> None:
    """Another grade: which, then why."""
    if not press.grade or not press.why:
        await put(act, press.report, "regrade", grade=press.grade)
        return
    if press.grade not in list(Severity):
        raise Refused("menu.old_button")
    if press.why == "other":
        await act.ask("hazard.regrade", report=press.report, grade=press.grade)
        await act.say("hazard.why", report=press.report)
        return
    why, grade = press.why, Severity(press.grade)
    await hazards.regrade(act.session, act.now, act.policy, act.me, press.report, grade, why)
    act.toast = act.words("Regraded.")


async def regrade_because(act: Act) -> None:
    """The typed reason came."""
    assert act.question is not None
    grade = Severity(str(act.question.args["grade"]))
    report_id, why = await typed(act)
    await hazards.regrade(act.session, act.now, act.policy, act.me, report_id, grade, why)
    await below(act, report_id)


async def name(act: Act, press: Name) -> None:
    """The kind: leaf through the kinds, then name it."""
    known = {entry.code for entry in kinds()}
    if press.what not in known:
        await put(act, press.report, "name", letter=press.what)
        return
    hint = Severity(kind(press.what).hint)
    await hazards.describe(act.session, act.now, act.policy, act.me, press.report, press.what, known, hint)
    act.toast = act.words("Noted.")


async def hereabouts(act: Act, press: Hereabouts) -> None:
    """The village instead of an exact place."""
    await hazards.at_village(act.session, act.now, act.policy, act.me, press.report)


async def escalate(act: Act, press: Escalate) -> None:
    """升级 to the county."""
    await hazards.escalate(act.session, act.now, act.policy, act.me, press.report)
    act.toast = act.words("The county leads from here on.")


async def take_back(act: Act, press: TakeBack) -> None:
    """收回, to give it to somebody else."""
    await hazards.take_back(act.session, act.now, act.policy, act.me, press.report)
    act.toast = act.words("Taken back.")


async def nudge(act: Act, press: Nudge) -> None:
    """一键催办"""
    told = await hazards.nudge(act.session, act.now, act.policy, act.me, press.report)
    act.toast = act.words.n("%(n)s person warned.", "%(n)s persons warned.", told)


async def turn(act: Act, press: Turn) -> None:
    """Another side of the card."""
    await put(act, press.report, press.ask)


# --- what the card asks -----------------------------------------------------------------------------------------------


def ask_reject(reader: Reader, sight: Sight, _args: dict[str, object]) -> list[list[Button]]:
    """The reasons of a 驳回."""
    _ = reader.words
    buttons = [Button(_(label), Reject(sight.id, reason, sight.report.status)) for reason, label in REASONS.items()]
    return rows([*buttons, Button(_("Back"), Reject(sight.id, "-", ""))])


def ask_regrade(reader: Reader, sight: Sight, args: dict[str, object]) -> list[list[Button]]:
    """The other grades, then the reasons."""
    _ = reader.words
    chosen = str(args.get("grade", ""))
    if chosen:
        back = Regrade(sight.id, "", "")
        return reasons(reader, REGRADE_WHY, lambda why: Regrade(sight.id, chosen, why), back)
    grades = [
        Button(f"{COLOURS[grade]} {_(GRADES[grade])}", Regrade(sight.id, grade, ""))
        for grade in reversed(Severity)
        if grade is not sight.report.severity
    ]
    return rows([*grades, Button(_("Back"), Turn(sight.id, ""))])


def ask_name(reader: Reader, sight: Sight, args: dict[str, object]) -> list[list[Button]]:
    """The categories, then their kinds."""
    _ = reader.words
    letter = str(args.get("letter", ""))
    if letter:
        found = [Button(k.name(_.locale), Name(sight.id, k.code)) for k in kinds() if k.letter == letter]
        return [*rows(found), [Button(_("Back"), Name(sight.id, ""))]]
    heads = [Button(c.name(_.locale), Name(sight.id, c.letter)) for c in categories()]
    return [*rows(heads), [Button(_("Back"), Turn(sight.id, ""))]]


async def why(reader: Reader, _args: dict[str, object]) -> Screen:
    """Ask for a reason in words."""
    return Screen(reader.words("✍️ Write the reason in one message; those concerned will read it."))


def buttons(reader: Reader, sight: Sight) -> list[list[Button]]:
    """What an officer can do before it is given to somebody, the likely first."""
    _, may, case = reader.words, sight.deeds, sight.id
    found: list[list[Button]] = []
    if Deed.SETTLE in may:
        found.append([Button("✅ " + _("Check and close"), Settle(case))])
    decide = []
    if Deed.ACCEPT in may and sight.report.status == "submitted":
        decide.append(Button("✅ " + _("Accept"), Accept(case)))
        if Deed.REJECT in may:
            decide.append(Button("❌ " + _("Reject…"), Reject(case, "", "")))
    return [*found, decide] if decide else found


def more(reader: Reader, sight: Sight) -> list[Button]:
    """The rarer deeds."""
    _, may, case = reader.words, sight.deeds, sight.id
    offers = (
        (Deed.DESCRIBE, Button("✏️ " + _("Kind…"), Name(case, ""))),
        (Deed.REGRADE, Button("🎚 " + _("Grade…"), Regrade(case, "", ""))),
        (Deed.ESCALATE, Button("⬆️ " + _("To the county"), Escalate(case))),
        (Deed.TAKE_BACK, Button("↩️ " + _("Take back"), TakeBack(case))),
    )
    found = [button for deed, button in offers if deed in may]
    if Deed.REJECT in may and sight.report.status != "submitted":
        found.append(Button("❌ " + _("Reject…"), Reject(case, "", "")))
    if Deed.DESCRIBE in may and sight.report.source is None:
        found.insert(0, Button("📍 " + _("The village will do"), Hereabouts(case)))
    return found


ROUTES: list[Route] = [
    pressed(Accept, accept),
    pressed(Reject, reject),
    pressed(Settle, settle),
    pressed(Regrade, regrade),
    pressed(Name, name),
    pressed(Hereabouts, hereabouts),
    pressed(Escalate, escalate),
    pressed(TakeBack, take_back),
    pressed(Nudge, nudge),
    pressed(Turn, turn),
    answering("hazard.reject", reject_because),
    answering("hazard.regrade", regrade_because),
]
RENDERERS = {"hazard.why": why}
REFUSALS = {
    "hazard.not_yours": N_("Only those in charge of this case can do that."),
    "hazard.own_report": N_("You reported this yourself, so another officer must decide."),
    "hazard.own_work": N_("You mended this yourself, so another officer must check it."),
    "hazard.another_officer": N_("You closed it and it was not mended, so another officer must take it on."),
    "hazard.incomplete": N_("The kind or the place is still missing. Name it on the card, then go on."),
    "hazard.came_again": N_("It was closed once and came again, so it must be mended; it cannot be rejected."),
    "hazard.same_grade": N_("It has this grade already."),
    "hazard.county_already": N_("The county leads it already."),
    "hazard.no_fast_lane": N_("Only a minor hazard that was mended on the spot can be closed at once."),
    "hazard.nudged_just_now": N_("They were warned a moment ago. Try again in a few minutes."),
}
ASKS = {"reject": ask_reject, "regrade": ask_regrade, "name": ask_name}

assert set(REGRADE_WHY) <= set(WHY)
