"""The verifier's side: 验收销号, five fixes, plate; and what follows: 满意, 没解决, 回头看. Decides nothing."""

from __future__ import annotations

from dataclasses import replace

from handlers.hazard import deeds
from handlers.hazard.fixing import known
from handlers.hazard.presses import Answer, Close, Compare, Five, Hang, Recheck, Revisit, SendBack, Turn
from handlers.hazard.show import FIVES, PLATES, below, put, reasons
from handlers.hazard.triage import typed
from handlers.kit import TYPED, Act, Button, Reader, Route, Screen, answering, pressed, rows
from handlers.kit.parts import EVIDENCE, evidence_of
from locales import N_
from models.hazard import closing, story
from models.hazard.rules import FIVE, Deed, Plate, major
from models.hazard.views import Sight
from models.people.rules import Role
from models.report import views
from models.report.intake import WordsPart
from models.report.rules import Status

BACK_WHY = ("photo", "half", "elsewhere")
SIDE = 5  # photos of each side in one album
UNSOLVED = "hazard.unsolved"
# The steps after which somebody starts anew, and those after which that is no longer news.
RETURNED = ("send_back", "hand_back", "take_back", "left_roster", "reopen", "refuse_time")
MOVED_ON = ("registered", "assigned", "transferred", "fixed", "closed", "wish", "grant")


# --- 验收销号 ---------------------------------------------------------------------------------------------------------


async def compare(act: Act, press: Compare) -> None:
    """Before and after in one album; what came as files follows, since an album cannot hold them."""
    view = await views.look(act.session, act.me, press.report)
    await act.say("hazard.pair", report=press.report)
    if not (view.photos and view.after):
        for place in range(len(view.files)):
            await act.say("hazard.file", report=press.report, place=place)


async def close(act: Act, press: Close) -> None:
    """销号 with one tap."""
    await closing.close(act.session, act.now, act.policy, act.me, press.report)
    act.toast = act.words("Closed.")


async def send_back(act: Act, press: SendBack) -> None:
    """退回整改: first the reasons, then with one of them; another reason is typed."""
    if not press.why:
        await put(act, press.report, "send_back")
    elif press.why == "other":
        await act.ask("hazard.send_back", report=press.report)
        await act.say("hazard.why", report=press.report)
    else:
        why = known(press.why, BACK_WHY)
        await closing.send_back(act.session, act.now, act.policy, act.me, press.report, why)
        act.toast = act.words("Sent back; it is to be mended on.")


async def send_back_because(act: Act) -> None:
    """The typed reason came."""
    report_id, why = await typed(act)
    await closing.send_back(act.session, act.now, act.policy, act.me, report_id, why)
    await below(act, report_id)


async def five(act: Act, press: Five) -> None:
    """五落实: the list of five, or the words for one of them."""
    if not press.name:
        await put(act, press.report, "five")
        return
    await _ask_fix(act, press.report, known(press.name, FIVE))


async def _ask_fix(act: Act, report_id: int, name: str) -> None:
    await act.ask("hazard.five", report=report_id, name=name)
    await act.say("hazard.five", report=report_id, name=name)


async def fill(act: Act) -> None:
    """The words for one of the five came; the next empty one is asked for at once, after the last the card."""
    assert act.question is not None
    name = str(act.question.args["name"])
    report_id, words = await typed(act)
    there = await closing.fill(act.session, act.now, act.me, report_id, {name: words})
    if left := [each for each in FIVE if not there.get(each)]:
        await _ask_fix(act, report_id, left[0])
    else:
        await below(act, report_id)


async def hang(act: Act, press: Hang) -> None:
    """挂牌督办: the levels, then at one of them."""
    if not press.level:
        await put(act, press.report, "hang")
        return
    level = Plate(known(press.level, tuple(Plate)))
    await closing.plate(act.session, act.now, act.me, press.report, level)
    act.toast = act.words("The plate is hung.")


# --- after 销号 -------------------------------------------------------------------------------------------------------


async def answer(act: Act, press: Answer) -> None:
    """满意 or 没解决 with one tap of the reporter; what they then write or photograph goes with 没解决."""
    satisfied = bool(press.yes)
    await closing.answer(act.session, act.now, act.policy, act.me, press.report, satisfied)
    act.toast = act.words("Thank you.") if satisfied else act.words("Opened again; another officer takes it on.")
    if not satisfied:
        await act.ask(UNSOLVED, report=press.report)


