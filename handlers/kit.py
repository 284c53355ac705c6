"""What all handlers share: the act they are given, screens and buttons, and the ways an update finds its function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import geocoordinates_ffi as geo
from sqlmodel.ext.asyncio.session import AsyncSession
from telegram import CallbackQuery, Message, Update, User
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from locales import LOCALES, N_, Words, catalogue
from models import outbox, question
from models.outbox import Method
from models.people.actions import CheckPhone, Visitor
from models.people.rules import Me, Role
from models.policy import Policy
from models.question import Question
from models.refused import Refused

# --- buttons --------------------------------------------------------------------------------------------------------

VERSION = "1"


@dataclass(frozen=True)
class Press:
    """What a button does, a small typed value. Subclasses name their `code`, fields (int, str), and if `public`.

    Packed as "1|code|field|field" into at most 64 bytes; the version in front lets old buttons answer politely.
    """

    code: ClassVar[str]
    public: ClassVar[bool] = False

    def pack(self) -> str:
        """The button's callback data; ValueError when it would be too long for Telegram."""
        values = [VERSION, self.code, *(str(getattr(self, f.name)) for f in fields(self))]
        data = "|".join(values)
        if len(data.encode()) > 64 or any("|" in value for value in values):
            raise ValueError(f"callback data of {type(self).__name__} does not fit")
        return data

    @classmethod
    def unpack(cls, data: str) -> Self | None:
        """The value a button of this kind carries; None for data of another kind, version or shape."""
        version, _, rest = data.partition("|")
        code, *values = rest.split("|")
        if version != VERSION or code != cls.code or len(values) != len(fields(cls)):
            return None
        try:
            return cls(*(int(v) if f.type in ("int", int) else v for f, v in zip(fields(cls), values, strict=True)))
        except ValueError:
            return None


@dataclass(frozen=True)
class Button:
    """An inline button: a label of two to eight characters, and a press or an address."""

    label: str
    press: Press | None = None
    url: str | None = None


@dataclass(frozen=True)
class Key:
    """A key of the reply keyboard: sends its label, or the person's own contact or place."""

    label: str
    contact: bool = False
    place: bool = False


@dataclass(frozen=True)
class Screen:
    """What a renderer made: HTML text, and at most one of inline buttons and a reply keyboard.

    `photo`, above the text: Telegram's id or our small picture's path; `album`: ids; `point`: a place (WGS-84).
    """

    text: str = ""
    buttons: Sequence[Sequence[Button]] = ()
    keys: Sequence[Sequence[Key]] | None = None
    photo: str | Path | None = None
    album: Sequence[str] = ()
    document: str | None = None
    voice: str | None = None
    point: tuple[float, float] | None = None
    commands: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Acknowledge(Press):
    """知道了: what is queued for me about this task stops (handlers/task.py)."""

    code = "tk"
    task: int


# --- readers and renderers ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """Whoever a message is rendered for, at the moment it is sent."""

    session: AsyncSession
    now: datetime
    words: Words
    zone: ZoneInfo
    me: Me | None
    house: House

    @property
    def member(self) -> Me:
        """The person; Refused for strangers, to whom nothing of the roster is rendered."""
        if self.me is None:
            raise Refused("people.stranger")
        return self.me

    def time(self, moment: datetime) -> str:
        """A moment on the reader's wall clock; the day is named only when it is not today."""
        return clock_time(moment, self.now, self.zone)


ROLE_NAMES = {
    Role.GRID_WORKER: N_("grid worker"),
    Role.VILLAGE_LEAD: N_("village head"),
    Role.TOWNSHIP_OFFICER: N_("township officer"),
    Role.COUNTY_ADMIN: N_("county administrator"),
}

Renderer = Callable[[Reader, dict[str, Any]], Awaitable[Screen | None]]
TaskLine = Callable[[Reader, int], Awaitable["tuple[str, Press | None] | None"]]


