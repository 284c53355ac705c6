"""What others watch the bot by: /healthz and /metrics on a port kept inside, and the heartbeat; it changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import metrics
from bot.errors import name_of
from bot.health import Health
from bot.http import serving
from bot.settings import Settings


def app(health: Health) -> Starlette:
    """The web app with the two pages."""

    async def healthz(_request: Request) -> Response:
        reasons = await health.reasons()
        body = {"status": "ill" if reasons else "ok", "reasons": reasons}
        return JSONResponse(body, status_code=503 if reasons else 200)

    async def numbers(_request: Request) -> Response:
        try:
            return Response(await metrics.page(health), media_type=metrics.TYPE)
        except Exception as error:  # nothing of the error's text: it may hold a row
            return Response(f"the database cannot be asked: {name_of(error)}\n", status_code=503)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", numbers)])


@asynccontextmanager
async def watched(settings: Settings, health: Health) -> AsyncIterator[None]:
    """Serve them on CUNSHAO_HTTP_PORT."""
    async with serving(app(health), settings.http_host, settings.http_port, "CUNSHAO_HTTP_PORT"):
        yield
