"""How a card is put into a chat, and what its sides share. Decides nothing."""

from __future__ import annotations

from typing import Any

from handlers.kit import Act, Button, Reader, rows
from handlers.kit.press import Press
from handlers.kit.progress import MEASURES as MEASURES
from handlers.kit.progress import WHY as WHY
from handlers.kit.progress import why_words as why_words
from locales import N_
from locales.content import departments
from models.hazard.rules import Plate
from models.hazard.views import Sight, look

PLATES = {Plate.TOWNSHIP: N_("township"), Plate.COUNTY: N_("county"), Plate.CITY: N_("city")}
FIVES = {
    "duty": N_("responsibility"),
    "measure": N_("measures"),
    "money": N_("funds"),
    "time": N_("time limit"),
    "plan": N_("emergency plan"),
}


async def sight(reader: Reader, report_id: int) -> Sight:
    """The case as this reader may see it. Refused for strangers and for whom it does not concern."""
    return await look(reader.session, reader.policy, reader.member, report_id)


async def put(act: Act, report_id: int, ask: str = "", **more: Any) -> None:
    """Turn the card where it stands to another side: what it asks, with its buttons; "" is the card itself."""
    await look(act.session, act.policy, act.me, report_id)
    await act.show("hazard.card", slot=f"card:{report_id}", follow=False, report=report_id, ask=ask, **more)


async def below(act: Act, report_id: int) -> None:
    """The card below what was just typed, so that it is seen what became of it."""
    await act.show("hazard.card", slot=f"card:{report_id}", report=report_id)


def reasons(reader: Reader, codes: tuple[str, ...], press: Any, back: Press) -> list[list[Button]]:
    """Buttons for these reasons, for one in words, and the way back; `press` makes each one's press of its code."""
    buttons = [Button(reader.words(WHY[code]), press(code)) for code in codes]
    other = Button(reader.words("In words…"), press("other"))
    return rows([*buttons, other, Button(reader.words("Back"), back)])


def department(index: int) -> str:
    """The name of a department by its place in the content pack; "" when there is none."""
    names = departments()
    return names[index] if 0 <= index < len(names) else ""
