"""The alarm when several of one kind are reported near one another: where, which, and how to get there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handlers.kit import Button, Reader, Route, Screen, map_links, rows
from handlers.kit.case import GRADES, MARKS, STEPS, Open
from locales.content import kind
from models.hazard import cluster
from models.hazard.cluster import Member


async def alarm(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """Numbers, kind, and the middle point with map links; a button for each case that this reader may open."""
    if reader.me is None:
        return None
    members = await cluster.members(reader.session, reader.me, [int(each) for each in args["reports"]])
    if not members:
        return None
    _, rule = reader.words, reader.policy.hazard.cluster
    name = kind(members[0].kind).name(_.locale) if members[0].kind else _("kind not yet known")
    head = _.n(
        "%(kind)s: %(n)s report within %(metres)s m and %(hours)s h", "%(kind)s: %(n)s reports within %(metres)s m "
        "and %(hours)s h", len(members), kind=name, metres=rule.metres, hours=rule.within // timedelta(hours=1),
    )  # fmt: skip
    text = [f"🚨 <b>{head}</b>", *(_line(reader, each) for each in members)]
    text.append("👉 " + _("One cause may be behind them: look at the place as a whole."))
    cases: dict[int, str] = {}
    for each in members:
        if each.opens is not None:  # of reports joined to one another only one
            cases.setdefault(each.opens, each.number)
    opens = [Button(number[-6:], Open(case)) for case, number in cases.items()]
    return Screen("\n".join(text), [*_map(reader, members), *rows(opens, 3)])


def _line(reader: Reader, member: Member) -> str:
    _ = reader.words
    colour = f"{MARKS[member.severity]} {_(GRADES[member.severity])} · " if member.severity else ""
    return f"▫️ {member.number} · {member.place} · {reader.time(member.at)}\n   {colour}{_(STEPS[member.status])}"


def _map(reader: Reader, members: tuple[Member, ...]) -> list[list[Button]]:
    spot = cluster.middle(members)
    if spot is None:
        return []
    labels = {"amap": reader.words("Amap"), "baidu": reader.words("Baidu map")}
    return [[Button("🗺 " + labels[name], url=url) for name, url in map_links(*spot, members[0].number)]]


ROUTES: list[Route] = []
RENDERERS = {"hazard.cluster": alarm}
