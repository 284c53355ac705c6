"""Puts a sandbox on a port of this process: Bot API, file downloads and the page; it must not decide anything."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sandbox import page
from bot.sandbox.api import BotApi
from bot.sandbox.sandbox import Sandbox

# A connection that is still busy so long after the end was asked for is cut.
PATIENCE = 2
METHODS = ["GET", "POST"]


def build_app(sandbox: Sandbox, extra_routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The ASGI app; `extra_routes` come first (the demo adds its own)."""
    api = BotApi(sandbox)
    return Starlette(
        routes=[
            *extra_routes,
            Route("/bot{token}/{method}", api.method, methods=METHODS),
            Route("/file/bot{token}/{path:path}", api.file),
            *page.routes(sandbox),
        ]
    )


def _with_transport(app: ASGIApp) -> ASGIApp:
    """The app with the connection itself in its scope, found through the bound `send` that uvicorn passes in."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        scope["sandbox.transport"] = getattr(getattr(send, "__self__", None), "transport", None)
        await app(scope, receive, send)

    return wrapped


@asynccontextmanager
async def serve(
    sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, extra_routes: Sequence[BaseRoute] = ()
) -> AsyncIterator[str]:
    """Serve the sandbox in the running loop and yield its base URL; `port` 0 takes a free one.

    Raises `OSError` when the port is taken. On leaving, open long polls and event streams end at once; the sandbox
    keeps its state and can be served again.
    """
    listener = _listener(host, port)
    server = _server(_with_transport(build_app(sandbox, extra_routes)))
    sandbox.world.closing = asyncio.Event()
    # Not server.serve(): that would take over the process's signal handlers and look only every 0.1 s.
    await server.startup(sockets=[listener])
    for bot in sandbox.world.bots.values():
        if bot.webhook is not None:
            bot.webhook.start()
    number = listener.getsockname()[1]
    try:
        yield f"http://[{host}]:{number}" if ":" in host else f"http://{host}:{number}"
    finally:
        await _end_world(sandbox)
        await _end_server(server, listener)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, because asyncio switches Nagle's delay off (40 ms an answer) only then.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _server(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="none", http="h11", proxy_headers=False
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # a fault of the sandbox itself must be seen
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    return server


async def _end_world(sandbox: Sandbox) -> None:
    """End what waits for news: long polls, event streams, delays, deliveries to webhooks."""
    world = sandbox.world
    world.closing.set()
    world.bus.publish(None)
    for bot in world.bots.values():
        bot.updates.interrupt()
        if bot.webhook is not None:
            await bot.webhook.stop()


async def _end_server(server: uvicorn.Server, listener: socket.socket) -> None:
    """Close quickly: server.shutdown() looks only every 0.1 s, and hundreds of tests open and close a sandbox."""
    for each in server.servers:
        each.close()
    listener.close()
    state = server.server_state
    for connection in list(state.connections):
        connection.shutdown()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    for _ in iter(lambda: bool(state.connections) and loop.time() < deadline, False):
        await asyncio.sleep(0.002)
    for connection in list(state.connections):
        connection.transport.abort()
    if state.tasks:
        _, stubborn = await asyncio.wait(state.tasks, timeout=PATIENCE)
        for task in stubborn:
            task.cancel()
        await asyncio.gather(*stubborn, return_exceptions=True)
