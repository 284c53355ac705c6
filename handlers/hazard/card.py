"""The card of a case: everything needed to decide, and each deed this reader may do with one tap."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from pathlib import Path
from typing import Any

from handlers.hazard import assign, closing, duplicates, fixing, lines, triage
from handlers.hazard.presses import Nudge, Open, Photos, Story, Where
from handlers.hazard.show import sight
from handlers.kit import Acknowledge, Act, Button, Press, Reader, Route, Screen, aloud, map_links, pressed, rows
from locales.content import kind
from models.hazard import holding
from models.hazard.rules import Deed
from models.hazard.views import Sight
from models.refused import Refused
from models.report import views
from models.report.views import View
from models.task import actions as tasks
from models.task import rules as task_rules

ASKS: dict[str, Callable[..., Any]] = {**triage.ASKS, **assign.ASKS, **fixing.ASKS, **closing.ASKS, **duplicates.ASKS}


# --- deeds ------------------------------------------------------------------------------------------------------------


async def bring(act: Act, press: Open) -> None:
    """Show a case at the bottom of the chat."""
    await open_card(act, press.report)


async def open_card(act: Act, report_id: int) -> None:
    """The reporter's own screen, or the card."""
    view = await views.look(act.session, act.me, report_id)
    own = view.reporter_id == act.me.id
    await act.say(
        "report.screen" if own else "hazard.card", slot=f"{'report' if own else 'card'}:{view.id}", report=view.id
    )


async def photos(act: Act, press: Photos) -> None:
    """Send all photos, before and after, and files and voices."""
    view = await views.look(act.session, act.me, press.report)
    for side in ("photos", "after"):
        for start in range(0, len(getattr(view, side)), 10):
            await act.say("hazard.photos", report=press.report, side=side, start=start)
    for what, count in (("hazard.file", len(view.files)), ("hazard.voice", len(view.voices))):
        for place in range(count):
            await act.say(what, report=press.report, place=place)


async def where(act: Act, press: Where) -> None:
    """Send the place."""
    await views.look(act.session, act.me, press.report)
    await act.say("hazard.where", report=press.report)


# --- the card ---------------------------------------------------------------------------------------------------------


