"""是同一处吗? Asked of a reporter before sending, where something is alike; and what becomes of a joined report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from handlers.kit import Act, Button, Reader, Screen, safe
from handlers.kit.case import REASONS, STEPS
from handlers.kit.progress import held
from handlers.report.presses import Different, Same, ShowOther
from locales.content import kind
from models.hazard import actions as hazards
from models.hazard import likeness
from models.hazard.likeness import Match
from models.hazard.views import Followed, followed
from models.report.rules import RejectReason, Status
from models.report.views import View


async def same(act: Act, press: Same) -> None:
    """是同一处: the report joins the other."""
    await hazards.join_own(act.session, act.now, act.policy, act.me, press.report, press.into)
    act.toast = act.words("Joined. Thank you for confirming it.")


async def different(act: Act, press: Different) -> None:
    """不是: not asked about this one again."""
    await likeness.deny(act.session, act.now, act.me, press.report, press.other)


async def show_other(act: Act, press: ShowOther) -> None:
    """看照片: what the other one looks like."""
    await act.say("report.other", report=press.report, other=press.other)


# --- words ------------------------------------------------------------------------------------------------------------


async def question(reader: Reader, view: View, kinds: list[str]) -> tuple[list[str], list[list[Button]]]:
    """The question above the others with its buttons, where something is alike; whoever passes it by sends as usual."""
    offer = likeness.offer(reader.session, reader.now, reader.policy, reader.member, view.id, kinds)
    if (match := await offer) is None:
        return [], []
    _ = reader.words
    buttons = [Button("🔗 " + _("The same"), Same(view.id, match.id)), Button(_("No"), Different(view.id, match.id))]
    if match.photo or match.thumb:
        buttons.append(Button("🖼 " + _("Its photo"), ShowOther(view.id, match.id)))
    return ["❓ <b>" + _("Is it the same place?") + "</b>", *_known(reader, match), ""], [buttons]


def _known(reader: Reader, match: Match) -> list[str]:
    _ = reader.words
    name = kind(match.kind).name(_.locale) if match.kind else _("kind not yet known")
    found = [f"📄 {match.number} · {name}"]
    if match.metres is not None:
        how = _("%(metres)s m away, reported %(time)s", metres=round(match.metres), time=reader.time(match.since))
    else:
        how = _("reported %(time)s", time=reader.time(match.since))
    found.append("🧭 " + how)
    if match.bits is not None:
        found.append("📷 " + _("The photos are nearly the same."))
    return found


async def other(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """The first photo of a case that is being offered; of nothing else."""
    if reader.me is None:
        return None
    found = await likeness.alike(reader.session, reader.now, reader.policy, reader.me, int(args["report"]))
    match = next((each for each in found if each.id == int(args["other"]) and each.joinable), None)
    if match is None or not (match.photo or match.thumb):
        return None
    return Screen("\n".join(_known(reader, match)), photo=match.photo or Path(match.thumb or ""))


async def outcome(reader: Reader, view: View) -> list[str]:
    """Into which case a report was joined, who holds that until when, and how it ended."""
    main = await followed(reader.session, reader.policy, reader.member, view.id)
    if main is None:
        return []
    _ = reader.words
    found = ["🔗 " + _("Joined to %(number)s: %(state)s.", number=main.number, state=_(STEPS[main.status]))]
    holder = held(reader, main.holder)[:1] if main.holder is not None else []
    return [*found, *holder, *_end(reader, main)]


def _end(reader: Reader, main: Followed) -> list[str]:
    _ = reader.words
    if main.ended_at is None:
        return []
    when = reader.time(main.ended_at)
    if main.status is Status.CLOSED:
        return ["🟢 " + _("Mended, checked and closed at %(time)s.", time=when)]
    if main.status is Status.REJECTED:
        reason = safe(main.reject_words) or _(REASONS[main.reject_reason or RejectReason.OTHER])
        return ["🔴 " + _("Rejected at %(time)s: %(reason)s", time=when, reason=reason)]
    return []
