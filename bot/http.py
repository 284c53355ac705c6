"""Puts a small web app of the bot's own on a port, inside the bot's loop; it knows nothing of what the app answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

from bot.settings import Unfit

log = structlog.get_logger()

PATIENCE = 10  # seconds that an answer under way has when the bot stops
AT_ONCE = 200  # connections; Telegram opens at most 100, the rest would be somebody else's


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process is stopped by bot/commands, and the server after it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM and SIGINT alone."""
        yield


@asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int, variable: str) -> AsyncIterator[int]:
    """Serve until left; what is being answered then is finished first. → the port (`port` 0 takes a free one).

    Unfit, naming the environment variable behind `port`, when it cannot be had.
    """
    listener = _listener(host, port, variable)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="none", http="h11", proxy_headers=False,
        server_header=False, limit_concurrency=AT_ONCE, timeout_graceful_shutdown=PATIENCE,
    )  # fmt: skip
    server = _Server(config)
    running = asyncio.create_task(server.serve([listener]))
    number = int(listener.getsockname()[1])
    await server.up.wait()
    log.info("serving", variable=variable, host=host, port=number)
    try:
        yield number
    finally:
        server.should_exit = True
        await asyncio.wait({running})


def _listener(host: str, port: int, variable: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, because asyncio switches Nagle's delay off (40 ms an answer) only then.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Unfit(f"{variable}: {host}:{port} cannot be had ({error.strerror}): name a free port.") from None
    return listener
