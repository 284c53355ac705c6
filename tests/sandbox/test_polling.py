"""Nothing is lost between the person's thumb and the bot's confirmation, by long poll and by webhook."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from telegram import Bot
from telegram.error import BadRequest, Conflict

from bot.sandbox import Phone, Sandbox, serve
from tests.sandbox.conftest import ALICE, BOB, TOKEN, HandClock, inline

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def poll(http: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await http.post("getUpdates", json=params)
    found: list[dict[str, Any]] = answer.json()["result"]
    return found


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    for _ in iter(condition, True):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_an_offset_confirms_and_the_same_offset_repeats(http: httpx.AsyncClient, alice: Phone) -> None:
    for number in range(3):
        alice.text(str(number))
    first = await poll(http)
    assert [each["message"]["text"] for each in first] == ["/start", "0", "1", "2"]
    assert [each["update_id"] for each in first] == list(range(first[0]["update_id"], first[0]["update_id"] + 4))
    offset = first[1]["update_id"]
    assert await poll(http, offset=offset) == first[1:]
    assert await poll(http, offset=first[2]["update_id"], limit=1) == [first[2]]
    assert await poll(http, offset=-1) == [first[3]], "a negative offset forgets the others"
    assert await poll(http, offset=offset) == [first[3]]


async def test_spinning_on_one_offset_is_slowed_down(http: httpx.AsyncClient, alice: Phone) -> None:
    alice.text("一")
    assert len(await poll(http, offset=5)) == 2
    assert len(await poll(http, offset=5)) == 1


async def test_a_long_poll_wakes_at_once(http: httpx.AsyncClient, sandbox: Sandbox, alice: Phone) -> None:
    offset = (await poll(http))[-1]["update_id"] + 1
    waiting = asyncio.create_task(poll(http, offset=offset, timeout=30))
    await eventually(lambda: sandbox.bot().updates.polled)
    began = time.monotonic()
    alice.text("看")
    assert [each["message"]["text"] for each in await waiting] == ["看"]
    assert time.monotonic() - began < 0.5


async def test_a_long_poll_ends_empty(http: httpx.AsyncClient, sandbox: Sandbox, alice: Phone) -> None:
    sandbox.limits.long_poll_seconds = 0.1
    offset = (await poll(http))[-1]["update_id"] + 1
    assert await poll(http, offset=offset, timeout=50) == []


async def test_a_second_poller_ends_the_first(bot: Bot, sandbox: Sandbox, alice: Phone) -> None:
    offset = (await bot.get_updates())[-1].update_id + 1
    first = asyncio.create_task(bot.get_updates(offset=offset, timeout=30))
    await eventually(lambda: sandbox.bot().updates.polled)
    second = asyncio.create_task(bot.get_updates(offset=offset, timeout=30))
    with pytest.raises(Conflict, match="terminated by other getUpdates"):
        await first
    alice.text("看")
    assert [each.message and each.message.text for each in await second] == ["看"]


async def test_only_wanted_kinds_are_queued(http: httpx.AsyncClient, sandbox: Sandbox, alice: Phone) -> None:
    sandbox.limits.same_offset_throttle = False
    offset = (await poll(http, allowed_updates=["callback_query"]))[-1]["update_id"] + 1
    alice.text("不要")
    alice.block()
    assert await poll(http, offset=offset, allowed_updates=["message", "my_chat_member"]) == []
    alice.start()
    kinds = [set(each) - {"update_id"} for each in await poll(http, offset=offset)]
    assert kinds == [{"my_chat_member"}, {"message"}]


async def test_messages_wait_a_day_and_presses_do_not_mind_the_clock(
    bot: Bot, http: httpx.AsyncClient, alice: Phone, sandbox: Sandbox, clock: HandClock
) -> None:
    sent = await bot.send_message(ALICE, "按", reply_markup=inline("好", "x"))
    alice.press("好")
    clock.push(hours=25)
    assert [each["callback_query"]["data"] for each in await poll(http)] == ["x"]
    sandbox.limits.callback_queue_seconds = 0.01
    alice.press(message_id=sent.message_id, data="y")
    await asyncio.sleep(0.03)
    assert len(await poll(http, limit=50)) == 1


async def test_a_press_is_answered_once_and_soon(bot: Bot, alice: Phone, sandbox: Sandbox) -> None:
    sent = await bot.send_message(ALICE, "按")
    query = alice.press(message_id=sent.message_id, data="x")
    await bot.answer_callback_query(query["id"], "好")
    late = "Query is too old and response timeout expired or query id is invalid"
    for answered in (query["id"], "12345"):
        with pytest.raises(BadRequest, match=late):
            await bot.answer_callback_query(answered)
    sandbox.limits.callback_answer_seconds = 0.0
    query = alice.press(message_id=sent.message_id, data="x")
    with pytest.raises(BadRequest, match=late):
        await bot.answer_callback_query(query["id"])


async def test_the_server_goes_and_comes_back_with_everything_it_knew(sandbox: Sandbox, alice: Phone) -> None:
    alice.text("断网前")
    for _ in range(2):
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:
            async with serve(sandbox) as url:
                asked = client.post(f"{url}/bot{TOKEN}/getUpdates", json={"offset": 2_000_000_000, "timeout": 30})
                waiting = asyncio.create_task(asked)
                await eventually(lambda: sandbox.bot().updates.polled)
                assert [message["text"] for message in alice.messages] == ["/start", "断网前"]
                began = time.monotonic()
            assert time.monotonic() - began < 1.0
            assert (await waiting).json()["result"] == []
            with pytest.raises(httpx.ConnectError):
                await client.get(url)


async def test_a_taken_port_is_an_error(sandbox: Sandbox, url: str) -> None:
    with pytest.raises(OSError, match="in use"):
        async with serve(sandbox, port=int(url.rpartition(":")[2])):
            pass


Answer = Callable[[dict[str, Any]], tuple[int, dict[str, str]]]


@asynccontextmanager
async def receiver(answer: Answer) -> AsyncIterator[tuple[str, list[tuple[dict[str, Any], str]]]]:
    """A webhook that notes (update, secret) and answers with what `answer` says."""
    came: list[tuple[dict[str, Any], str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        update = httpx.Response(200, content=(await receive())["body"]).json()
        secret = dict(scope["headers"]).get(b"x-telegram-bot-api-secret-token", b"").decode()
        came.append((update, secret))
        status, headers = answer(update)
        pairs = [(key.encode(), value.encode()) for key, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off", ws="none", http="h11")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    listener = config.bind_socket()
    await server.startup(sockets=[listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook", came
    finally:
        await server.shutdown(sockets=[listener])


async def test_a_webhook_gets_each_chat_in_order_and_waits_for_2xx(bot: Bot, sandbox: Sandbox, alice: Phone) -> None:
    sandbox.limits.webhook_first_pause = 0.05
    bob = sandbox.phone(BOB)
    bob.start()
    failing = [3]

    def answer(update: dict[str, Any]) -> tuple[int, dict[str, str]]:
        if update["message"]["from"]["id"] == ALICE and failing[0]:
            failing[0] -= 1
            return 503, {}
        return 200, {}

    async with receiver(answer) as (hook, came):
        alice.text("一")
        await bot.set_webhook(hook, secret_token="s3cret", allowed_updates=["message"])
        bob.text("乙")
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates()
        await eventually(lambda: not sandbox.bot().updates.waiting())
        texts = [(each["message"]["from"]["id"], each["message"]["text"]) for each, _ in came]
        assert [text for who, text in texts if who == ALICE] == ["/start"] * 4 + ["一"]
        assert [text for who, text in texts if who == BOB] == ["/start", "乙"]
        assert {secret for _, secret in came} == {"s3cret"}
        info = await bot.get_webhook_info()
        assert (info.url, info.pending_update_count, info.last_error_message) == (
            hook,
            0,
            "Wrong response from the webhook: 503",
        )
        await bot.delete_webhook(drop_pending_updates=True)
        alice.text("二")
        assert [each.message and each.message.text for each in await bot.get_updates()] == ["二"]


async def test_a_webhook_may_ask_for_a_pause(bot: Bot, alice: Phone) -> None:
    times: list[float] = []

    def answer(update: dict[str, Any]) -> tuple[int, dict[str, str]]:
        times.append(time.monotonic())
        return (503, {"Retry-After": "1"}) if len(times) == 1 else (200, {})

    async with receiver(answer) as (hook, _):
        await bot.set_webhook(hook)
        await eventually(lambda: len(times) == 2)
        assert times[1] - times[0] > 0.9


async def test_a_public_webhook_needs_https(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="an https url must be provided"):
        await bot.set_webhook("http://example.com/hook")
