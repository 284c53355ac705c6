"""/rewards: the county's register of rewards (M031), where each is approved, changed, refused and marked as paid.

Invisible while the policy has it off; of a confidential report it names the reporter to the county alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from handlers.kit import (
    Act,
    Button,
    Command,
    Press,
    Reader,
    Route,
    Screen,
    answering,
    command,
    pages,
    pressed,
    rows,
    safe,
)  # fmt: skip
from handlers.kit.case import GRADES, MARKS, Open
from locales import N_
from locales.content import kind
from models.hazard import rewards
from models.hazard.rewards import RewardView
from models.hazard.rules import Payment
from models.people.rules import Role
from models.refused import Refused
from models.task import actions as tasks

STATES = {
    Payment.PROPOSED: N_("to decide"),
    Payment.APPROVED: N_("to pay"),
    Payment.PAID: N_("paid"),
    Payment.REFUSED: N_("refused"),
}
SIGNS = {Payment.PROPOSED: "🟡", Payment.APPROVED: "🟢", Payment.PAID: "✅", Payment.REFUSED: "⚪"}


@dataclass(frozen=True)
class Register(Press):
    """The rewards in a state, "" all."""

    code = "hrw"
    state: str
    page: int


@dataclass(frozen=True)
class Look(Press):
    """One reward."""

    code = "hwl"
    report: int


@dataclass(frozen=True)
class Decide(Press):
    """What is done with one: "approve", "change", "refuse", "pay"."""

    code = "hwd"
    report: int
    what: str


# --- deeds ------------------------------------------------------------------------------------------------------------


async def mine(act: Act) -> None:
    """/rewards; while there are none, the command is as unknown as any other."""
    if not act.policy.reward.on:
        raise Refused("menu.no_command")
    act.me.seat(Role.COUNTY_ADMIN)
    await act.show("reward.list", slot="rewards", state="")


async def register(act: Act, press: Register) -> None:
    """Another state, another page."""
    await rewards.listed(act.session, act.policy, act.me, None, 1)
    await act.show("reward.list", slot="rewards", state=press.state, page=press.page)


async def look(act: Act, press: Look) -> None:
    """One reward."""
    await rewards.look(act.session, act.policy, act.me, press.report)
    await _card(act, press.report)


async def _card(act: Act, report_id: int, follow: bool = True) -> None:
    await act.show("reward.card", slot="rewards", follow=follow, report=report_id)


async def decide(act: Act, press: Decide) -> None:
    """One tap approves or marks as paid; an amount and a reason are typed."""
    if press.what in ("change", "refuse"):
        await rewards.look(act.session, act.policy, act.me, press.report)
        await act.ask(f"reward.{press.what}", report=press.report)
        await act.say(f"reward.{press.what}", report=press.report)
        return
    verb = {"approve": rewards.approve, "pay": rewards.pay}.get(press.what)
    if verb is None:
        raise Refused("menu.old_button")
    await verb(act.session, act.now, act.policy, act.me, press.report)
    act.toast = act.words("Noted.")
    await _card(act, press.report, follow=False)


async def changed(act: Act) -> None:
    """The typed amount came."""
    assert act.question is not None
    report_id = int(act.question.args["report"])
    written = re.fullmatch(r"\D{0,4}([0-9][0-9,]{0,9})\D{0,4}", act.message.text or "")
    if written is None:
        raise Refused("reward.no_amount")  # the question stays open
    await rewards.change(act.session, act.now, act.policy, act.me, report_id, int(written[1].replace(",", "")))
    await act.answered()
    await _card(act, report_id)


async def refused(act: Act) -> None:
    """The typed reason came."""
    assert act.question is not None
    report_id = int(act.question.args["report"])
    await rewards.refuse(act.session, act.now, act.policy, act.me, report_id, act.message.text or "")
    await act.answered()
    await _card(act, report_id)


# --- screens ----------------------------------------------------------------------------------------------------------


async def listing(reader: Reader, args: dict[str, Any]) -> Screen:
    """The register, a line and a button each; the states as filters."""
    _ = reader.words
    state = str(args.get("state", ""))
    chosen = Payment(state) if state in list(Payment) else None
    found = await rewards.listed(reader.session, reader.policy, reader.member, chosen)
    filters = [
        Button(("• " if state == each else "") + _(label), Register(each, 0))
        for each, label in (("", N_("All")), *STATES.items())
    ]
    lines = [[Button(_line(reader, each), Look(each.report_id))] for each in found]
    text = "🏅 <b>" + _("Rewards for major hazards") + "</b>"
    if not found:
        text += "\n" + _("There are none here.")
    turned = pages(lines, int(args.get("page", 0)), lambda to: Register(state, to))
    return Screen(text, [*turned, *rows(filters, 3)])


def _line(reader: Reader, view: RewardView) -> str:
    name = kind(view.kind).name(reader.words.locale) if view.kind else view.number[-6:]
    return f"{SIGNS[view.state]} {_yuan(reader, view)} · {name} · {view.person}"


def _yuan(reader: Reader, view: RewardView) -> str:
    return reader.words("%(yuan)s yuan", yuan=view.amount)


async def card(reader: Reader, args: dict[str, Any]) -> Screen:
    """One reward with everything by which the county decides, and what this reader may do with it."""
    _ = reader.words
    view = await rewards.look(reader.session, reader.policy, reader.member, int(args["report"]))
    lines = [
        "🏅 <b>" + _("Reward: %(yuan)s yuan", yuan=view.amount) + f"</b> · {_(STATES[view.state])}",
        f"📄 {view.number}",
        *_grade(reader, view),
        "👤 " + _("For %(name)s, who reported it first", name=safe(view.person)),
    ]
    if view.confidential:
        lines.append("🔒 " + _("Confidential: this name stays in the county."))
    if view.decided_at is not None:
        lines.append("✍️ " + _("Decided by %(name)s at %(time)s", name=safe(view.decided_by or ""),
                               time=reader.time(view.decided_at)))  # fmt: skip
    if view.paid_at is not None:
        lines.append("✅ " + _("Paid by %(name)s at %(time)s", name=safe(view.paid_by or ""),
                              time=reader.time(view.paid_at)))  # fmt: skip
    last = [Button(_("Open"), Open(view.report_id)), Button(_("Back"), Register("", 0))]
    return Screen("\n".join(lines), [*_decisions(reader, view), last])


def _grade(reader: Reader, view: RewardView) -> list[str]:
    _ = reader.words
    name = kind(view.kind).name(_.locale) if view.kind else _("kind not yet known")
    return [f"{MARKS[view.severity]} {_(GRADES[view.severity])} · {name}"] if view.severity else [name]


def _decisions(reader: Reader, view: RewardView) -> list[list[Button]]:
    _ = reader.words
    if view.state is Payment.APPROVED and not view.mine:
        return [[Button("✅ " + _("Paid"), Decide(view.report_id, "pay"))]]
    if view.state is not Payment.PROPOSED or view.mine:
        return []
    yes = Button("✅ " + _("Approve"), Decide(view.report_id, "approve"))
    other = Button(_("Other amount…"), Decide(view.report_id, "change"))
    return [[yes, other, Button("❌ " + _("Refuse…"), Decide(view.report_id, "refuse"))]]


async def ask_amount(reader: Reader, args: dict[str, Any]) -> Screen:
    """Ask for another amount."""
    view = await rewards.look(reader.session, reader.policy, reader.member, int(args["report"]))
    return Screen(reader.words("✍️ Write the amount in yuan, at most %(most)s.", most=view.most))


async def ask_why(reader: Reader, _args: dict[str, Any]) -> Screen:
    """Ask why there is no reward."""
    return Screen(reader.words("✍️ Write in one message why there is no reward. It stays with the county."))


async def told(reader: Reader, args: dict[str, Any]) -> Screen:
    """To the receiver, and to nobody else."""
    _ = reader.words
    number, amount = await rewards.own(reader.session, reader.policy, reader.member, int(args["report"]))
    paid = args["state"] == Payment.PAID
    if paid:
        text = _("🏅 The reward of %(yuan)s yuan for %(number)s was paid.", yuan=amount, number=number)
    else:
        text = _(
            "🏅 What you reported (%(number)s) was found to be a major hazard. You get a reward of %(yuan)s yuan.",
            yuan=amount, number=number,
        )  # fmt: skip
    return Screen(text + "\n" + _("Only the county knows that it is for you."))


async def due(reader: Reader, args: dict[str, Any]) -> Screen:
    """A reward nobody decided, or paid, in its time."""
    _ = reader.words
    shown = await card(reader, {"report": await _subject(reader, int(args["task"]))})
    return Screen("⏰ " + _("This waits for the county:") + "\n" + shown.text, shown.buttons)


async def _subject(reader: Reader, task_id: int) -> int:
    task = await tasks.get(reader.session, task_id)
    if task is None or task.ended_at is not None:
        raise Refused("task.over")
    return task.subject_id


async def task_line(reader: Reader, report_id: int) -> tuple[str, Press | None] | None:
    """The task in one line of /tasks; gone once the county has switched rewards off."""
    _ = reader.words
    if not reader.policy.reward.on:
        return None
    view = await rewards.look(reader.session, reader.policy, reader.member, report_id)
    what = _("Reward to decide") if view.state is Payment.PROPOSED else _("Reward to pay")
    return f"{what}: {_yuan(reader, view)}", Look(report_id)


ROUTES: list[Route] = [
    command("rewards", mine),
    pressed(Register, register),
    pressed(Look, look),
    pressed(Decide, decide),
    answering("reward.change", changed),
    answering("reward.refuse", refused),
]
RENDERERS = {
    "reward.list": listing,
    "reward.card": card,
    "reward.change": ask_amount,
    "reward.refuse": ask_why,
    "reward.told": told,
    f"{rewards.DECIDE}.due": due,
    f"{rewards.PAY}.due": due,
}
REFUSALS = {
    "reward.not_found": N_("There is no such reward for you."),
    "reward.own": N_("This reward concerns your own report, so a colleague decides about it."),
    "reward.moved_on": N_("A colleague was quicker; /rewards shows what is true now."),
    "reward.not_in_table": N_("Between 1 and %(most)s yuan are possible for this grade."),
    "reward.not_major": N_("This case is no major hazard any more, so there is nothing to approve."),
    "reward.four_eyes": N_("You approved it yourself, so a colleague marks it as paid."),
    "reward.no_amount": N_("Please write the amount in whole yuan, such as 1000."),
}
COMMANDS = [Command("rewards", N_("Rewards for major hazards"), roles=(Role.COUNTY_ADMIN,), when=lambda p: p.reward.on)]
TASK_LINES = {rewards.DECIDE: task_line, rewards.PAY: task_line}
