"""The page's routes do what a phone does, and what one phone does reaches the others by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from telegram import Bot, BotCommand, ReplyKeyboardMarkup

from bot.sandbox import Phone, Sandbox, page, serve
from tests.sandbox.conftest import ALICE, BOB, inline, jpeg

pytestmark = pytest.mark.asyncio(loop_scope="session")

Json = dict[str, Any]


@pytest_asyncio.fixture(loop_scope="session")
async def web(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The page's side of the server."""
    async with httpx.AsyncClient(base_url=f"{url}/sandbox/", trust_env=False, verify=False) as client:
        yield client


async def send(web: httpx.AsyncClient, **body: Any) -> Json:
    answer = await web.post(f"chat/{ALICE}/send", json=body)
    found: Json = answer.json()
    assert answer.status_code == (400 if "error" in found else 200)
    return found


async def chat(web: httpx.AsyncClient) -> Json:
    found: Json = (await web.get(f"chat/{ALICE}")).json()
    return found


async def events(web: httpx.AsyncClient, users: str, count: int, opened: asyncio.Event) -> list[Json]:
    """The first `count` events after the stream is open."""
    found: list[Json] = []
    async with web.stream("GET", "events", params={"users": users}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            opened.set()
            if line.startswith("data: "):
                found.append(json.loads(line[6:]))
            if len(found) == count:
                break
    return found


async def test_people_are_listed_with_their_place(web: httpx.AsyncClient, alice: Phone) -> None:
    found = (await web.get("people")).json()
    assert (found["bot"]["username"], found["bot"]["name"]) == ("cunshao_bot", "村哨")
    assert found["people"][0] == {
        "user_id": ALICE,
        "first_name": "Alice",
        "phone": "+8610000000001",
        "label": "网格员",
        "group": ["桐村镇", "华山村"],
        "started": True,
        "unread": 0,
    }
    assert found["people"][1]["started"] is False


async def test_a_whole_conversation_over_http(web: httpx.AsyncClient, bot: Bot, sandbox: Sandbox) -> None:
    assert await send(web, type="text", text="早") == {"error": "Press START first."}
    assert (await send(web, type="start", payload="v1"))["result"]["text"] == "/start v1"
    await bot.send_message(ALICE, "<b>好</b> &lt;1&gt;", "HTML", reply_markup=inline("好", "x"))
    await send(web, type="text", text="看", reply_to=2)
    await send(web, type="location", latitude=29.1, longitude=118.4, accuracy=8)
    await send(web, type="venue", latitude=29.1, longitude=118.4, title="桥头", address="华山村")
    await send(web, type="contact")
    found = await chat(web)
    assert [(each["message_id"], each["outgoing"], each["edited"]) for each in found["messages"][:3]] == [
        (1, True, False),
        (2, False, False),
        (3, True, False),
    ]
    assert found["messages"][1]["html"] == "<b>好</b> &lt;1&gt;"
    assert found["messages"][2]["reply_to_message"]["message_id"] == 2
    assert found["messages"][3]["location"]["horizontal_accuracy"] == 8
    assert found["messages"][5]["contact"]["user_id"] == ALICE
    assert (found["started"], found["blocked"], found["unread"], found["keyboard"]) == (True, False, 0, None)
    answer = await web.post(f"chat/{ALICE}/press", json={"message_id": 2, "data": "x"})
    query_id = answer.json()["result"]["callback_query_id"]
    assert await bot.answer_callback_query(query_id)
    await send(web, type="block")
    assert (await chat(web))["blocked"] is True
    await send(web, type="unblock")
    await bot.send_message(ALICE, "新")
    assert (await chat(web))["unread"] == 1
    await send(web, type="read")
    assert sandbox.phone(ALICE).unread == 0


async def test_files_go_up_and_come_back(web: httpx.AsyncClient, alice: Phone) -> None:
    async def upload(kind: str, *files: tuple[str, bytes], **fields: str) -> httpx.Response:
        parts = [("file", (name, data, "application/octet-stream")) for name, data in files]
        return await web.post(f"chat/{ALICE}/send", data={"type": kind} | fields, files=parts)

    photo = (await upload("photo", ("a.jpg", jpeg()), caption="裂缝")).json()["result"]
    assert photo["caption"] == "裂缝"
    shown = await web.get(f"files/{photo['photo'][-1]['file_id']}")
    assert (shown.content, shown.headers["content-type"]) == (jpeg(), "image/jpeg")
    album = (await upload("album", ("a.jpg", b"1"), ("b.jpg", b"2"))).json()["result"]
    assert len(album) == 2
    voice = (await upload("voice", ("v.ogg", b"OggS"), duration="4")).json()["result"]
    assert voice["voice"]["duration"] == 4
    page_file = (await upload("document", ("x.html", b"<script>"))).json()["result"]["document"]
    assert page_file["file_name"] == "x.html"
    got = await web.get(f"files/{page_file['file_id']}")
    assert got.headers["content-type"] == "application/octet-stream", "nothing a person sends runs in the page"
    assert (await upload("album", ("a.jpg", b"1"))).json() == {"error": "An album has 2-10 photos."}
    assert (await web.get("files/none")).status_code == 404


async def test_mistakes_are_one_sentence(web: httpx.AsyncClient, alice: Phone) -> None:
    assert await send(web, type="dance") == {"error": "There is nothing of type dance to send."}
    assert await send(web, type="location", latitude=29) == {"error": "The field 'longitude' is missing."}
    assert await send(web, type="location", latitude=290, longitude=118) == {"error": "There is no such place."}
    assert (await web.post(f"chat/{ALICE}/send", content=b"x")).json() == {
        "error": "The request must be a JSON object."
    }
    assert (await web.post(f"chat/{ALICE}/press", json={"message_id": 9, "data": "x"})).status_code == 400
    assert (await web.get("chat/999")).json() == {"error": "nobody has the id 999"}
    assert (await web.get("events", params={"users": "999"})).status_code == 400


async def test_the_stream_tells_what_happens_in_the_watched_chats(
    web: httpx.AsyncClient, bot: Bot, sandbox: Sandbox, alice: Phone
) -> None:
    bob = sandbox.phone(BOB)
    bob.start()
    opened = asyncio.Event()
    stream = asyncio.create_task(events(web, f"{ALICE}", 9, opened))
    await opened.wait()
    sent = await bot.send_message(ALICE, "按", reply_markup=inline("好", "x"))
    await bot.send_message(BOB, "别处")
    await bot.send_chat_action(ALICE, "typing")
    query = alice.press("好")
    await bot.answer_callback_query(query["id"], "收到")
    await bot.edit_message_text("完", ALICE, sent.message_id)
    keys = ReplyKeyboardMarkup([["帮助"]])
    await bot.send_message(ALICE, "键", reply_markup=keys)
    await bot.set_my_commands([BotCommand("help", "帮助")])
    await bot.delete_message(ALICE, sent.message_id)
    alice.block()
    async with asyncio.timeout(5):
        found = await stream
    assert {each["user_id"] for each in found} == {ALICE}
    assert [each["type"] for each in found] == (
        ["message", "typing", "toast", "edit", "message", "keyboard", "commands", "delete", "state"]
    )
    data = [each["data"] for each in found]
    assert (data[0]["html"], data[0]["outgoing"], data[0]["reply_markup"]) == ("按", False, inline("好", "x").to_dict())
    assert data[2] == {
        "text": "收到",
        "show_alert": False,
        "callback_query_id": query["id"],
        "message_id": sent.message_id,
        "data": "x",
    }
    assert (data[3]["html"], data[3]["edited"]) == ("完", True)
    assert data[5:] == [
        keys.to_dict(),
        [{"command": "help", "description": "帮助"}],
        {"message_id": sent.message_id},
        {"started": True, "blocked": True, "unread": 1},
    ]


async def test_a_quiet_stream_pings_and_ends_with_the_server(
    sandbox: Sandbox, alice: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PING_SECONDS", 0.05)
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        async with serve(sandbox) as url:
            client.base_url = httpx.URL(f"{url}/sandbox/")
            assert await events(client, f"{ALICE}", 1, asyncio.Event()) == [{"type": "ping"}]
            monkeypatch.setattr(page, "PING_SECONDS", 60)
            opened = asyncio.Event()
            stream = asyncio.create_task(events(client, f"{ALICE},{BOB}", 99, opened))
            await opened.wait()
        async with asyncio.timeout(1):
            assert await stream == []


async def test_the_demo_adds_routes_of_its_own(sandbox: Sandbox) -> None:
    async def state(request: Request) -> PlainTextResponse:
        return PlainTextResponse("fine")

    client = httpx.AsyncClient(trust_env=False, verify=False)
    async with client, serve(sandbox, extra_routes=[Route("/demo/state", state)]) as url:
        assert (await client.get(f"{url}/demo/state")).text == "fine"
