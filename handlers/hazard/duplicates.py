"""重复 and 反弹: what a card says of cases that may be the same, and the tap that joins this one to another."""

from __future__ import annotations

from handlers.hazard.presses import Join, Turn
from handlers.hazard.show import put
from handlers.kit import Act, Button, Reader, Route, Screen, answering, pressed
from handlers.kit.case import STEPS, Open
from locales import N_
from locales.content import kind
from models.hazard import actions as hazards
from models.hazard import likeness
from models.hazard.likeness import Match
from models.hazard.rules import Deed
from models.hazard.views import Sight
from models.report import views
from models.report.rules import OPEN

HINTS = 3  # lines on a card
OFFERS = 5  # cases to tap

# --- deeds ------------------------------------------------------------------------------------------------------------


async def join(act: Act, press: Join) -> None:
    """The likely cases, a number to be typed, or one of them: then it is joined."""
    if press.into < 0:
        await views.look(act.session, act.me, press.report)
        await act.ask("hazard.join", report=press.report)
        await act.say("hazard.which", report=press.report)
    elif not press.into:
        await put(act, press.report, "join")
    else:
        await hazards.join(act.session, act.now, act.policy, act.me, press.report, press.into)
        act.toast = act.words("Joined.")


async def number_typed(act: Act) -> None:
    """The number of the case it belongs to: that one is offered, for a slip must not join what cannot be parted."""
    assert act.question is not None
    found = await views.by_number(act.session, act.me, act.message.text or "")
    view = await views.look(act.session, act.me, found)
    report = int(act.question.args["report"])
    await act.answered()
    await act.show(
        "hazard.card", slot=f"card:{report}", report=report, ask="join", into=view.duplicate_of or view.id
    )  # fmt: skip


async def which(reader: Reader, _args: dict[str, object]) -> Screen:
    """Ask for the number."""
    return Screen(reader.words("✍️ Write the number of the case that it belongs to."))


# --- on the card ------------------------------------------------------------------------------------------------------


async def _matches(reader: Reader, sight: Sight) -> tuple[Match, ...]:
    if Deed.JOIN not in sight.deeds:
        return ()
    return await likeness.alike(reader.session, reader.now, reader.policy, reader.member, sight.id)


async def hints(reader: Reader, sight: Sight) -> list[str]:
    """Where it was joined to; for who decides: what may be the same, and what may have come again."""
    if sight.report.duplicate_of is not None:
        main = await views.look(reader.session, reader.member, sight.report.duplicate_of)
        return ["🔗 " + reader.words("Joined to %(number)s: %(state)s.", number=main.number,
                                    state=reader.words(STEPS[main.status]))]  # fmt: skip
    return [_hint(reader, match) for match in (await _matches(reader, sight))[:HINTS]]


def _hint(reader: Reader, match: Match) -> str:
    _, number = reader.words, match.number
    if match.status not in OPEN:
        days = reader.policy.hazard.relapse_within.days
        when = reader.time(match.ended_at or match.since)
        text = _("Closed within %(days)s days: %(number)s (%(time)s). It may have come again.", days=days,
                 number=number, time=when)  # fmt: skip
        return "♻️ " + text
    if match.bits is not None:
        return "📷 " + _("The photo is nearly the same as that of %(number)s (%(state)s)", number=number,
                         state=_(STEPS[match.status]))  # fmt: skip
    return "⚠️ " + _("Same kind within %(most)s m: %(number)s (%(metres)s m, since %(time)s)",
                     most=reader.policy.hazard.same.metres, number=number, metres=round(match.metres or 0),
                     time=reader.time(match.since))  # fmt: skip


def buttons(reader: Reader, sight: Sight) -> list[Button]:
    """重复; of what was joined, the way to the case that goes on."""
    if sight.report.duplicate_of is not None:
        return [Button("🔗 " + reader.words("That case"), Open(sight.report.duplicate_of))]
    return [Button("🔁 " + reader.words("Duplicate"), Join(sight.id, 0))] if Deed.JOIN in sight.deeds else []


async def ask_join(reader: Reader, sight: Sight, args: dict[str, object]) -> list[list[Button]]:
    """The likely cases, the best first, then whatever is open near by; or the one whose number was typed."""
    _ = reader.words
    back = [Button(_("Back"), Turn(sight.id, ""))]
    if into := int(str(args.get("into", 0))):
        view = await views.look(reader.session, reader.member, into)
        return [[_offer(reader, sight.id, view.id, view.number, view.kind, None)], back]
    likely = [match for match in await _matches(reader, sight) if match.joinable]
    found = [_offer(reader, sight.id, m.id, m.number, m.kind, m.metres, m.bits) for m in likely]
    known = {match.id for match in likely}
    found += [_offer(reader, sight.id, n.id, n.number, n.kind, n.metres) for n in sight.near if n.id not in known]
    return [*([button] for button in found[:OFFERS]), [Button("⌨️ " + _("By number…"), Join(sight.id, -1)), *back]]


def _offer(
    reader: Reader, report: int, into: int, number: str, code: str | None, metres: float | None, bits: int | None = None
) -> Button:
    _ = reader.words
    name = kind(code).name(_.locale) if code else ""
    far = _("%(metres)s m", metres=round(metres)) if metres is not None else ""
    same = "📷" if bits is not None else ""
    return Button("🔁 " + " · ".join(part for part in (number[-6:], same, far, name) if part), Join(report, into))


ROUTES: list[Route] = [pressed(Join, join), answering("hazard.join", number_typed)]
RENDERERS = {"hazard.which": which}
REFUSALS = {
    "hazard.cannot_join": N_("It cannot be joined to that case: it has ended, or is not yours to join to."),
}
ASKS = {"join": ask_join}
