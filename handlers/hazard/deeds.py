"""Words for everything the journal can say about a case: one line a step, for the chat and for a file that leaves us.

Every verb written under a report has its words here; tests/hazard/test_story.py finds the ones that have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.hazard.show import FIVES, PLATES
from handlers.kit import safe
from handlers.kit.case import GRADES, REASONS
from handlers.kit.progress import MEASURES, why_words
from locales import N_, Words
from locales.content import kind
from models.hazard.rules import Measure
from models.hazard.story import PHOTOS, Actor, Step, Who
from models.report.rules import RejectReason, Severity

SAID = {
    "begin": N_("%(who)s began a report"),
    "submitted": N_("%(who)s reported it"),
    "withdrawn": N_("%(who)s withdrew it"),
    "revise": N_("%(who)s corrected the words"),
    "place_from_file": N_("The place was read from the picture file"),
    "confidential": N_("%(who)s reports it in confidence"),
    "public": N_("%(who)s reports it openly after all"),
    "on_spot": N_("%(who)s mended it on the spot"),
    "not_on_spot": N_("%(who)s has not mended it after all"),
    "name_kind": N_("%(who)s named the kind: %(kind)s"),
    "raise_alarm": N_("%(who)s raised the alarm: life in danger"),
    "at_village": N_("%(who)s put it down at the village"),
    "photo_lost": N_("One file did not arrive and could not be kept"),
    "purge_files": N_("The photo files were deleted when their time was over"),
    PHOTOS: N_("%(who)s sent more photos"),
    "accepted": N_("%(who)s accepted it"),
    "registered": N_("Entered in the register and on the map"),
    "rejected": N_("%(who)s rejected it"),
    "not_same": N_("%(who)s was asked: another place than that of a case near by"),
    "relapse": N_("The same was closed here lately: it has come again"),
    "cluster": N_("One of several of its kind near by: township and county were alarmed"),
    "duplicate": N_("%(who)s joined it to another report"),
    "supported": N_("Somebody else reported it too"),
    "regrade": N_("%(who)s changed the grade: %(before)s → %(after)s"),
    "escalate": N_("%(who)s handed it up to the county"),
    "assigned": N_("%(who)s gave it to %(whom)s, to be mended by %(due)s"),
    "transferred": N_("%(who)s passed it to %(whom)s"),
    "take_back": N_("%(who)s took it back, to give it to somebody else"),
    "hand_back": N_("%(who)s handed it back"),
    "left_roster": N_("%(whom)s left the roster; it is to be given out again"),
    "fixed": N_("%(who)s mended it and handed in the proof"),
    "send_back": N_("%(who)s sent it back to be mended"),
    "closed": N_("%(who)s checked and closed it"),
    "reopen": N_("Opened again"),
    "wish": N_("%(who)s asked for more time (%(days)s d)"),
    "grant": N_("%(who)s granted more time, until %(due)s"),
    "refuse_time": N_("%(who)s granted no more time"),
    "five": N_("%(who)s filled in the five fixes"),
    "plate": N_("%(who)s hung the plate of the %(level)s"),
    "satisfied": N_("%(who)s: content with it"),
    "unsolved": N_("%(who)s: not solved"),
    "say_more": N_("%(who)s said what is still wrong"),
    "revisit": N_("%(who)s looked again: still mended"),
    "recheck": N_("%(who)s, of another grid, looked again: mended indeed"),
    "nudge": N_("%(who)s pressed to hurry"),
    "remind": N_("Reminded: the time is running out"),
    "evaluate": N_("Overdue: marked in the evaluation"),
    "account": N_("Overdue: accountability notice"),
    "export": N_("Taken out as a file, with the reporter's name"),
}
# The same verb, said otherwise: when the clock acted, when somebody took it themselves, when it had come again.
BY_CLOCK = {
    "submitted": N_("Sent off by itself, unfinished"),
    "regrade": N_("Graver by a report that joined: %(before)s → %(after)s"),
    "at_village": N_("Put down at the village"),
}
TAKEN = N_("%(who)s took it on, to be mended by %(due)s")
NAMED = {  # the other report is one this reader may know of
    "duplicate": N_("%(who)s joined it to %(other)s"),
    "supported": N_("Somebody else reported it too: %(other)s joined"),
    "not_same": N_("%(who)s: it is not the same as %(other)s"),
    "relapse": N_("The same as %(other)s, closed not long ago: it has come again"),
}
NOT_FINE = {
    "revisit": N_("%(who)s looked again: it has come again"),
    "recheck": N_("%(who)s, of another grid, looked again: not mended"),
}
REOPENED = {
    "unsolved": N_("Opened again: the reporter says it is not solved"),
    "revisit": N_("Opened again after another look"),
    "recheck": N_("Opened again after the look of another grid"),
}


@dataclass(frozen=True)
class Tongue:
    """How a story is told: in whose words, how its moments are written, how much of a person's words is shown."""

    words: Words
    time: Callable[[datetime], str]
    most: int = 120


