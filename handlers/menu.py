"""The door and the signposts: /start, /help, /language, the main menu, and what is said when nothing else fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telegram import Chat
from telegram.ext import CallbackQueryHandler, ChatMemberHandler, MessageHandler, filters

from handlers.kit import (
    PLAIN,
    ROLE_NAMES,
    Act,
    Button,
    Command,
    Feature,
    Key,
    Press,
    Reader,
    Route,
    Screen,
    command,
    deed,
    key,
    message,
    pressed,
    rows,
)  # fmt: skip
from locales import LOCALES, N_
from models import response
from models.outbox import Method
from models.people import actions as people
from models.people import rules
from models.people.rules import Role
from models.refused import Refused
from models.report import rules as reports
from models.report import views

REPORT_KEY = N_("📷 Report a hazard")
PLACE_KEY = N_("📍 Send my place")
FIRE_KEY = N_("🔥 Report a fire")
TASKS_KEY = N_("📋 My tasks")
PEOPLE_KEY = N_("👥 People")
CLEAR_KEY = N_("✅ Nothing found today")
HELP_KEY = N_("❓ Help")
CONTACT_KEY = N_("📱 Share my phone number")

LANGUAGES = {"zh_CN": "中文", "en": "English"}


@dataclass(frozen=True)
class Speak(Press):
    """Choose a language."""

    code, public = "lang", True
    locale: str


# --- deeds ----------------------------------------------------------------------------------------------------------


async def start(act: Act) -> None:
    """/start, with or without a number behind it (a scanned code)."""
    await people.meet(act.session, act.visitor.chat_id)
    if act.visitor.me is None:
        await act.say("menu.join")
        return
    await greet(act)
    number = (act.message.text or "").partition(" ")[2]
    if reports.looks_like_number(number):
        await _scanned(act, number)


async def _scanned(act: Act, number: str) -> None:
    """A number came with /start: its case follows the greeting, or why there is none for this person."""
    try:
        report_id = await views.by_number(act.session, act.me, number)
        own = (await views.look(act.session, act.me, report_id)).reporter_id == act.me.id
    except Refused as refused:
        await act.say("menu.refused", reason=refused.reason, facts={})
        return
    screen, slot = ("report.screen", "report") if own else ("hazard.card", "card")
    await act.say(screen, slot=f"{slot}:{report_id}", report=report_id)


async def greet(act: Act) -> None:
    """Welcome somebody of the roster: who they are here, the main menu, and their commands."""
    await act.say("menu.welcome")
    await act.say("menu.commands", method=Method.COMMANDS)


async def help_(act: Act) -> None:
    """/help"""
    await act.say("menu.help")


async def language(act: Act) -> None:
    """/language, or /language en at once."""
    wanted = (act.message.text or "").partition(" ")[2].strip()
    match = next((locale for locale in LOCALES if wanted and locale.lower().startswith(wanted.lower()[:2])), None)
    if match is None:
        await act.say("menu.language")
        return
    await _speak(act, match)


async def speak(act: Act, press: Speak) -> None:
    """A language was chosen by its button."""
    if press.locale not in LOCALES:
        raise Refused("menu.old_button")
    await _speak(act, press.locale)


async def _speak(act: Act, locale: str) -> None:
    await people.speak(act.session, act.visitor.chat_id, locale)
    if act.visitor.me is None:
        await act.say("menu.join")
    else:
        await greet(act)


async def old_button(_act: Act) -> None:
    """A button that nobody knows any more."""
    raise Refused("menu.old_button")


async def not_understood(act: Act) -> None:
    """Anything no feature wanted."""
    if act.visitor.me is None:
        await act.say("menu.join")
    elif act.message.text and act.message.text.startswith("/"):
        raise Refused("menu.no_command")
    else:
        raise Refused("menu.no_form")


async def membership(act: Act) -> None:
    """The person blocked or unblocked the bot; a group took it in, which it leaves."""
    change = act.update.my_chat_member
    assert change is not None
    if change.chat.type != Chat.PRIVATE:
        act.leave = change.new_chat_member.status in ("member", "administrator", "restricted")
    elif change.new_chat_member.status in ("kicked", "left"):
        await response.lost(act.session, act.now, act.policy, change.chat.id, "bot was blocked by the user")
    else:
        me = act.visitor.me
        await response.back(act.session, act.now, change.chat.id, me.id if me else None)


async def elsewhere(act: Act) -> None:
    """A message in a group or channel: the bot speaks in private chats only and leaves."""
    act.leave = True


# --- screens --------------------------------------------------------------------------------------------------------


async def joining(reader: Reader, _args: dict[str, Any]) -> Screen:
    """What a stranger sees: how to be recognised, and nothing about anybody."""
    _ = reader.words
    text = _(
        "<b>Cunshao</b> is for the grid workers and officers of the villages.\n"
        "Press the button below to share your own phone number, so that you are recognised."
    )
    return Screen(text, keys=[[Key(_(CONTACT_KEY), contact=True)]])


async def welcome(reader: Reader, _args: dict[str, Any]) -> Screen | None:
    """The greeting with the main menu."""
    if reader.me is None:
        return await joining(reader, {})
    _ = reader.words
    posts = "\n".join(f"· {seat.region_name} {_(ROLE_NAMES[seat.role])}" for seat in reader.me.seats)
    hint = (
        _("To report a hazard: send a photo, send your place, confirm with one tap. In any order.")
        if reader.me.holds(Role.GRID_WORKER, Role.VILLAGE_LEAD)
        else _("Reports of your area come to you here, and you decide with one tap.")
    )
    text = _("Welcome, %(name)s.\n%(posts)s\n\n%(hint)s", name=reader.me.name, posts=posts, hint=hint)
    return Screen(text, keys=main_menu(reader))


def main_menu(reader: Reader) -> list[list[Key]]:
    """The rows of the main menu that this person can use."""
    _ = reader.words
    me = reader.me
    menu: list[list[Key]] = []
    if me and me.holds(Role.GRID_WORKER, Role.VILLAGE_LEAD, Role.TOWNSHIP_OFFICER):
        menu.append([Key(_(REPORT_KEY)), Key(_(PLACE_KEY), place=True)])
        menu.append([Key(_(FIRE_KEY)), Key(_(TASKS_KEY))])
    last = [] if menu else [Key(_(TASKS_KEY))]
    if me and me.holds(Role.GRID_WORKER, Role.VILLAGE_LEAD):
        last.append(Key(_(CLEAR_KEY)))
    if me and me.holds(*rules.OFFICERS):
        last.append(Key(_(PEOPLE_KEY)))
    return [*menu, [*last, Key(_(HELP_KEY))]]


async def helping(reader: Reader, _args: dict[str, Any]) -> Screen:
    """What can be done here, emergency numbers first."""
    _ = reader.words
    numbers = _("In danger: get to safety first. Police 110 · fire 119 · ambulance 120 · forest fire 12119")
    if reader.me is None:
        return Screen(
            numbers + "\n\n" + _("To be added, ask the officers of your township to enter your phone number.")
        )
    lines = [f"/{entry.name} {_(entry.label)}" for entry in reader.house.commands_for(reader.me, reader.policy)]
    how = _(
        "You can always just send a photo, a place, a voice note or a few words. Typing a report's number opens it."
    )
    hotlines = " · ".join(reader.policy.hotline.numbers)
    quiet = _(
        "🔒 To tell of a danger in confidence, phone %(numbers)s, or press the toggle before you send a report.",
        numbers=hotlines,
    )
    return Screen("\n".join([numbers, "", how, "", quiet, "", *lines]))


async def languages(reader: Reader, _args: dict[str, Any]) -> Screen:
    """The choice of languages, each in its own name."""
    buttons = [Button(name, Speak(locale)) for locale, name in LANGUAGES.items()]
    return Screen("语言 / Language", rows(buttons))


async def commands(reader: Reader, _args: dict[str, Any]) -> Screen:
    """The commands menu of one chat."""
    _ = reader.words
    entries = reader.house.commands_for(reader.me, reader.policy)
    return Screen(commands=[(entry.name, _(entry.label)) for entry in entries])


async def refused(reader: Reader, args: dict[str, Any]) -> Screen:
    """A rule's no, in one sentence. A stranger gets the door with it."""
    text = reader.house.refusal(reader.words, args["reason"], args["facts"])
    if reader.me is None:
        return Screen(text, keys=[[Key(reader.words(CONTACT_KEY), contact=True)]])
    return Screen(text)


