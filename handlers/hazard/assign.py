"""交办 and 移送: to a person of the region or a department's contact in two taps, the likely person first."""

from __future__ import annotations

from handlers.hazard.presses import Give, Office, Turn
from handlers.hazard.show import department, put
from handlers.kit import Act, Button, Reader, Route, pages, pressed, rows
from handlers.kit.lines import ROLE_NAMES
from locales import N_
from locales.content import departments, kind
from models.hazard import actions as hazards
from models.hazard import views
from models.hazard.rules import Candidate, Deed
from models.hazard.views import Sight
from models.refused import Refused

LIKELY = 2  # persons offered on the card itself


async def give(act: Act, press: Give) -> None:
    """交办 to this person, or the list."""
    if not press.person:
        await put(act, press.report, "give", page=press.page)
        return
    await hazards.assign(act.session, act.now, act.policy, act.me, press.report, press.person, "", press.had)
    act.toast = act.words("Given.")


async def office(act: Act, press: Office) -> None:
    """A department: the list, its contacts, then one of them; 移送 goes on without a contact."""
    name = department(press.department)
    if press.department >= 0 and not name:
        raise Refused("menu.old_button")
    if name and press.person:
        await _to_contact(act, press, name)
    elif name and press.way == "transfer" and not await views.contacts(act.session, press.report, name):
        await hazards.transfer(act.session, act.now, act.policy, act.me, press.report, name, None)
        act.toast = act.words("Passed on. The county hands it to the department.")
    else:
        await put(act, press.report, "office", way=press.way, department=press.department)


async def _to_contact(act: Act, press: Office, name: str) -> None:
    if press.way == "transfer":
        await hazards.transfer(act.session, act.now, act.policy, act.me, press.report, name, press.person)
        act.toast = act.words("Passed on.")
    else:
        await hazards.assign(act.session, act.now, act.policy, act.me, press.report, press.person, name, press.had)
        act.toast = act.words("Given.")


# --- what the card asks -----------------------------------------------------------------------------------------------


async def ask_give(reader: Reader, sight: Sight, args: dict[str, object]) -> list[list[Button]]:
    """The people of the village and the township, the likely first, and the departments."""
    _ = reader.words
    people = await views.candidates(reader.session, reader.member, sight.id)
    lines = [[_person(reader, each, Give(sight.id, each.id, 0, _had(sight)))] for each in people]
    offices = Button("🏛 " + _("A department…"), Office(sight.id, "give", -1, 0, 0))
    page = int(str(args.get("page", 0)))
    return [*pages(lines, page, lambda to: Give(sight.id, 0, to, 0)), [offices, Button(_("Back"), Turn(sight.id, ""))]]


async def ask_office(reader: Reader, sight: Sight, args: dict[str, object]) -> list[list[Button]]:
    """The departments, that of the kind first; then the contacts of one."""
    _ = reader.words
    way, chosen = str(args.get("way", "give")), int(str(args.get("department", -1)))
    if chosen >= 0:
        found = await views.contacts(reader.session, sight.id, department(chosen))
        lines = [[_person(reader, each, Office(sight.id, way, chosen, each.id, _had(sight)))] for each in found]
        if not lines and way == "give":
            # Nobody of that department is known here: passing it on reaches the county, which knows them.
            lines = [[Button("📤 " + _("Pass on through the county"), Office(sight.id, "transfer", chosen, 0, 0))]]
        return [*lines, [Button(_("Back"), Office(sight.id, way, -1, 0, 0))]]
    names = list(departments())
    first = kind(sight.report.kind).department if sight.report.kind else ""
    order = sorted(range(len(names)), key=lambda index: (names[index] != first, index))
    buttons = [Button(names[index], Office(sight.id, way, index, 0, 0)) for index in order]
    return [*rows(buttons, 3), [Button(_("Back"), Turn(sight.id, ""))]]


def _had(sight: Sight) -> int:
    return sight.report.rectifier_id or 0


def _person(reader: Reader, each: Candidate, press: Give | Office) -> Button:
    _ = reader.words
    busy = " · " + _.n("%(n)s open", "%(n)s open", each.load) if each.load else ""
    return Button(f"👤 {each.name} · {each.region} {_(ROLE_NAMES[each.role])}{busy}", press)


async def buttons(reader: Reader, sight: Sight) -> list[list[Button]]:
    """On the card: the likeliest persons once it is registered, and the ways to everybody else."""
    _, may = reader.words, sight.deeds
    found: list[list[Button]] = []
    if Deed.ASSIGN in may and sight.report.status == "registered":
        people = await views.candidates(reader.session, reader.member, sight.id)
        found += [[_person(reader, each, Give(sight.id, each.id, 0, _had(sight)))] for each in people[:LIKELY]]
    row = []
    if Deed.ASSIGN in may:
        label = _("Give to another…") if sight.rectifier else _("Give to…")
        row.append(Button("👤 " + label, Give(sight.id, 0, 0, 0)))
    if Deed.TRANSFER in may:
        row.append(Button("📤 " + _("Pass on…"), Office(sight.id, "transfer", -1, 0, 0)))
    return [*found, row] if row else found


ROUTES: list[Route] = [pressed(Give, give), pressed(Office, office)]
REFUSALS = {
    "hazard.reporter_cannot_fix": N_("This person reported it, so somebody else must mend it."),
    "hazard.no_such_person": N_("This person is not in the roster any more. Choose somebody else."),
    "hazard.has_it_already": N_("This person has it already."),
    "hazard.no_verifier": N_("Then no other officer would be left to check the work. Choose somebody else."),
}
ASKS = {"give": ask_give, "office": ask_office}
