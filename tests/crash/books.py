"""Compares what was sent, by the sandbox's ledger, with what the bot wrote down about it in its database."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import col, select

from bot.database import Database
from bot.sandbox import Sandbox
from models.outbox import Delivery, Outgoing
from models.people.tables import Account

MAKING = ("sendMessage", "sendPhoto", "sendMediaGroup", "sendLocation", "sendVenue", "sendDocument")


@dataclass(frozen=True)
class Kill:
    """One kill: how far the ledger had come by the next start, and how many sends each chat had under way."""

    entries: int
    under_way: Counter[int]


@dataclass
class Books:
    """Everything that was sent, divided at the kills."""

    sandbox: Sandbox
    database: Database
    kills: list[Kill] = field(default_factory=list)

    async def note_kill(self) -> None:
        """The bot is dead: what did it leave under way?"""
        await asyncio.sleep(0.15)  # what lies in sockets and in the sandbox's delays is applied; servers notice the end
        async with self.database.reading() as session:
            rows = await session.exec(select(Outgoing).where(Outgoing.state == Delivery.SENDING))
            accounts = await session.exec(select(Account).where(col(Account.person_id).is_not(None)))
            chat = {account.person_id: account.chat_id for account in accounts}
            left = Counter(row.chat_id or chat[row.person_id] for row in rows)
        self.kills.append(Kill(len(self.sandbox.ledger), left))

    async def copies(self) -> list[Counter[int]]:
        """Messages the bot does not know to have sent, by chat, one counter for each kill and one for the end."""
        async with self.database.reading() as session:
            known = set(await session.exec(select(Outgoing.message_id).where(col(Outgoing.message_id).is_not(None))))
        ends = [kill.entries for kill in self.kills]
        found: list[Counter[int]] = [Counter() for _ in range(len(ends) + 1)]
        for at, call in enumerate(self.sandbox.ledger):
            if call.method in MAKING and call.message_id not in known and call.chat_id is not None:
                found[sum(at >= end for end in ends)][call.chat_id] += 1
        return found

    async def unexplained(self) -> list[str]:
        """Copies that no kill explains: more than that chat had under way when the bot was killed."""
        allowed: Sequence[Counter[int]] = [*(kill.under_way for kill in self.kills), Counter()]
        return [
            f"after kill {at}: chat {chat} has {count} copies, {allowed[at][chat]} were under way"
            for at, copies in enumerate(await self.copies())
            for chat, count in copies.items()
            if count > allowed[at][chat]
        ]