async def not_handled(reader: Reader, _args: dict[str, Any]) -> Screen:
    """To the person whose message failed for good."""
    _ = reader.words
    return Screen(
        _(
            "Something went wrong with your last message. It is kept, and the county has been told. "
            "Please send it again or phone."
        )
    )


async def dead_letter(reader: Reader, args: dict[str, Any]) -> Screen:
    """To the operator: which stored update failed, without its words."""
    _ = reader.words
    return Screen(
        _(
            "A message could not be handled and was set aside (no. %(row)s, %(error)s).",
            row=args["row"],
            error=args["error"],
        )
    )


async def account_moved(reader: Reader, args: dict[str, Any]) -> Screen:
    """To officers: somebody's number joined from a second account, and the first was cut off."""
    _ = reader.words
    return Screen(
        _(
            "%(name)s joined from another account; the former one has been cut off. "
            "Ask them whether it was really them.",
            name=args["name"],
        )
    )


# The last resorts stand apart, since they must come after every other feature.
FEATURE = Feature(
    routes=[
        command("start", start),
        command("help", help_),
        command("language", language),
        key(HELP_KEY, help_),
        pressed(Speak, speak),
    ],
    renderers={
        "menu.join": joining,
        "menu.welcome": welcome,
        "menu.help": helping,
        "menu.language": languages,
        "menu.commands": commands,
        "menu.refused": refused,
        "menu.not_handled": not_handled,
        "menu.dead_letter": dead_letter,
        "menu.account_moved": account_moved,
    },
    refusals={
        "menu.old_button": N_("This button is from long ago. /tasks shows what waits for you now."),
        "menu.no_command": N_("There is no such command. /help shows what you can do."),
        "menu.no_form": N_("This cannot be taken in. Send a photo, a place, a voice note or a few words."),
    },
    commands=[
        Command("help", N_("Help and emergency numbers"), public=True),
        Command("language", N_("Language 语言"), public=True),
    ],
)  # fmt: skip


def last_resorts() -> list[Route]:
    """Routes for what nobody else wanted."""
    return [
        ChatMemberHandler(deed(membership), ChatMemberHandler.MY_CHAT_MEMBER),
        CallbackQueryHandler(deed(old_button)),
        message(filters.ALL, not_understood),
        MessageHandler(filters.ALL & ~PLAIN & ~filters.ChatType.PRIVATE, deed(elsewhere)),
    ]
