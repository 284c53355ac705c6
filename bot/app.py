"""Joins settings, clock and network into the running whole; command line, demo and tests all build it here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from telegram import Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application
from telegram.request import HTTPXRequest

from bot import watch
from bot.clock import Clock, PushedClock
from bot.database import Database
from bot.errors import name_of
from bot.health import Health
from bot.heartbeat import Heartbeat
from bot.inbox import Inbox
from bot.instance import instance
from bot.limits import Limits
from bot.media import Media, Purge
from bot.polling import Polling
from bot.sender import IN_FLIGHT, Sender
from bot.settings import Settings, load_policy
from bot.ticker import Schedule, Ticker
from bot.webhook import announce, open_webhook
from handlers import hazard, menu, people, report, stats, task
from handlers.kit import ACT, Act, House, Reader, Screen
from locales import catalogue
from models import inbox, outbox, question
from models.outbox import Outgoing
from models.people import actions as people_actions
from models.people.rules import real_phone, sample_phone
from models.policy import Policy
from models.refused import Refused
from schedules import audit as audit_schedule
from schedules import hazard as hazard_schedule
from schedules import privacy as privacy_schedule
from schedules import report as report_schedule
from schedules import task as task_schedule

log = structlog.get_logger()

# The order is logic: the first feature that wants an update gets it; report takes any words nobody asked for.
FEATURES = (menu.FEATURE, people.FEATURE, task.FEATURE, stats.FEATURE, hazard.FEATURE, report.FEATURE)
SCHEDULES: tuple[Schedule, ...] = (
    task_schedule, report_schedule, hazard_schedule, audit_schedule, privacy_schedule,
)  # fmt: skip


@dataclass
class App:
    """The running whole. `clock` may be one that can be pushed (the demo, the tests)."""

    settings: Settings
    policy: Policy
    clock: Clock
    database: Database
    telegram: Application[Any, Any, Any, Any, Any, Any]
    inbox: Inbox
    sender: Sender
    ticker: Ticker
    media: Media
    polling: Polling
    health: Health

    @asynccontextmanager
    async def running(self, *, watched: bool = False) -> AsyncIterator[None]:
        """Everything at work: intake, handling, sending, ticking, fetching. Ends gracefully, in the reverse order.

        `watched`: with /healthz and /metrics, first up and last down, and the heartbeat.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.database.close)
            if watched:
                await stack.enter_async_context(watch.watched(self.settings, self.health))
            await self._take_over(stack.enter_context(instance(self.settings.data_dir)))
            await _patiently(self.telegram.initialize)
            stack.push_async_callback(self.telegram.shutdown)
            await _default_commands(self)
            for part in (self.sender.run, self.media.run, self.ticker.run, self.inbox.run):
                stack.push_async_callback(_cancel, asyncio.create_task(_guarded(part)))
            if watched and self.settings.heartbeat_url:
                heartbeat = Heartbeat(self.settings.heartbeat_url, self.health)
                stack.push_async_callback(_cancel, asyncio.create_task(_guarded(heartbeat.run)))
            await self._take_in(stack)
            yield

    async def _take_over(self, name: str) -> None:
        """Work under this name; what a dead process claimed under it need not wait for the end of its lease."""
        self.inbox.owner = self.sender.owner = self.polling.owner = name
        async with self.database.transaction() as session:
            await inbox.free(session, self.clock.now(), name)
            await outbox.free(session, self.clock.now(), name)

    async def _take_in(self, stack: AsyncExitStack) -> None:
        """The one way in: Telegram brings updates, or they are fetched. Open before it is announced."""
        if self.settings.webhook_url:
            await stack.enter_async_context(open_webhook(self.settings, self.inbox))
        await _patiently(lambda: announce(self.settings, self.telegram.bot))
        if not self.settings.webhook_url:
            stack.push_async_callback(_cancel, asyncio.create_task(_guarded(self.polling.run)))

    async def settled(self, within: float = 20.0) -> None:
        """Wait until nothing is left to do at this moment of the clock. TimeoutError after so many real seconds."""
        end = monotonic() + within
        while not await self._is_settled():
            if monotonic() > end:
                raise TimeoutError("there is still something to do")
            await asyncio.sleep(0.02)

    async def _is_settled(self) -> bool:
        now = self.clock.now()
        if not (self.inbox.idle and self.sender.idle and self.media.idle):
            return False
        async with self.database.reading() as session:
            unhandled, _ = await inbox.waiting(session)
            return not unhandled and not await outbox.unsent(session, now)

    async def walk(self, length: timedelta) -> int:
        """Push the clock forward from due time to due time: every reminder comes at its own. → rungs fired."""
        assert isinstance(self.clock, PushedClock)
        target, fired = self.clock.now() + length, 0
        while True:
            await self.settled()
            fired += await self.ticker.tick()
            await self.settled()
            due = await self.ticker.next_due()
            step = min(due, target) if due else target
            self.clock.push(max(step - self.clock.now(), timedelta(0)))
            if step >= target and (due is None or due > target):
                break
        return fired


