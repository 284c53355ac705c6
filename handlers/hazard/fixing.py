"""The rectifier's side: 签收, 退回, the proof of 整改 part by part in any order, and more time. Decides nothing."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from telegram import Message
from telegram.ext import filters

from handlers.hazard.presses import Done, Excuse, Grant, HandBack, HandIn, Later, Mend, Receive, Turn, Wish
from handlers.hazard.show import MEASURES, WHY, below, put, reasons
from handlers.hazard.triage import typed
from handlers.kit import ACT, TYPED, Act, Button, Reader, Route, Screen, answering, pressed, rows
from handlers.kit.parts import EVIDENCE, PLACE, evidence_of, place_of
from locales import N_
from models.hazard import fixing
from models.hazard.fixing import PROOF
from models.hazard.rules import PROOF_LIVES, Deed, Measure
from models.hazard.views import Sight, look
from models.refused import Refused
from models.report.rules import looks_like_number

BACK_WHY = ("not_mine", "away", "no_means", "nothing")
WISH_WHY = ("weather", "material", "contractor")
NO_PLACE_WHY = ("no_signal", "from_afar")
TOO_FAR_WHY = ("from_afar", "reporter_wrong", "no_signal")
OFFERED = (Measure.CLEARED, Measure.REPAIRED, Measure.FENCED, Measure.STOPPED, Measure.MOVED)
GONE = "hazard.gone"


# --- taking it, giving it back ----------------------------------------------------------------------------------------


async def receive(act: Act, press: Receive) -> None:
    """签收"""
    await fixing.receive(act.session, act.now, act.policy, act.me, press.report)
    act.toast = act.words("Received. Your time to mend it begins.")


async def hand_back(act: Act, press: HandBack) -> None:
    """退回: first the reasons, then with one of them; another reason is typed."""
    if not press.why:
        await put(act, press.report, "hand_back")
    elif press.why == "other":
        await act.ask("hazard.hand_back", report=press.report)
        await act.say("hazard.why", report=press.report)
    else:
        await _hand_back(act, press.report, known(press.why, BACK_WHY))
        act.toast = act.words("Handed back.")


async def hand_back_because(act: Act) -> None:
    """The typed reason came."""
    report_id, why = await typed(act)
    await _hand_back(act, report_id, why)
    await below(act, report_id)


async def _hand_back(act: Act, report_id: int, why: str) -> None:
    await fixing.hand_back(act.session, act.now, act.policy, act.me, report_id, why)
    await _no_more(act, report_id)


def known(why: str, codes: tuple[str, ...]) -> str:
    """A reason that is offered; Refused for one that no longer is."""
    if why not in codes:
        raise Refused("menu.old_button")
    return why


# --- the proof, part by part ------------------------------------------------------------------------------------------


async def mend(act: Act, press: Mend) -> None:
    """整改完成: from now on photos, a place and words of this chat are the proof of this case, and of no other."""
    before = _asked(act)
    await fixing.begin(act.session, act.now, act.me, press.report)
    await act.ask(PROOF, report=press.report)
    await put(act, press.report)
    if before not in (None, press.report):
        with suppress(Refused):
            await put(act, before or 0)


async def later(act: Act, press: Later) -> None:
    """先不整改: what is there stays; what comes next is about something else."""
    await _no_more(act, press.report)
    await put(act, press.report)


def _asked(act: Act) -> int | None:
    """The case whose proof this chat is asked for."""
    return int(act.question.args["report"]) if act.question is not None and act.question.kind == PROOF else None


async def _no_more(act: Act, report_id: int) -> None:
    if _asked(act) == report_id:
        await act.answered()


async def _still_mine(act: Act) -> int | None:
    """The case whose proof is asked for, asked anew with every part; None, and it is said, when it was taken away."""
    report_id = _asked(act)
    assert report_id is not None
    with suppress(Refused):
        if Deed.HAND_IN in (await look(act.session, act.policy, act.me, report_id)).deeds:
            await act.ask(PROOF, report=report_id)
            return report_id
    if album := act.message.media_group_id:
        await act.ask(GONE, album=album)
    else:
        await act.answered()
    await act.say(GONE)
    return None


async def take_evidence(act: Act) -> None:
    """A photo of how it is now, alone or of an album, or a voice note; a caption says what was done."""
    if (report_id := await _still_mine(act)) is None:
        return
    await fixing.add_photo(act.session, act.now, act.me, report_id, evidence_of(act.message))
    if act.message.caption:
        await _say(act, report_id, act.message.caption)


async def take_place(act: Act) -> None:
    """Where the photo was taken."""
    if (report_id := await _still_mine(act)) is not None:
        await fixing.add_place(act.session, act.now, act.me, report_id, place_of(act.message))


async def take_words(act: Act) -> None:
    """What was done; or why there is no place, where that was asked."""
    excuse = act.question is not None and "excuse" in act.question.args
    if (report_id := await _still_mine(act)) is None:
        return
    text = act.message.text or ""
    if excuse:
        await fixing.excuse(act.session, act.now, act.me, report_id, text)
    else:
        await _say(act, report_id, text)


async def _say(act: Act, report_id: int, text: str) -> None:
    """Words follow the measure, and one another."""
    proof = (await look(act.session, act.policy, act.me, report_id)).proof
    words = "\n".join(part for part in (proof.words, text.strip()) if part)
    await fixing.say_measure(act.session, act.now, act.me, report_id, proof.measure or Measure.OTHER, words)


async def of_the_same_album(_act: Act) -> None:
    """The rest of an album that came too late: said once is enough."""


async def done(act: Act, press: Done) -> None:
    """What was done; with photo and place it is handed in by the same tap."""
    if press.measure not in OFFERED:
        raise Refused("menu.old_button")
    await fixing.say_measure(act.session, act.now, act.me, press.report, Measure(press.measure))
    if (await look(act.session, act.policy, act.me, press.report)).missing is None:
        await _hand_in(act, press.report)


async def excuse(act: Act, press: Excuse) -> None:
    """Why there is no place, or one too far off."""
    if press.why == "other":
        await act.ask(PROOF, report=press.report, excuse=1)
        await act.say("hazard.why", report=press.report)
        return
    why = known(press.why, (*NO_PLACE_WHY, *TOO_FAR_WHY))
    await fixing.excuse(act.session, act.now, act.me, press.report, why)


async def hand_in(act: Act, press: HandIn) -> None:
    """提交验收"""
    await _hand_in(act, press.report)


async def _hand_in(act: Act, report_id: int) -> None:
    await fixing.hand_in(act.session, act.now, act.policy, act.me, report_id)
    await _no_more(act, report_id)
    act.toast = act.words("Handed in. Somebody else checks it now.")


# --- more time --------------------------------------------------------------------------------------------------------


async def wish(act: Act, press: Wish) -> None:
    """申请延期: how many days, then why."""
    if press.days and timedelta(days=press.days) not in act.policy.hazard.extend_offers:
        raise Refused("menu.old_button")
    if not press.days or not press.why:
        await put(act, press.report, "wish", days=press.days)
    elif press.why == "other":
        await act.ask("hazard.wish", report=press.report, days=press.days, mending=_asked(act) == press.report)
        await act.say("hazard.why", report=press.report)
    else:
        await _wish(act, press.report, press.days, known(press.why, WISH_WHY))
        act.toast = act.words("Asked for. The time runs on until it is granted.")


async def wish_because(act: Act) -> None:
    """The typed reason came; what was asked for before is asked for again."""
    assert act.question is not None
    days, mending = int(act.question.args["days"]), bool(act.question.args.get("mending"))
    report_id, why = await typed(act)
    await _wish(act, report_id, days, why)
    if mending:
        await act.ask(PROOF, report=report_id)
    await below(act, report_id)


async def _wish(act: Act, report_id: int, days: int, why: str) -> None:
    await fixing.wish(act.session, act.now, act.policy, act.me, report_id, timedelta(days=days), why)


async def grant(act: Act, press: Grant) -> None:
    """More time granted, or not, in one tap of the level above."""
    await fixing.grant(act.session, act.now, act.policy, act.me, press.report, bool(press.yes))
    act.toast = act.words("Granted.") if press.yes else act.words("Not granted; they are told.")


# --- what the card asks -----------------------------------------------------------------------------------------------


def buttons(reader: Reader, sight: Sight) -> list[list[Button]]:
    """What its rectifier can do: the answers to the next missing part, or everything else; and the superior's yes."""
    _, may, case = reader.words, sight.deeds, sight.id
    found: list[list[Button]] = []
    if Deed.RECEIVE in may:
        found.append([Button("✅ " + _("Receive"), Receive(case))])
    if Deed.HAND_IN in may and _listens(reader, sight):
        later = Button(_("Not now"), Later(case))
        return [*_answers(reader, sight), [later]]
    if Deed.HAND_IN in may:
        found.append([Button("🔧 " + _("It is mended"), Mend(case))])
    ways = []
    if Deed.WISH in may:
        ways.append(Button("🕐 " + _("More time…"), Wish(case, 0, "")))
    if Deed.HAND_BACK in may:
        ways.append(Button("↩️ " + _("Not for me…"), HandBack(case, "")))
    if Deed.GRANT in may:
        yes, no = _("Grant it"), _("Do not grant")
        found.append([Button("✅ " + yes, Grant(case, 1)), Button("❌ " + no, Grant(case, 0))])
    return [*found, ways] if ways else found


