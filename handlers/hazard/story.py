"""📜 经过: the whole story of a case on one screen, a line a step, with its photos before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handlers.hazard.deeds import Tongue, say
from handlers.hazard.presses import Open
from handlers.hazard.presses import Story as Page
from handlers.kit import Act, Button, Press, Reader, Route, Screen, pressed, rows
from models.hazard.story import PHOTOS, Shot, Step, Story, story
from models.report.rules import Form, Status

LONGEST = 3500  # UTF-16 units of a page; Telegram takes 4096
LINES = 24  # of a page: more is no longer one look
ALBUM = 10
ASIDE = {Status.SUBMITTED, Status.DUPLICATE, PHOTOS}  # what is worth a line of what happened to a joined report


@dataclass(frozen=True)
class Album(Press):
    """Send the photos of one side: 0 what was found, else the round of mending."""

    code = "hsa"
    report: int
    after: int


async def turn(act: Act, press: Page) -> None:
    """Show a page; 0 is the newest, and comes from the card."""
    await story(act.session, act.me, press.report)
    await act.show(
        "hazard.story", slot=f"story:{press.report}", follow=press.page == 0, report=press.report, page=press.page
    )


async def send(act: Act, press: Album) -> None:
    """Send the photos of one side, ten to an album, and what came as a file or voice one by one."""
    told = await story(act.session, act.me, press.report)
    found = _shots(told.steps, press.after)
    photos = sum(shot.form is Form.PHOTO for shot in found)
    for start in range(0, photos, ALBUM):
        await act.say("hazard.shots", report=press.report, after=press.after, start=start)
    for place in range(len(found) - photos):
        await act.say("hazard.shot", report=press.report, after=press.after, place=place)


def _shots(steps: Sequence[Step], after: int) -> list[Shot]:
    """What Telegram can still show of one side."""
    return [shot for step in steps for shot in step.shots if (shot.after or 0) == after and shot.file_id]


# --- screens ----------------------------------------------------------------------------------------------------------


async def screen(reader: Reader, args: dict[str, Any]) -> Screen:
    """One page of the story."""
    told = await story(reader.session, reader.member, int(args["report"]))
    _ = reader.words
    tongue = Tongue(_, reader.time)
    found = pages([_line(tongue, step) for step in told.steps if not step.joined or step.verb in ASIDE])
    page = int(args.get("page", 0)) or len(found)
    page = min(max(page, 1), len(found))
    head = "📜 " + _("What happened") + f" · <b>{told.report.number}</b>"
    if len(found) > 1:
        head += f" ({page}/{len(found)})"
    return Screen("\n".join([head, "", *found[page - 1]]), _buttons(reader, told, page, len(found)))


def _line(tongue: Tongue, step: Step) -> str:
    photos = f" 📷{len(step.shots)}" if step.shots else ""
    mark = "➕ " if step.joined else ""
    return f"<b>{tongue.time(step.at)}</b> {mark}{say(tongue, step)}{photos}"


def pages(lines: Sequence[str]) -> list[list[str]]:
    """Lines laid on pages, filled from the oldest, so that a page once full stays as it is; at least one page."""
    found: list[list[str]] = [[]]
    room = LONGEST
    for line in lines:
        size = len(line.encode("utf-16-le")) // 2 + 1
        if found[-1] and (size > room or len(found[-1]) == LINES):
            found.append([])
            room = LONGEST
        found[-1].append(line)
        room -= size
    return found


def _buttons(reader: Reader, told: Story, page: int, last: int) -> list[list[Button]]:
    _, report = reader.words, told.report.id
    counts = Counter(shot.after or 0 for step in told.steps for shot in step.shots if shot.file_id)
    many = len([side for side in counts if side]) > 1
    albums = []
    for side in sorted(counts):
        label = _("Before") if not side else _("After, round %(n)s", n=side) if many else _("After")
        albums.append(Button(f"🖼 {label} {counts[side]}", Album(report, side)))
    turns = [(page - 1, f"◀ {page - 1}/{last}"), (page + 1, f"{page + 1}/{last} ▶")]
    beside = [Button(label, Page(report, to)) for to, label in turns if 1 <= to <= last]
    back = [Button("📄 " + _("Card"), Open(report))]
    return [row for row in (*rows(albums), beside, back) if row]


async def shots(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """Ten photos of one side."""
    found = await _found(reader, args, Form.PHOTO)
    some = [each.file_id for each in found][args["start"] : args["start"] + ALBUM]
    if len(some) < 2:
        return Screen(photo=some[0]) if some else None
    return Screen(album=some)


async def shot(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A picture file as it was sent, or a voice note; not for who may not know its sender."""
    found = await _found(reader, args, Form.FILE, Form.VOICE)
    if args["place"] >= len(found):
        return None
    one = found[args["place"]]
    return Screen(document=one.file_id) if one.form is Form.FILE else Screen(voice=one.file_id)


async def _found(reader: Reader, args: dict[str, Any], *forms: Form) -> list[Shot]:
    told = await story(reader.session, reader.member, int(args["report"]))
    return [each for each in _shots(told.steps, int(args["after"])) if each.form in forms]


ROUTES: list[Route] = [pressed(Page, turn), pressed(Album, send)]
RENDERERS = {"hazard.story": screen, "hazard.shots": shots, "hazard.shot": shot}
