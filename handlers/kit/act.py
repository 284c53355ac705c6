"""What a handler is given: one person's deed with its session, moment, words and ways to answer. Never commits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession
from telegram import CallbackQuery, Message, Update, User

from locales import Words
from models import outbox, question
from models.outbox import Method
from models.people.actions import CheckPhone, Visitor
from models.people.rules import Me
from models.policy import Policy
from models.question import Question
from models.refused import Refused

if TYPE_CHECKING:
    from handlers.kit.feature import House


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