def _listens(reader: Reader, sight: Sight) -> bool:
    """Whether what they send now belongs to the proof."""
    return sight.proof_asked_at is not None and reader.now - sight.proof_asked_at < PROOF_LIVES


def _answers(reader: Reader, sight: Sight) -> list[list[Button]]:
    """The likely answers to the next missing part."""
    _, case, missing = reader.words, sight.id, sight.missing
    if missing in ("hazard.no_place", "hazard.too_far"):
        codes = NO_PLACE_WHY if missing == "hazard.no_place" else TOO_FAR_WHY
        why = [Button(_(WHY[code]), Excuse(case, code)) for code in codes]
        return rows([*why, Button(_("In words…"), Excuse(case, "other"))])
    if missing == "hazard.no_measure":
        return rows([Button(_(MEASURES[each]), Done(case, each)) for each in OFFERED])
    return [[Button("✅ " + _("Hand in"), HandIn(case))]] if missing is None else []


def prompt(reader: Reader, sight: Sight, ask: str, args: dict[str, object]) -> str:
    """The one question the card puts to this reader; "" when it puts none."""
    _ = reader.words
    if ask == "hand_back":
        return _("👉 Why do you hand it back?")
    if ask == "wish":
        return _("👉 Why?") if args.get("days") else _("👉 How many more days?")
    if ask or Deed.HAND_IN not in sight.deeds or not _listens(reader, sight):
        return ""
    return {
        "hazard.no_photo": _("👉 Send a photo of how it is now; several are fine."),
        "hazard.no_place": _("👉 Now the place: press <b>📍 Send my place</b> below."),
        "hazard.too_far": _("👉 That is too far from the spot. Why? Or send the place once more."),
        "hazard.no_measure": _("👉 What was done? One tap hands it in; you can also write or say it."),
        None: _("👉 Everything is there."),
    }[sight.missing]