async def say_more(act: Act) -> None:
    """What is still wrong, in words or a photo, after 没解决."""
    assert act.question is not None
    message, report_id = act.message, int(act.question.args["report"])
    text = message.text or message.caption
    await closing.say_more(
        act.session, act.now, act.me, report_id, words=WordsPart(message.message_id, text) if text else None,
        photo=None if message.text else evidence_of(message),
    )  # fmt: skip


async def revisit(act: Act, press: Revisit) -> None:
    """回头看: still mended, or come again."""
    await closing.revisit(act.session, act.now, act.policy, act.me, press.report, bool(press.fine))
    act.toast = act.words("Noted, thank you.") if press.fine else act.words("Opened again.")


async def recheck(act: Act, press: Recheck) -> None:
    """The second look of somebody of another grid, whose card has done its work."""
    await closing.recheck(act.session, act.now, act.policy, act.me, press.report, bool(press.fine))
    act.toast = act.words("Noted, thank you.")
    await act.show("hazard.thanks", slot=f"card:{press.report}", follow=False)


# --- what the card asks -----------------------------------------------------------------------------------------------


def buttons(reader: Reader, sight: Sight) -> list[list[Button]]:
    """验收, with both sides to be compared; and the looks after it, while they are due."""
    _, may, case = reader.words, sight.deeds, sight.id
    found: list[list[Button]] = []
    if sight.report.after and sight.report.status in (Status.FIXED, Status.CLOSED):
        found.append([Button("🖼 " + _("Before and after"), Compare(case))])
    if Deed.CLOSE in may:
        if open_points(sight):
            found += [_major(reader, sight)]
        else:
            found.append([Button("✅ " + _("Close it"), Close(case))])
        found[-1].append(Button("↩️ " + _("Send back…"), SendBack(case, "")))
    if Deed.REVISIT in may:
        fine, not_fine = Revisit(case, 1), Revisit(case, 0)
        found.append([Button("✅ " + _("Still mended"), fine), Button("♻️ " + _("Come again"), not_fine)])
    if Deed.RECHECK in may:
        fine_, not_fine_ = Recheck(case, 1), Recheck(case, 0)
        found.append([Button("✅ " + _("Mended indeed"), fine_), Button("❌ " + _("Not mended"), not_fine_)])
    return found


def more(reader: Reader, sight: Sight) -> list[Button]:
    """五落实 and 挂牌 of a major case, before they are what 销号 waits for."""
    return [] if Deed.CLOSE in sight.deeds and open_points(sight) else _major(reader, sight)


def _major(reader: Reader, sight: Sight) -> list[Button]:
    _, found = reader.words, []
    if Deed.FIVE in sight.deeds:
        there = sum(bool(sight.five.get(name)) for name in FIVE)
        found.append(Button("📋 " + _("Five fixes %(n)s/5", n=there), Five(sight.id, "")))
    if Deed.PLATE in sight.deeds:
        found.append(Button("🏷 " + (_("Plate") if sight.plated_at else _("Hang plate…")), Hang(sight.id, "")))
    return found


def open_points(sight: Sight) -> list[str]:
    """What 销号 of a major hazard still waits for: names of the five fixes, and "plate"."""
    if not major(sight.report.severity):
        return []
    return [name for name in FIVE if not sight.five.get(name)] + ([] if sight.plated_at else ["plate"])


def prompt(reader: Reader, sight: Sight, ask: str) -> str:
    """The one question the card puts to this reader; "" when it puts none."""
    _ = reader.words
    asked = {
        "send_back": _("👉 What is not right?"),
        "five": _("👉 Which of the five?"),
        "hang": _("👉 Which level watches over it?"),
    }
    if ask:
        return asked.get(ask, "")
    if Deed.CLOSE in sight.deeds:
        points = [_(FIVES[name]) if name in FIVES else _("plate") for name in open_points(sight)]
        return _("👉 Before it can be closed: %(points)s.", points=" · ".join(points)) if points else ""
    if Deed.REVISIT in sight.deeds:
        return _("👉 Time for another look: is it still mended?")
    return _("👉 You were drawn to look at it with fresh eyes: is it mended?") if Deed.RECHECK in sight.deeds else ""


