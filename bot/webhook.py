"""Takes updates that Telegram brings: stored for good before the 200; it reads of them no more than their number.

What it answers, and what Telegram does then (telegram.md 1):
200 stored, or known already: Telegram goes on with this chat. Also for what can never be stored (no JSON, no update):
    anything else would have it brought again for a day while everything behind it waits; the log says so.
403 without the secret. 405 for anything but POST. 413 for a body that no update can have; both are not Telegram.
503 with Retry-After when the database cannot keep it now: the update stays with Telegram and comes again.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy.exc import DataError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot
from telegram.error import BadRequest

from bot.errors import name_of
from bot.http import serving
from bot.inbox import Inbox
from bot.polling import ALLOWED
from bot.settings import Settings, Unfit

log = structlog.get_logger()

HEADER = "X-Telegram-Bot-Api-Secret-Token"
CONNECTIONS = 40
LARGEST = 1 << 20  # bytes of one update; a long text with every entity has some tens of thousands
RETRY_AFTER = 3  # seconds; Telegram honours it up to an hour
PATIENCE = 20.0  # seconds for reading and storing; Telegram waits sixty for the answer


@dataclass
class Webhook:
    """The endpoint. `patience` is how many seconds the database has to keep one update."""

    inbox: Inbox
    secret: str
    patience: float = PATIENCE

    def app(self, path: str) -> Starlette:
        """The web app that serves this one path."""
        return Starlette(routes=[Route(path or "/", self.receive, methods=["POST"])])

    async def receive(self, request: Request) -> Response:
        """One update."""
        given = request.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode("latin-1"), self.secret.encode("latin-1")):
            log.warning("webhook_without_secret")
            return Response(status_code=403)
        try:
            async with asyncio.timeout(self.patience):
                raw = await _body(request)
                return Response(status_code=413) if raw is None else await self._keep(raw)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # the database is away, slow or full: Telegram keeps the update
            log.warning("not_stored", error=name_of(error))
            return Response(status_code=503, headers={"Retry-After": str(RETRY_AFTER)})

    async def _keep(self, raw: bytes) -> Response:
        update = _update_in(raw)
        if update is None:
            log.error("no_update_in_webhook", bytes=len(raw))
            return Response()
        try:
            await self.inbox.store([update])
        except (DataError, ValueError, TypeError, OverflowError) as error:
            log.critical("update_cannot_be_stored", update=update["update_id"], error=name_of(error))
        return Response()


async def _body(request: Request) -> bytes | None:
    """The body; None when it is larger than any update."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > LARGEST:
            return None
    return bytes(found)


def _update_in(raw: bytes) -> Mapping[str, Any] | None:
    try:
        update = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    number = update.get("update_id") if isinstance(update, dict) else None
    return update if type(number) is int and 0 <= number < 1 << 63 else None


@asynccontextmanager
async def open_webhook(settings: Settings, inbox: Inbox) -> AsyncIterator[None]:
    """Serve the path of CUNSHAO_WEBHOOK_URL on its own port; another port than health and metrics, which are inside."""
    assert settings.webhook_url is not None
    assert settings.webhook_secret is not None
    app = Webhook(inbox, settings.webhook_secret.get_secret_value()).app(urlsplit(settings.webhook_url).path)
    async with serving(app, settings.http_host, settings.webhook_port, "CUNSHAO_WEBHOOK_PORT"):
        yield


async def announce(settings: Settings, bot: Bot) -> None:
    """Tell Telegram where to bring updates, or that they are fetched: a webhook left set would refuse every poll.

    What waits at Telegram stays. Unfit when the address is refused.
    """
    if settings.webhook_url is None or settings.webhook_secret is None:
        await bot.delete_webhook()
        return
    try:
        await bot.set_webhook(
            settings.webhook_url, secret_token=settings.webhook_secret.get_secret_value(), allowed_updates=ALLOWED,
            max_connections=CONNECTIONS,
        )  # fmt: skip
    except BadRequest as error:
        raise Unfit(f"CUNSHAO_WEBHOOK_URL was refused by the Bot API: {error.message}") from None