async def card(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The case as it stands at this moment; `ask` turns it to a question of its own."""
    if reader.me is None:
        return None
    try:
        seen = await sight(reader, int(args["report"]))
    except Refused:  # it was given to somebody else, and this reader has no other part in it
        return Screen(reader.words("This case is not with you any more."))
    side = str(args.get("ask", ""))
    said = [*lines.card(reader, seen, await duplicates.hints(reader, seen)), *await closing.news(reader, seen)]
    question = fixing.prompt(reader, seen, side, args) or closing.prompt(reader, seen, side)
    text = "\n".join([*said, "", question] if question else said)
    ask = ASKS.get(side)
    if ask is not None:
        answer = ask(reader, seen, args)
        buttons = await answer if isawaitable(answer) else answer
        return Screen(text, buttons, photo=_first(seen.report))
    return Screen(text, [row for row in await _buttons(reader, seen) if row], photo=_first(seen.report))


async def _buttons(reader: Reader, seen: Sight) -> list[list[Button]]:
    return [
        *fixing.buttons(reader, seen),
        *closing.buttons(reader, seen),
        *triage.buttons(reader, seen),
        *await assign.buttons(reader, seen),
        *rows([*duplicates.buttons(reader, seen), *triage.more(reader, seen), *closing.more(reader, seen)], 3),
        *_looks(reader, seen),
    ]


def _looks(reader: Reader, seen: Sight) -> list[list[Button]]:
    _, view = reader.words, seen.report
    found, last = [], [Button("📜 " + _("What happened"), Story(seen.id, 0))]
    if view.latitude is not None and view.longitude is not None:
        labels = {"amap": _("Amap"), "baidu": _("Baidu map")}
        links = map_links(view.latitude, view.longitude, view.number)
        place = Button("📍 " + _("Place"), Where(seen.id))
        found.append([*(Button("🗺 " + labels[name], url=url) for name, url in links), place])
    if len(view.photos) > 1 or view.files or view.voices or view.after:
        last.append(Button("🖼 " + _("All of it"), Photos(seen.id)))
    holds = seen.holder is not None and reader.member.id in seen.holder.ids
    if Deed.NUDGE in seen.deeds and not holds:
        last.append(Button("🔔 " + _("Hurry"), Nudge(seen.id)))
    return [*found, last]


def _first(view: View) -> str | Path | None:
    """The picture on the card: Telegram can show a photo; of a picture sent as a file we show our own small one."""
    if view.photos:
        return view.photos[0]
    return Path(view.thumb) if view.thumb else None


# --- what goes with it ------------------------------------------------------------------------------------------------


async def album(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """Photos, ten at a time, of one side: "photos" before, "after" after mending."""
    view = await views.look(reader.session, reader.member, int(args["report"]))
    found: tuple[str, ...] = getattr(view, "after" if args["side"] == "after" else "photos")
    some = found[args["start"] : args["start"] + 10]
    if not some:
        return None
    return Screen(photo=some[0], text=view.number) if len(some) == 1 else Screen(album=some)


async def file(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A picture as it was sent: whole, with what the camera wrote into it. Not for who may not know its sender."""
    view = await views.look(reader.session, reader.member, int(args["report"]))
    place = int(args["place"])
    return Screen(view.number, document=view.files[place]) if place < len(view.files) else None


async def voice(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A voice note. Not for who may not know its sender."""
    view = await views.look(reader.session, reader.member, int(args["report"]))
    place = int(args["place"])
    return Screen(view.number, voice=view.voices[place]) if place < len(view.voices) else None


async def spot(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The place as a map bubble (WGS-84, as Telegram wants it)."""
    view = await views.look(reader.session, reader.member, int(args["report"]))
    if view.latitude is None or view.longitude is None:
        return None
    return Screen(point=(view.latitude, view.longitude))


async def reminder(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A rung of the ladder: this case still waits. Nothing is said once it moved on."""
    task = await tasks.get(reader.session, int(args["task"]))
    if task is None or task.ended_at is not None or reader.me is None:
        return None
    seen = await sight(reader, task.subject_id)
    mark = task_rules.mark(task.ladder, task.rung)
    text = [*aloud(reader.words, args.get("absent", ())), *lines.reminder(reader, seen, task.due_at, mark)]
    open_it = Button(reader.words("Open"), Open(seen.id))
    return Screen("\n".join(text), [[open_it, Button("👌 " + reader.words("Noted"), Acknowledge(int(args["task"])))]])


async def nudged(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """一键: somebody pressed the button; whoever holds the case, and the next above, read it."""
    if reader.me is None:
        return None
    seen = await sight(reader, int(args["report"]))
    if seen.holder is None:
        return None
    return Screen("\n".join(lines.nudged(reader, seen)), [[Button(reader.words("Open"), Open(seen.id))]])


async def task_line(reader: Reader, report_id: int) -> tuple[str, Press | None] | None:
    """The task in one line of /tasks."""
    if reader.me is None:
        return None
    seen = await sight(reader, report_id)
    view = seen.report
    name = kind(view.kind).name(reader.words.locale) if view.kind else view.number
    return f"{lines.step(reader, view.status)}: {name}, {view.village}", Open(report_id)


ROUTES: list[Route] = [pressed(Open, bring), pressed(Photos, photos), pressed(Where, where)]
KINDS = (
    "report.verify", "report.emergency", holding.ASSIGN, holding.RECEIVE, holding.FIX, holding.CHECK, holding.WISH,
    holding.REVISIT, holding.RECHECK,
)  # fmt: skip
RENDERERS = {
    "hazard.card": card,
    "hazard.photos": album,
    "hazard.file": file,
    "hazard.voice": voice,
    "hazard.where": spot,
    "hazard.nudged": nudged,
    **{f"{each}.due": reminder for each in KINDS},
}
TASK_LINES = dict.fromkeys(KINDS, task_line)
