"""People's words are forgotten when their time is over: raw updates, exact sent texts, half-made questions.

Each kind is found by an index over what still has to go, in batches, so that a purge costs what is due and never holds
writers up. What a report is made of is no business of this module.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from models import inbox, outbox, question
from models.inbox import Handling
from models.policy import SOONEST, PrivacyPolicy


class Store(IntEnum):
    """Where words lie; the number is the schedule's key."""

    UPDATES = 1
    MESSAGES = 2
    QUESTIONS = 3


async def due(session: AsyncSession, now: datetime) -> list[int]:
    """The stores in which something may have to go: nothing does before an hour is over (models/policy)."""
    oldest = {
        Store.UPDATES: [await inbox.oldest_words(session), await inbox.oldest_empty(session)],
        Store.MESSAGES: [await outbox.oldest_words(session), await outbox.oldest_empty(session)],
        Store.QUESTIONS: [await question.oldest(session)],
    }
    return [int(store) for store, found in oldest.items() if any(at and at <= now - SOONEST for at in found)]


async def purge(session: AsyncSession, now: datetime, policy: PrivacyPolicy, store: Store) -> int:
    """One batch: words that had their time, then rows that had theirs. → how many rows were changed or deleted."""
    words = now - policy.words_kept
    rows = now - policy.rows_kept
    if store is Store.UPDATES:
        done = await inbox.purge(session, words)
        dead = await inbox.purge(session, now - policy.dead_kept, Handling.DEAD)
        return done + dead + await inbox.remove(session, rows)
    if store is Store.MESSAGES:
        # A row's own time is over when its words have been gone for the rest of it.
        return await outbox.purge(session, now, words) + await outbox.remove(session, rows + policy.words_kept)
    return await question.purge(session, words)