def build(settings: Settings, clock: Clock, *, samples: bool = False) -> App:
    """Settings and a clock → the whole, not yet running. `samples` lets in the demo's invented phone numbers.

    Unfit when the settings cannot be used.
    """
    policy = load_policy(settings.policy).model_copy(update={"timezone": settings.timezone})
    token, house, owner = settings.token(), House(FEATURES), "not running"
    database = Database(settings.database())
    telegram = _telegram(settings, token)
    for route in [*house.routes, *menu.last_resorts()]:
        telegram.add_handler(route)
    telegram.add_error_handler(_hand_on)
    bot = telegram.bot
    make_act = _act_maker(settings, policy, house, samples)
    receiving = Inbox(database, telegram, clock, policy, make_act, owner)
    limits = Limits(settings.send_rate, policy.sending.chat_burst, monotonic)
    ticker = Ticker(database, clock, policy, (*SCHEDULES, Purge(policy, settings.photos())))
    return App(
        settings=settings, policy=policy, clock=clock, database=database, telegram=telegram, inbox=receiving,
        sender=Sender(database, bot, clock, policy, limits, _render(settings, policy, house), owner),
        ticker=ticker,
        media=Media(database, bot, clock, policy, settings.photos()),
        polling=Polling(database, bot, receiving, clock, policy, owner),
        health=Health(database, ticker, clock),
    )  # fmt: skip


def _telegram(settings: Settings, token: str) -> Application[Any, Any, Any, Any, Any, Any]:
    """PTB without its Updater, JobQueue and persistence, which would keep state in this process (docs/adr/0004)."""
    request = HTTPXRequest(connection_pool_size=IN_FLIGHT + 8, proxy=settings.proxy, pool_timeout=10)
    polling = HTTPXRequest(connection_pool_size=2, proxy=settings.proxy)
    url = settings.bot_api_url.rstrip("/")
    return (
        Application.builder()
        .token(token)
        .base_url(f"{url}/bot")
        .base_file_url(f"{url}/file/bot")
        .request(request)
        .get_updates_request(polling)
        .updater(None)
        .job_queue(None)
        .build()
    )


async def _hand_on(_update: object, context: Any) -> None:
    """PTB swallows what a handler raises; the inbox, which must roll back, finds it in the act."""
    ACT.get().failure = context.error


def _act_maker(
    settings: Settings, policy: Policy, house: House, samples: bool
) -> Callable[[AsyncSession, datetime, Update], Awaitable[Act]]:
    async def make(session: AsyncSession, now: datetime, update: Update) -> Act:
        chat_id = update.effective_user.id if update.effective_user else 0
        visitor = await people_actions.visitor(session, chat_id)
        return Act(
            session=session, now=now, update=update, visitor=visitor,
            words=catalogue(visitor.locale or settings.locale), zone=settings.zone(), policy=policy,
            check_phone=sample_phone if samples else real_phone, house=house,
            question=await question.open_question(session, chat_id),
        )  # fmt: skip

    return make


def _render(
    settings: Settings, policy: Policy, house: House
) -> Callable[[AsyncSession, datetime, Outgoing, int], Awaitable[Screen | None]]:
    async def render(session: AsyncSession, now: datetime, row: Outgoing, chat_id: int) -> Screen | None:
        visitor = await people_actions.visitor(session, chat_id)
        words = catalogue(visitor.locale or settings.locale)
        reader = Reader(session, now, words, settings.zone(), visitor.me, house, policy)
        try:
            screen = await house.renderers[row.kind](reader, row.args)
            return _with_own_picture(screen, settings.photos()) if screen else None
        except Refused:  # what was allowed when it was asked for no longer is
            return None

    return render


def _with_own_picture(screen: Screen, folder: Path) -> Screen:
    """Where a screen shows a small picture of ours, the file itself; without it when it was purged meanwhile."""
    if not isinstance(screen.photo, Path):
        return screen
    picture = folder / screen.photo
    return replace(screen, photo=picture if picture.is_file() else None)


async def _patiently(initialise: Callable[[], Awaitable[None]]) -> None:
    """The first word with Telegram; a line that is down at the start is waited for, a refused token is not."""
    pause = 1.0
    while True:
        try:
            return await initialise()
        except TelegramError as error:
            if isinstance(error, InvalidToken):
                raise
            log.warning("telegram_not_reached", error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30.0)


async def _default_commands(app: App) -> None:
    """What somebody outside the roster sees in the commands menu."""
    for locale in (app.settings.locale, "en"):
        words = catalogue(locale)
        entries = [(c.name, words(c.label)) for c in House(FEATURES).commands_for(None)]
        with suppress(TelegramError):  # a convenience; the next start tries again
            await app.telegram.bot.set_my_commands(entries, language_code="en" if locale == "en" else None)


async def _guarded(run: Callable[[], Awaitable[None]]) -> None:
    """A loop never ends by itself; if one dies of a fault of ours it is said loudly and begun anew."""
    while True:
        try:
            await run()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if _told_to_stop():  # what it wanted to tidy up failed; begun anew it would never end
                log.warning("untidy_stop", loop=getattr(run, "__qualname__", "?"), error=name_of(error))
                return
            log.critical("loop_died", loop=getattr(run, "__qualname__", "?"), error=name_of(error), exc_info=error)
            await asyncio.sleep(1.0)


def _told_to_stop() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _cancel(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.wait({running})