async def news(reader: Reader, sight: Sight) -> list[str]:
    """Why it starts anew, for who has to start: who gave it back, or opened it again, with the reason."""
    if sight.report.status not in (Status.REGISTERED, Status.ASSIGNED):
        return []
    steps = await story.steps(reader.session, reader.member, sight.id)
    last = next((each for each in reversed(steps) if not each.joined and each.verb in (*RETURNED, *MOVED_ON)), None)
    if last is None or last.verb not in RETURNED:
        return []
    # That it came again soon stands on the card already.
    step = replace(last, facts={**(last.facts or {}), "relapsed": False})
    return ["↩️ " + deeds.say(deeds.Tongue(reader.words, reader.time), step)]


def ask_send_back(reader: Reader, sight: Sight, _args: dict[str, object]) -> list[list[Button]]:
    """The reasons of a 退回整改."""
    return reasons(reader, BACK_WHY, lambda why: SendBack(sight.id, why), Turn(sight.id, ""))


def ask_five(reader: Reader, sight: Sight, _args: dict[str, object]) -> list[list[Button]]:
    """The five, and which of them are there."""
    _ = reader.words
    names = [Button(("✅ " if sight.five.get(name) else "⬜ ") + _(FIVES[name]), Five(sight.id, name)) for name in FIVE]
    return rows([*names, Button(_("Back"), Turn(sight.id, ""))])


def ask_hang(reader: Reader, sight: Sight, _args: dict[str, object]) -> list[list[Button]]:
    """The levels this reader may hang a plate of."""
    _ = reader.words
    levels = tuple(Plate) if reader.member.holds(Role.COUNTY_ADMIN) else (Plate.TOWNSHIP,)
    plates = [Button("🏷 " + _(PLATES[level]), Hang(sight.id, level)) for level in levels]
    return rows([*plates, Button(_("Back"), Turn(sight.id, ""))])


# --- what goes with it ------------------------------------------------------------------------------------------------


async def pair(reader: Reader, args: dict[str, object]) -> Screen | None:
    """Before and after side by side, the latest of each."""
    _ = reader.words
    view = await views.look(reader.session, reader.member, int(str(args["report"])))
    before, after = view.photos[:SIDE], view.after[-SIDE:]
    words = {"before": len(before), "after": len(after)}
    if not before and not after:
        return None
    text = _("The first %(before)s before, the last %(after)s after mending", **words)
    if before and after:
        return Screen(text, album=(*before, *after))
    text = _("Before mending") if before else _("After mending")
    both = (*before, *after)
    return Screen(text, album=both) if len(both) > 1 else Screen(text, photo=both[0])


async def thanks(reader: Reader, _args: dict[str, object]) -> Screen:
    """What stands where the card was, for whom the case is no longer."""
    return Screen("🙏 " + reader.words("Noted, thank you for looking."))


async def ask_fix(reader: Reader, args: dict[str, object]) -> Screen:
    """Ask for one of the five fixes in words."""
    name = str(args["name"])
    nth, label = FIVE.index(name) + 1, reader.words(FIVES[name])
    return Screen(reader.words("✍️ %(nth)s/5 <b>%(name)s</b>: please write it in one message.", nth=nth, name=label))


ROUTES: list[Route] = [
    pressed(Compare, compare),
    pressed(Close, close),
    pressed(SendBack, send_back),
    pressed(Five, five),
    pressed(Hang, hang),
    pressed(Answer, answer),
    pressed(Revisit, revisit),
    pressed(Recheck, recheck),
    answering("hazard.send_back", send_back_because),
    answering("hazard.five", fill),
    answering(UNSOLVED, say_more, TYPED | EVIDENCE),
]
RENDERERS = {"hazard.pair": pair, "hazard.five": ask_fix, "hazard.thanks": thanks}
REFUSALS = {
    "hazard.five_missing": N_(
        "The five fixes of a major hazard come first: responsibility, measures, funds, time, plan."
    ),
    "hazard.no_plate": N_("A major hazard needs its plate before it can be closed."),
    "hazard.not_major": N_("Only a major hazard has five fixes and a plate."),
    "hazard.answered_already": N_("You have answered already. Thank you."),
    "hazard.answered_late": N_("It was closed long ago. If it is there again, please report it anew."),
    "hazard.no_visit": N_("This look was taken already."),
}
ASKS = {"send_back": ask_send_back, "five": ask_five, "hang": ask_hang}