def ask_hand_back(reader: Reader, sight: Sight, _args: dict[str, object]) -> list[list[Button]]:
    """The reasons of a 退回."""
    return reasons(reader, BACK_WHY, lambda why: HandBack(sight.id, why), Turn(sight.id, ""))


def ask_wish(reader: Reader, sight: Sight, args: dict[str, object]) -> list[list[Button]]:
    """How many days, then why."""
    _, days = reader.words, int(str(args.get("days", 0)))
    if days:
        return reasons(reader, WISH_WHY, lambda why: Wish(sight.id, days, why), Wish(sight.id, 0, ""))
    offers = [
        Button(_.n("%(n)s day", "%(n)s days", each.days), Wish(sight.id, each.days, ""))
        for each in reader.policy.hazard.extend_offers
    ]
    return [*rows(offers, 4), [Button(_("Back"), Turn(sight.id, ""))]]


async def gone(reader: Reader, _args: dict[str, object]) -> Screen:
    """What came too late for the proof was not kept, so that nobody believes it was."""
    return Screen(
        reader.words(
            "This case was taken from you meanwhile, so what you sent was not added to it. "
            "If it shows another hazard, please send it once more."
        )
    )


class _Words(filters.MessageFilter):
    """True for words that are no number of ours, which opens its case instead."""

    def filter(self, message: Message) -> bool:
        return message.text is not None and not looks_like_number(message.text)


class _SameAlbum(filters.MessageFilter):
    """True for the rest of the album that came too late."""

    def filter(self, message: Message) -> bool:
        question = ACT.get().question
        return question is not None and message.media_group_id == question.args.get("album")


ROUTES: list[Route] = [
    pressed(Receive, receive),
    pressed(HandBack, hand_back),
    pressed(Mend, mend),
    pressed(Later, later),
    pressed(Done, done),
    pressed(Excuse, excuse),
    pressed(HandIn, hand_in),
    pressed(Wish, wish),
    pressed(Grant, grant),
    answering("hazard.hand_back", hand_back_because),
    answering("hazard.wish", wish_because),
    answering(PROOF, take_evidence, EVIDENCE, PROOF_LIVES),
    answering(PROOF, take_place, PLACE, PROOF_LIVES),
    answering(PROOF, take_words, TYPED & _Words(), PROOF_LIVES),
    answering(GONE, of_the_same_album, EVIDENCE & _SameAlbum()),
]
RENDERERS = {GONE: gone}
REFUSALS = {
    "hazard.no_photo": N_("A photo of how it is now is still missing."),
    "hazard.same_photo": N_("This photo was sent before. Please take one of how it is now."),
    "hazard.no_place": N_("The place is still missing. Send it, or say why there is none."),
    "hazard.too_far": N_("The photo was taken too far from the spot. Say why, or send the place once more."),
    "hazard.no_measure": N_("What was done is still missing. One tap on the card is enough."),
    "hazard.wished_already": N_("More time was asked for already; the answer will stand on the card."),
    "hazard.no_wish": N_("This wish was answered already."),
    "hazard.too_long": N_("That is longer than may be granted. Ask for fewer days."),
    "hazard.level_above": N_("This is for the level above to decide."),
}
ASKS = {"hand_back": ask_hand_back, "wish": ask_wish}