def clock_time(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "09:05" today, "07-02 09:05" this year, "2025-07-02 09:05" else."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def aloud(words: Words, absent: Sequence[str]) -> list[str]:
    """Who was passed over on the way up because nobody could reach them, said aloud to whoever is told instead."""
    if not absent:
        return []
    return ["⚠️ " + words("Could not be reached, so it comes to you: %(names)s", names=safe(", ".join(absent)))]


def safe(text: str, most: int = 400) -> str:
    """A person's words for HTML: escaped, and cut where a screen would overflow."""
    return escape(text if len(text) <= most else text[: most - 1] + "…", quote=False)


def rows(buttons: Sequence[Button], width: int = 2) -> list[list[Button]]:
    """Buttons laid out so many to a row."""
    return [list(buttons[i : i + width]) for i in range(0, len(buttons), width)]


PAGE = 8  # rows of buttons a thumb reaches without scrolling


def pages(lines: Sequence[list[Button]], page: int, turn: Callable[[int], Press]) -> list[list[Button]]:
    """One page of rows of buttons, and below it the ways to the pages beside it."""
    last = max(len(lines) - 1, 0) // PAGE
    page = min(max(page, 0), last)
    around = [(page - 1, f"◀ {page}/{last + 1}"), (page + 1, f"{page + 2}/{last + 1} ▶")]
    turns = [Button(label, turn(to)) for to, label in around if 0 <= to <= last]
    return [*lines[page * PAGE : (page + 1) * PAGE], *([turns] if turns else [])]


def map_links(latitude: float, longitude: float, name: str) -> list[tuple[str, str]]:
    """Addresses that open a WGS-84 place in Amap (GCJ-02) and Baidu (BD-09), each in its own datum (domain 7.5)."""
    here = geo.Wgs84(lat=latitude, lon=longitude)
    amap, baidu, title = geo.wgs84_to_gcj02(here), geo.wgs84_to_bd09(here), quote(name)
    amap_place, baidu_place = f"{amap.lon:.6f},{amap.lat:.6f}", f"{baidu.lat:.6f},{baidu.lon:.6f}"
    baidu_rest = f"title={title}&content={title}&coord_type=bd09ll&output=html"
    return [
        ("amap", f"https://uri.amap.com/marker?position={amap_place}&name={title}&coordinate=gaode"),
        ("baidu", f"https://api.map.baidu.com/marker?location={baidu_place}&{baidu_rest}"),
    ]


# --- the act --------------------------------------------------------------------------------------------------------


@dataclass
class Act:
    """One person's deed inside the one transaction that carries it out; handlers get it instead of PTB's context."""

    session: AsyncSession
    now: datetime
    update: Update
    visitor: Visitor
    words: Words
    zone: ZoneInfo
    policy: Policy
    check_phone: CheckPhone
    house: House
    question: Question | None = None
    toast: str | None = None
    alert: bool = False
    leave: bool = False
    failure: BaseException | None = None

    @property
    def me(self) -> Me:
        """The person; Refused for strangers, who learn only how to be added."""
        if self.visitor.me is None:
            raise Refused("people.stranger")
        return self.visitor.me

    @property
    def message(self) -> Message:
        """The message that came."""
        assert self.update.effective_message is not None
        return self.update.effective_message

    @property
    def query(self) -> CallbackQuery:
        """The button press that came."""
        assert self.update.callback_query is not None
        return self.update.callback_query

    @property
    def user(self) -> User:
        """The account that acts."""
        assert self.update.effective_user is not None
        return self.update.effective_user

    async def say(self, kind: str, *, slot: str | None = None, method: Method = Method.SEND, **args: Any) -> None:
        """Answer with a new message of this kind; with a slot, later answers edit it."""
        await self._put(kind, method=method, slot=slot, follow=False, args=args)

    async def show(self, kind: str, *, slot: str, follow: bool = True, **args: Any) -> None:
        """Put a screen: by an edit while it is the chat's last message (without `follow`: always), anew otherwise."""
        await self._put(kind, method=Method.EDIT, slot=slot, follow=follow, args=args)

    async def _put(self, kind: str, *, method: Method, slot: str | None, follow: bool, args: dict[str, Any]) -> None:
        me = self.visitor.me
        await outbox.say(
            self.session, self.now, kind, person_id=me.id if me else None,
            chat_id=None if me else self.visitor.chat_id, method=method, slot=slot, follow=follow, **args,
        )  # fmt: skip

    async def ask(self, kind: str, **args: Any) -> None:
        """The next typed words of this chat answer this question (routes: `answering`)."""
        await question.ask(self.session, self.now, self.visitor.chat_id, kind, **args)

    async def answered(self) -> None:
        """The open question has its answer, or was given up."""
        await question.close(self.session, self.visitor.chat_id)


ACT: ContextVar[Act] = ContextVar("act")
Deed = Callable[[Act], Awaitable[None]]
Route = BaseHandler[Any, Any, Any]


# --- routes ---------------------------------------------------------------------------------------------------------

P = TypeVar("P", bound=Press)
T = TypeVar("T")

PLAIN = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE


def deed(do: Deed) -> Callable[[Update, Any], Coroutine[Any, Any, None]]:
    """A deed in the shape PTB calls."""

    async def callback(_update: Update, _context: Any) -> None:
        await do(ACT.get())

    return callback


def command(name: str, do: Deed) -> Route:
    """A command such as /tasks, with or without words behind it."""
    return CommandHandler(name, deed(do), filters=PLAIN)


def message(what: filters.BaseFilter, do: Deed) -> Route:
    """A message of some form: a photo, a place, a contact."""
    return MessageHandler(what & PLAIN, deed(do))


def edited(what: filters.BaseFilter, do: Deed) -> Route:
    """A message that was edited after it was sent."""
    return MessageHandler(what & filters.UpdateType.EDITED_MESSAGE & filters.ChatType.PRIVATE, deed(do))


def key(label: str, do: Deed) -> Route:
    """A key of the main menu, by its label's message id, pressed in any language."""
    labels = [catalogue(locale)(label) for locale in LOCALES]
    return MessageHandler(filters.Text(labels) & PLAIN, deed(do))


STILL_ASKED = timedelta(hours=1)  # later words are about something else: a slope, not somebody's corrected name


class _Asked(filters.MessageFilter):
    """True while the chat's open question is of this kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(name=f"asked {kind}")
        self._kind = kind

    def filter(self, message: Message) -> bool:
        act = ACT.get()
        asked = act.question
        return asked is not None and asked.kind == self._kind and act.now - asked.asked_at < STILL_ASKED


def answering(kind: str, do: Deed) -> Route:
    """Typed words while this question is open."""
    return MessageHandler(filters.TEXT & ~filters.COMMAND & PLAIN & _Asked(kind), deed(do))


def pressed(kind: type[P], do: Callable[[Act, P], Awaitable[None]]) -> Route:
    """A button of this kind."""

    async def callback(_update: Update, _context: Any) -> None:
        act = ACT.get()
        value = kind.unpack(act.query.data or "")
        if value is None or not (kind.public or act.visitor.me):
            raise Refused("people.stranger")
        await do(act, value)

    return CallbackQueryHandler(callback, pattern=lambda data: isinstance(data, str) and kind.unpack(data) is not None)


# --- what a feature hands to the house ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """An entry of the commands menu; `roles` empty means everybody of the roster, `public` strangers too."""

    name: str
    label: str
    roles: tuple[Role, ...] = ()
    public: bool = False


CANNOT = N_("That is not possible right now. /tasks shows what waits for you.")


@dataclass(frozen=True)
class Feature:
    """Everything one handlers file offers; bot/app.py lists them in the order in which they are asked.

    `refusals` are the sentences (message ids) for the reasons of Refused; `task_lines` say a task in one line.
    """

    routes: Sequence[Route]
    renderers: dict[str, Renderer] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    commands: Sequence[Command] = ()
    task_lines: dict[str, TaskLine] = field(default_factory=dict)


class House:
    """All features joined: what to render, how to say no, which commands to show. ValueError for a name given twice."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.routes = [route for feature in features for route in feature.routes]
        self.commands = [entry for feature in features for entry in feature.commands]
        self.renderers: dict[str, Renderer] = {}
        self.refusals: dict[str, str] = {}
        self.task_lines: dict[str, TaskLine] = {}
        for feature in features:
            _join(self.renderers, feature.renderers)
            _join(self.refusals, feature.refusals)
            _join(self.task_lines, feature.task_lines)

    def refusal(self, words: Words, reason: str, facts: Mapping[str, object]) -> str:
        """The sentence with which a rule's no is said."""
        return words(self.refusals.get(reason, CANNOT), **facts)

    def commands_for(self, me: Me | None) -> list[Command]:
        """The commands a person can use; a stranger sees only those for everybody."""
        return [c for c in self.commands if c.public or (me and (not c.roles or me.holds(*c.roles)))]


def _join(all_of: dict[str, T], more: Mapping[str, T]) -> None:
    if twice := all_of.keys() & more.keys():
        raise ValueError(f"given twice: {', '.join(sorted(twice))}")
    all_of.update(more)
