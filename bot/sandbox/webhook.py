"""Delivers updates to a bot's webhook, each queue in its order; it must not know what an update means.

As with Telegram: the next update of a queue goes out only after the one before got 2xx; anything else is tried again
after a growing pause, or after the answer's Retry-After. Messages of a chat and presses of a user are separate queues.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from bot.sandbox.flood import Limits
from bot.sandbox.updates import UpdateQueue

Json = dict[str, Any]
LONGEST_RETRY_AFTER = 3600.0


@dataclass(slots=True)
class Webhook:
    """One webhook while it is set."""

    url: str
    queue: UpdateQueue
    limits: Limits
    secret: str = ""
    connections: int = 40
    last_error: tuple[datetime, str] | None = None
    _client: httpx.AsyncClient | None = None
    _slots: asyncio.Semaphore | None = None
    _workers: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def start(self) -> None:
        """Begin delivering what waits and what comes; needs a running loop."""
        self._client = httpx.AsyncClient(timeout=self.limits.webhook_timeout, trust_env=False)
        self._slots = asyncio.Semaphore(self.connections)
        self.queue.listener = self.wake
        for key in self.queue.chains():
            self.wake(key)

    def wake(self, key: str) -> None:
        """See to it that somebody delivers this queue."""
        if self._client is not None and key not in self._workers:
            self._workers[key] = asyncio.get_running_loop().create_task(self._drain(key))

    async def stop(self) -> None:
        """End all deliveries; what was not confirmed stays queued."""
        self.queue.listener = None
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._workers.clear()
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def info(self) -> Json:
        """What getWebhookInfo adds about failures."""
        if self.last_error is None:
            return {}
        at, words = self.last_error
        return {"last_error_date": int(at.timestamp()), "last_error_message": words}

    async def _drain(self, key: str) -> None:
        failures = 0
        try:
            while (update := self.queue.first(key)) is not None:
                pause = await self._post(update)
                if pause is None:
                    self.queue.remove(update["update_id"])
                    failures = 0
                    continue
                growing = 0.0 if failures == 0 else self.limits.webhook_first_pause * 2 ** (failures - 1)
                failures = min(failures + 1, 16)
                await asyncio.sleep(pause or min(growing, self.limits.webhook_longest_pause))
        finally:
            self._workers.pop(key, None)

    async def _post(self, update: Json) -> float | None:
        """None when delivered, otherwise the pause the bot asked for (0.0: none)."""
        assert self._client is not None
        assert self._slots is not None
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        async with self._slots:
            try:
                answer = await self._client.post(self.url, json=update, headers=headers)
            except httpx.HTTPError as error:
                self.last_error = (self.queue.now(), f"Connection failed: {type(error).__name__}")
                return 0.0
        if answer.is_success:
            return None
        self.last_error = (self.queue.now(), f"Wrong response from the webhook: {answer.status_code}")
        asked = answer.headers.get("Retry-After", "")
        return min(float(asked), LONGEST_RETRY_AFTER) if asked.isdigit() else 0.0