def say(tongue: Tongue, step: Step) -> str:
    """What happened, as HTML, without its time: a sentence, and after it what was said or shown with it."""
    sentence = tongue.words(_sentence(step), **_facts(tongue, step))
    return " · ".join([sentence, *_more(tongue, step)])


def _sentence(step: Step) -> str:
    if step.actor.who is Who.CLOCK and step.verb in BY_CLOCK:
        return BY_CLOCK[step.verb]
    if step.verb == "assigned" and step.whom is not None and step.whom == step.actor:
        return TAKEN
    if step.verb in NAMED and step.other:
        return NAMED[step.verb]
    if step.verb in NOT_FINE and step.fact("fine") is False:
        return NOT_FINE[step.verb]
    if step.verb == "reopen":
        return REOPENED.get(str(step.fact("why")), SAID["reopen"])
    return SAID[step.verb]


def _facts(tongue: Tongue, step: Step) -> dict[str, str]:
    """Everything a sentence may name."""
    _ = tongue.words
    department = str(step.fact("department") or "")
    whom = _name(_, step.whom) if step.whom else ""
    by_department = f"{safe(department)} ({whom})" if department and whom else whom or safe(department)
    return {
        "who": _name(_, step.actor), "whom": by_department, "other": step.other,
        "kind": _kind(_, step.fact("kind")), "due": _moment(tongue, step.fact("due")),
        "before": _grade(_, step.fact("before")), "after": _grade(_, step.fact("after")),
        "days": str(step.fact("days") or 0), "level": _level(_, step.fact("level")),
    }  # fmt: skip


def _name(_: Words, actor: Actor) -> str:
    if actor.who is Who.PERSON:
        return safe(actor.name, 40)
    return {Who.CLOCK: _("The clock"), Who.REPORTER: _("The reporter"), Who.ANOTHER: _("Another reporter")}[actor.who]


def _kind(_: Words, code: Any) -> str:
    try:
        return kind(str(code)).name(_.locale)
    except LookupError:  # of an older list
        return str(code or "")


def _moment(tongue: Tongue, text: Any) -> str:
    return tongue.time(datetime.fromisoformat(str(text))) if text else ""


def _grade(_: Words, code: Any) -> str:
    return _(GRADES[Severity(code)]) if code in list(Severity) else "-"


def _level(_: Words, code: Any) -> str:
    return next((_(label) for level, label in PLATES.items() if level == code), "")


# --- what follows the sentence ----------------------------------------------------------------------------------------


def _more(tongue: Tongue, step: Step) -> Iterator[str]:
    """Reasons and proofs, a piece each."""
    _ = tongue.words
    yield from _proof(tongue, step)
    if step.verb == "five":
        yield from (f"{_(label)}: {_said(tongue, step.fact(name))}" for name, label in FIVES.items() if step.fact(name))
    if step.verb == "rejected" and step.fact("reason") in list(RejectReason):
        yield _(REASONS[RejectReason(step.fact("reason"))])
    if step.verb == "submitted" and step.fact("kind"):
        yield _kind(_, step.fact("kind"))
    if step.verb != "reopen" and step.fact("why"):
        yield f"“{_said(tongue, step.fact('why'))}”"
    if step.fact("relapsed"):
        yield _("came again soon after it was closed")


def _proof(tongue: Tongue, step: Step) -> Iterator[str]:
    _ = tongue.words
    measure = step.fact("measure")
    if step.verb != "fixed":
        return
    if measure in list(Measure) and measure != Measure.OTHER:
        yield _(MEASURES[Measure(measure)])
    if step.fact("words"):
        yield f"“{_said(tongue, step.fact('words'))}”"
    if step.fact("metres") is not None:
        yield _("Taken %(metres)s m from the spot", metres=step.fact("metres"))
    if step.fact("excuse"):
        yield f"“{_said(tongue, step.fact('excuse'))}”"


def _said(tongue: Tongue, text: Any) -> str:
    return safe(why_words(tongue.words, str(text)), tongue.most)
