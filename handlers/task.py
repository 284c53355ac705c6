"""/tasks: what waits on me, the most urgent first."""

from __future__ import annotations

from typing import Any

from handlers.kit import Act, Button, Command, Feature, Reader, Screen, command, key
from locales import N_
from models.task import actions as tasks

TASKS_KEY = N_("📋 My tasks")
SHOWN = 8  # more than a thumb scrolls through; the rest is counted


async def mine(act: Act) -> None:
    """/tasks"""
    _ = act.me
    await act.show("task.list", slot="tasks")


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


FEATURE = Feature(
    routes=[command("tasks", mine), key(TASKS_KEY, mine)],
    renderers={"task.list": listing},
    commands=[Command("tasks", N_("What waits for me"))],
)
