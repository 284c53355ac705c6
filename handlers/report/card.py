"""The officers' side: a card with everything needed to decide, 受理 or 驳回 with one tap, and the task behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from handlers.kit import Acknowledge, Act, Button, Press, Reader, Screen, aloud, map_links, rows, safe
from handlers.report.lines import REASONS, fate, summary
from handlers.report.presses import Accept, Open, Photos, Reject, Where
from locales.content import kind
from models.people.rules import Role
from models.refused import Refused
from models.report import actions as reports
from models.report import views
from models.report.rules import RejectReason, Status
from models.report.views import View
from models.task import actions as tasks


async def accept(act: Act, press: Accept) -> None:
    """受理 with one tap."""
    await reports.accept(act.session, act.now, act.me, press.report)
    act.toast = act.words("Accepted.")


async def reject(act: Act, press: Reject) -> None:
    """驳回: first the reasons, then with one of them; another reason is typed."""
    if press.reason in ("", "-"):
        await views.look(act.session, act.me, press.report)
        await act.show(
            "report.card", slot=f"card:{press.report}", follow=False, report=press.report, reasons=press.reason == ""
        )
        return
    if press.reason not in list(RejectReason):
        raise Refused("menu.old_button")
    reason = RejectReason(press.reason)
    if reason is RejectReason.OTHER:
        await act.ask("report.reject", report=press.report)
        await act.say("report.why", report=press.report)
        return
    await reports.reject(act.session, act.now, act.me, press.report, reason)
    act.toast = act.words("Rejected.")


async def reject_because(act: Act) -> None:
    """The typed reason came."""
    assert act.question is not None
    await act.answered()
    await reports.reject(
        act.session, act.now, act.me, int(act.question.args["report"]), RejectReason.OTHER, act.message.text or ""
    )


async def bring(act: Act, press: Open) -> None:
    """Show a report's card at the bottom of the chat."""
    await open_card(act, press.report)


async def open_card(act: Act, report_id: int) -> None:
    view = await views.look(act.session, act.me, report_id)
    own = view.reporter_id == act.me.id
    await act.say(
        "report.screen" if own else "report.card", slot=f"{'report' if own else 'card'}:{view.id}", report=view.id
    )


async def photos(act: Act, press: Photos) -> None:
    """Send all photos of a report."""
    view = await views.look(act.session, act.me, press.report)
    for start in range(0, len(view.photos), 10):
        await act.say("report.photos", report=press.report, start=start)
    for what, count in (("report.file", len(view.files)), ("report.voice", len(view.voices))):
        for place in range(count):
            await act.say(what, report=press.report, place=place)


async def where(act: Act, press: Where) -> None:
    """Send the place."""
    await views.look(act.session, act.me, press.report)
    await act.say("report.where", report=press.report)


async def card(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """Everything an officer needs to decide, and the decision in one tap."""
    if reader.me is None:
        return None
    view = await views.look(reader.session, reader.me, int(args["report"]))
    _ = reader.words
    lines = summary(reader, view)
    if view.submitted_at:
        lines.append("👤 " + f"{safe(view.reporter)} · {reader.time(view.submitted_at)}")
    if view.status is not Status.SUBMITTED:
        return Screen("\n".join([*lines, "", fate(reader, view)]), _looks(reader, view), photo=_first(view))
    decide = [Button("✅ " + _("Accept"), Accept(view.id)), Button("❌ " + _("Reject…"), Reject(view.id, ""))]
    buttons = _reasons(reader, view) if args.get("reasons") else [decide, *_looks(reader, view)]
    return Screen("\n".join(lines), buttons, photo=_first(view))


def _first(view: View) -> str | Path | None:
    """The picture on the card: Telegram can show a photo; of a picture sent as a file we show our own small one."""
    if view.photos:
        return view.photos[0]
    return Path(view.thumb) if view.thumb else None


def _reasons(reader: Reader, view: View) -> list[list[Button]]:
    _ = reader.words
    reasons = [Button(_(label), Reject(view.id, reason)) for reason, label in REASONS.items()]
    return rows([*reasons, Button(_("Back"), Reject(view.id, "-"))])


def _looks(reader: Reader, view: View) -> list[list[Button]]:
    _ = reader.words
    buttons = []
    if view.latitude is not None and view.longitude is not None:
        labels = {"amap": _("Amap"), "baidu": _("Baidu map")}
        links = map_links(view.latitude, view.longitude, view.number)
        buttons.append([Button("🗺 " + labels[name], url=url) for name, url in links])
        buttons.append([Button("📍 " + _("Place"), Where(view.id))])
    if len(view.photos) > 1 or view.files or view.voices:
        more = Button("🖼 " + _("All of it"), Photos(view.id))
        buttons = [*buttons[:-1], [*buttons[-1], more]] if buttons else [[more]]
    return buttons


async def album(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """All photos, ten at a time."""
    if reader.me is None:
        return None
    view = await views.look(reader.session, reader.me, int(args["report"]))
    some = view.photos[args["start"] : args["start"] + 10]
    return Screen(photo=some[0], text=view.number) if len(some) == 1 else Screen(album=some)


async def file(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A picture as it was sent: whole, with what the camera wrote into it."""
    if reader.me is None:
        return None
    view = await views.look(reader.session, reader.me, int(args["report"]))
    return Screen(view.number, document=view.files[args["place"]])


async def voice(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A voice note."""
    if reader.me is None:
        return None
    view = await views.look(reader.session, reader.me, int(args["report"]))
    return Screen(view.number, voice=view.voices[args["place"]])


async def spot(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The place as a map bubble (WGS-84, as Telegram wants it)."""
    if reader.me is None:
        return None
    view = await views.look(reader.session, reader.me, int(args["report"]))
    if view.latitude is None or view.longitude is None:
        return None
    return Screen(point=(view.latitude, view.longitude))


async def why(reader: Reader, _args: dict[str, Any]) -> Screen:
    """Ask for the reason of a 驳回 in words."""
    return Screen(reader.words("✍️ Write the reason in one message; the reporter will read it."))


async def reminder(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """A rung of the ladder: this report still waits. Nothing is said once it was decided."""
    task = await tasks.get(reader.session, int(args["task"]))
    if task is None or task.ended_at is not None or reader.me is None:
        return None
    view = await views.look(reader.session, reader.me, task.subject_id)
    _ = reader.words
    text = _(
        "⏰ This report waits for verification since %(since)s (until %(due)s):",
        since=reader.time(task.opened_at), due=reader.time(task.due_at),
    )  # fmt: skip
    lines = [*aloud(_, args.get("absent", ())), text, *summary(reader, view)]
    if reader.me.holds(Role.COUNTY_ADMIN):
        lines.append(_("%(township)s has not decided yet.", township=view.township))
    return Screen(
        "\n".join(lines),
        [[Button(_("Open"), Open(view.id)), Button("👌 " + _("Noted"), Acknowledge(int(args["task"])))]],
    )


async def task_line(reader: Reader, report_id: int) -> tuple[str, Press | None] | None:
    """The task in one line of /tasks."""
    if reader.me is None:
        return None
    view = await views.look(reader.session, reader.me, report_id)
    name = kind(view.kind).name(reader.words.locale) if view.kind else view.number
    return reader.words("Verify: %(kind)s, %(village)s", kind=name, village=view.village), Open(report_id)
