"""What its reporter reads and can press once a report was sent: who has it until when, and how it ended."""

from __future__ import annotations

from handlers.kit import Button, Reader
from handlers.kit.case import Answer, Compare, Nudge
from handlers.kit.progress import accepted, bar, ended, held, proof
from models.hazard.rules import Deed
from models.hazard.views import Sight, look
from models.report.rules import OPEN, Status
from models.report.views import View


async def lines(reader: Reader, view: View) -> tuple[list[str], list[list[Button]]]:
    """Lines and buttons for a report that was sent. Refused for others than its reporter."""
    sight = await look(reader.session, reader.policy, reader.member, view.id)
    if view.status is Status.CLOSED:
        return _closed(reader, sight)
    found = [*_decided(reader, sight), *_way(reader, sight), *ended(reader, sight)]
    return found, [row for row in [nudge(reader, view)] if row]


async def waiting(reader: Reader, view: View) -> list[str]:
    """How far a report is that nobody decided on yet, and with whom."""
    return _way(reader, await look(reader.session, reader.policy, reader.member, view.id))


def nudge(reader: Reader, view: View) -> list[Button]:
    """🔔 催办, while somebody holds it."""
    return [Button("🔔 " + reader.words("Hurry"), Nudge(view.id))] if view.status in OPEN else []


def _decided(reader: Reader, sight: Sight) -> list[str]:
    _, view, found = reader.words, sight.report, accepted(reader, sight.report)
    if view.status in OPEN and sight.reopened:
        found.append("♻️ " + _.n("Reopened %(n)s time", "Reopened %(n)s times", sight.reopened))
    return found


def _way(reader: Reader, sight: Sight) -> list[str]:
    """How far it has come, and who has it now."""
    status = sight.report.status
    found = bar(reader, status) if status in OPEN else []
    if sight.holder is not None:
        found += held(reader, sight.holder)
    return [*found, *(proof(reader, sight.proof) if status is Status.FIXED else [])]


def _closed(reader: Reader, sight: Sight) -> tuple[list[str], list[list[Button]]]:
    """How it was mended, and the question whether it was."""
    _, buttons = reader.words, []
    found = [*bar(reader, Status.CLOSED), *ended(reader, sight), *proof(reader, sight.proof)]
    if sight.report.after:
        buttons.append([Button("🖼 " + _("Before and after"), Compare(sight.id))])
    late = sight.closed_at is None or reader.now - sight.closed_at > reader.policy.hazard.answer_within
    if Deed.ANSWER in sight.deeds and not late:
        found += ["", _("👉 Is it solved?")]
        yes, no = Answer(sight.id, 1), Answer(sight.id, 0)
        buttons.append([Button("👍 " + _("Content"), yes), Button("👎 " + _("Not solved"), no)])
    return found, buttons
