"""今日无异常: said with one tap; and for officers who said so today, by village, names on a tap. Reminds nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from handlers.kit import ROLE_NAMES, Act, Button, Reader, Screen, pages, safe
from handlers.report.presses import Clear, Duty
from models.people import rules
from models.people.rules import OFFICERS, Me
from models.report import zero
from models.report.zero import DUTY, OnDuty


async def say(act: Act) -> None:
    """/zero and the key of the menu: for village people the report itself, for officers the day's overview."""
    if not act.me.holds(*DUTY):
        act.me.seat(*OFFICERS)
        await act.show("report.duty", slot="duty", region="")
        return
    await _clear(act, 0)


async def clear(act: Act, press: Clear) -> None:
    """The button after a round without findings."""
    await _clear(act, press.patrol)


async def _clear(act: Act, patrol: int) -> None:
    said = await zero.say_clear(act.session, act.now, act.zone, act.me, patrol)
    slot = f"patrol:{patrol}" if patrol else f"clear:{said.at:%Y%m%d}"
    await act.show(
        "report.clear", slot=slot, at=said.at.isoformat(), again=said.again, reports=said.reports, patrol=patrol
    )


async def duty(act: Act, press: Duty) -> None:
    """One region's day."""
    await zero.day(act.session, act.now, act.zone, act.me, press.region or _top(act.me))
    await act.show("report.duty", slot="duty", region=press.region, page=press.page)


def _top(me: Me) -> str:
    """The widest region of an officer. Refused for others."""
    me.seat(*OFFICERS)
    return rules.areas(me)[0].region_code


# --- screens ----------------------------------------------------------------------------------------------------------


async def cleared(reader: Reader, args: dict[str, Any]) -> Screen:
    """One short line with the time."""
    _, at = reader.words, reader.time(datetime.fromisoformat(args["at"]))
    said = _("%(time)s noted already: nothing found today.", time=at) if args["again"] else _(
        "%(time)s noted: nothing found today. Thank you.", time=at)  # fmt: skip
    if args["reports"]:
        said += "\n" + _.n(
            "Your %(n)s report of today stands beside it.", "Your %(n)s reports of today stand beside it.",
            args["reports"],
        )  # fmt: skip
    overview = [[Button(_("The villages"), Duty("", 0))]] if reader.member.holds(*OFFICERS) else []
    return Screen("✅ " + said, overview)


async def overview(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """How many said so in each place; in a village, who."""
    _ = reader.words
    top = _top(reader.member)
    day = await zero.day(reader.session, reader.now, reader.zone, reader.member, args["region"] or top)
    head = "✅ <b>" + _("Nothing found today: %(place)s", place=safe(day.place.name)) + "</b>"
    above = day.place.path.strip("/").split("/")[-2:][0]
    back = [[Button(_("Back"), Duty(above, 0))]] if args["region"] not in ("", top) else []
    if not day.below:
        return Screen("\n".join([head, *_names(reader, day.people)]), back)
    counts = [(place, people) for place, people in day.below if people]
    lines = [[Button(f"{safe(place.name)} {_share(people)}", Duty(place.code, 0))] for place, people in counts]
    text = _("%(done)s of %(all)s said so, %(reported)s reported something.", **_numbers(day.people))
    return Screen(
        f"{head}\n{text}", [*pages(lines, int(args.get("page", 0)), lambda to: Duty(day.place.code, to)), *back]
    )


def _share(people: Sequence[OnDuty]) -> str:
    done = sum(each.clear_at is not None or each.reported for each in people)
    return f"{'✅' if done == len(people) else '⬜'} {done}/{len(people)}"


def _numbers(people: Sequence[OnDuty]) -> dict[str, int]:
    return {
        "done": sum(each.clear_at is not None for each in people),
        "all": len(people),
        "reported": sum(each.reported for each in people),
    }


def _names(reader: Reader, people: Sequence[OnDuty]) -> list[str]:
    _ = reader.words
    found = []
    for each in people:
        post = f"{safe(each.name)} ({_(ROLE_NAMES[each.role])})"
        if each.clear_at is not None:
            found.append(f"✅ {reader.time(each.clear_at)} {post}")
        elif each.reported:
            found.append("📷 " + _("%(who)s reported something", who=post))
        else:
            found.append(f"⬜ {post}")
    return found or [_("Nobody holds a post here.")]
