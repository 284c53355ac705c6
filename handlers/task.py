"""/tasks: what waits on me, the most urgent first."""

from __future__ import annotations

from typing import Any

from handlers.kit import Acknowledge, Act, Button, Command, Feature, Reader, Screen, command, key, pressed
from locales import N_
from models.task import actions as tasks

TASKS_KEY = N_("📋 My tasks")
SHOWN = 8  # more than a thumb scrolls through; the rest is counted


async def mine(act: Act) -> None:
    """/tasks"""
    _ = act.me
    await act.show("task.list", slot="tasks")


async def acknowledge(act: Act, press: Acknowledge) -> None:
    """知道了"""
    await tasks.acknowledge(act.session, act.now, act.me, press.task)
    act.toast = act.words("Noted. It comes back when it is due.")


async def digest(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The morning's one message for what could wait through the night; nothing when nothing is left."""
    shown = await listing(reader, args)
    if shown is None or not shown.buttons:
        return None
    return Screen("🌅 " + reader.words("Good morning.") + "\n" + shown.text, shown.buttons)


async def listing(reader: Reader, _args: dict[str, Any]) -> Screen | None:
    """The open tasks of this person, each with a button that opens it."""
    if reader.me is None:
        return None
    _ = reader.words
    open_tasks = await tasks.waiting_on(reader.session, reader.me)
    lines: list[str] = []
    buttons: list[list[Button]] = []
    for task in open_tasks[:SHOWN]:
        made = await reader.house.task_lines[task.kind](reader, task.subject_id)
        if made is None:
            continue
        line, press = made
        late = "🔴" if task.due_at < reader.now else "🟡"
        lines.append(f"{late} {line} · " + _("until %(time)s", time=reader.time(task.due_at)))
        if press is not None:
            buttons.append([Button(line, press)])
    if not lines:
        return Screen(_("Nothing waits for you. 👍"))
    head = _.n("<b>%(n)s thing waits for you</b>", "<b>%(n)s things wait for you</b>", len(open_tasks))
    return Screen("\n".join([head, *lines]), buttons)


async def stuck(reader: Reader, args: dict[str, Any]) -> Screen:
    """To the operator: the auditor found something without a next step."""
    _ = reader.words
    if "report" in args:
        return Screen(
            _("🔧 A report had nobody to verify it; the task was opened again (no. %(id)s).", id=args["report"])
        )
    return Screen(_("🔧 A reminder is stuck (task no. %(id)s). Please look at the log.", id=args["task"]))


FEATURE = Feature(
    routes=[command("tasks", mine), key(TASKS_KEY, mine), pressed(Acknowledge, acknowledge)],
    renderers={"task.list": listing, "task.digest": digest, "task.stuck": stuck},
    refusals={
        "task.over": N_("This has been dealt with already."),
        "task.not_yours": N_("This does not wait for you."),
    },
    commands=[Command("tasks", N_("What waits for me"))],
)
