"""Joining by one's own contact, and being cut off again."""

from __future__ import annotations

from typing import Any

from handlers.kit import Act, Key, Reader, Screen
from locales import N_
from models import response
from models.outbox import Method
from models.people import actions as people
from models.people import rules
from models.refused import Refused
from models.task import actions as tasks

CONTACT_KEY = N_("📱 Share my phone number")


async def join(act: Act) -> None:
    """A contact was shared: the only way in, and only with one's own."""
    contact = act.message.contact
    assert contact is not None
    forwarded = act.message.forward_origin is not None
    if not rules.own_contact(act.user.id, contact.user_id, forwarded):
        raise Refused("people.foreign_contact")
    await response.joined(act.session, act.now, act.visitor.chat_id, contact.phone_number)
    act.visitor = await people.visitor(act.session, act.visitor.chat_id)
    await act.say("menu.welcome")
    await act.say("menu.commands", method=Method.COMMANDS)
    if await tasks.waiting_on(act.session, act.me, most=1):  # what could not reach them before they joined
        await act.say("task.list", slot="tasks")


async def untied(reader: Reader, args: dict[str, Any]) -> Screen:
    """To an account that was cut off: why, and the way back in."""
    _ = reader.words
    why = {
        "ended": _("Your posts have been ended, so nothing is sent here any more."),
        "renumbered": _("Your phone number in the roster was changed, so nothing is sent here any more."),
        "moved": _("Your number joined from another account, so nothing is sent here any more."),
    }[args["why"]]
    more = _("If that is a mistake, ask the officers of your township, then press the button below.")
    return Screen(f"{why}\n{more}", keys=[[Key(_(CONTACT_KEY), contact=True)]])
