"""Cases as lines of a list, and the buttons that open them. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from handlers.hazard.presses import Open
from handlers.kit import Button, Reader, rows, safe
from handlers.kit.case import MARKS, STEPS
from locales.content import kind
from models.hazard.register import Row
from models.people.actions import Place
from models.people.rules import Level


def entries(reader: Reader, found: Sequence[Row], place: Place | None = None) -> list[str]:
    """The cases of a place in a line each; what the place says already is not said again in every line."""
    return [_entry(reader, nth, row, place) for nth, row in enumerate(found, 1)]


def _entry(reader: Reader, nth: int, row: Row, place: Place | None) -> str:
    _ = reader.words
    parts = [f"{nth}. {_mark(row)} {short(row.number, reader.now.astimezone(reader.zone).date())}"]
    parts += [safe(" ".join(where))] if (where := _where(row, place)) else []
    parts += [safe(_name(reader, row)), _step(reader, row)]
    if row.due_at is not None:
        parts.append(_("until %(time)s", time=_until(reader, row.due_at)) + (" 🔴" if row.late else ""))
    elif row.ended_at is not None:
        parts.append(_until(reader, row.ended_at))
    marks = (f"➕{row.supporters}" if row.supporters else "") + ("🔒" if row.confidential else "")
    return " · ".join([*parts, marks] if marks else parts)


def _where(row: Row, place: Place | None) -> list[str]:
    """Two villages of a county may have one name, so it names the township as well."""
    wide = place is None or place.level < Level.TOWNSHIP
    names = dict.fromkeys([row.township, row.village] if wide else [row.village])
    return [name for name in names if place is None or name != place.name]


def _until(reader: Reader, moment: datetime) -> str:
    """The day, or of today the hour."""
    day, _, hour = reader.time(moment).rpartition(" ")
    return day or hour


def _step(reader: Reader, row: Row) -> str:
    """Where it stands; in bold when its next step is the reader's to decide."""
    _ = reader.words
    if row.into is not None:
        number, status = row.into
        today = reader.now.astimezone(reader.zone).date()
        return _("joined to %(number)s (%(state)s)", number=short(number, today), state=_(STEPS[status]))
    step = _(STEPS[row.status])
    return f"<b>{step}</b>" if row.waits else step


def short(number: str, today: date) -> str:
    """The end of a number by which people know it, day and serial: "0620-0007", of other years "250620-0007"."""
    day, serial = number.split("-")[-3:-1]
    return f"{day.removeprefix(f'{today:%y}')}-{serial}"


def _mark(row: Row) -> str:
    return MARKS[row.severity] if row.severity else "⚪"


def _name(reader: Reader, row: Row) -> str:
    return kind(row.kind).name(reader.words.locale) if row.kind else reader.words("kind not yet known")


def openers(reader: Reader, found: Sequence[Row]) -> list[list[Button]]:
    """A button for each line."""
    return rows([Button(f"{n} {_mark(row)} {_name(reader, row)}", Open(row.id)) for n, row in enumerate(found, 1)])
