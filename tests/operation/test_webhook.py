"""By webhook: a stranger gets nowhere, nothing is acknowledged before it is stored, and no update blocks the queue."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.database import Database
from bot.polling import ALLOWED
from bot.settings import Settings, Unfit
from bot.webhook import LARGEST, Webhook
from models.inbox import Handling
from tests.operation.core import HEADER, ONLY_SQLITE, SECRET, Hooked
from tests.village import CAST, PIXEL, Village, open_village

BOB = CAST["bob"][0]


def words_of_bob(update_id: int, words: str) -> dict[str, Any]:
    """An update with words that Bob wrote."""
    person = {"id": BOB, "is_bot": False, "first_name": "Bob"}
    message = {"message_id": 900, "date": 1782867600, "chat": {"id": BOB, "type": "private"}, "from": person}
    return {"update_id": update_id, "message": message | {"text": words}}


async def test_bob_reports_and_olga_decides(hooked: Hooked) -> None:
    village = hooked.village
    await village.joins("bob", "olga")
    village.bob.photo(PIXEL)
    await village.bob.until(lambda p: "YH-330824106-260701-0001-" in p.screen())
    village.bob.location(29.12, 118.21, 12)
    await village.bob.until(lambda p: any("✅" in label for label in p.buttons))
    village.bob.press("✅")
    await village.olga.until(lambda p: "受理" in p.screen())
    village.olga.press("受理")
    await village.bob.until(lambda p: "已受理：Olga" in p.screen())
    assert not hooked.queue.waiting()


@ONLY_SQLITE
async def test_the_webhook_is_announced_with_its_secret(hooked: Hooked) -> None:
    (call,) = hooked.village.sandbox.ledger.of("setWebhook")
    said = {name: call.params[name] for name in ("url", "secret_token", "max_connections", "allowed_updates")}
    assert said == {
        "url": hooked.url, "secret_token": SECRET, "max_connections": 40, "allowed_updates": ALLOWED,
    }  # fmt: skip


@ONLY_SQLITE
async def test_a_bot_that_polls_takes_an_old_webhook_away(village: Village) -> None:
    """Left set, it would refuse every poll with 409."""
    assert village.sandbox.ledger.of("deleteWebhook")
    assert not village.sandbox.ledger.of("setWebhook")


STRANGERS: list[tuple[str, str, str | bytes | None, int, int]] = [  # method, path, secret, size of the body, answer
    ("POST", "", None, 10, 403),
    ("POST", "", "", 10, 403),
    ("POST", "", SECRET[:-1], 10, 403),
    ("POST", "", SECRET + "x", 10, 403),
    ("POST", "", "Geheimwörter".encode(), 10, 403),
    ("POST", "", SECRET, LARGEST + 1, 413),
    ("POST", "/more", SECRET, 10, 404),
    ("GET", "", SECRET, 0, 405),
]


@ONLY_SQLITE
async def test_who_is_not_telegram_gets_nowhere(hooked: Hooked) -> None:
    for method, path, secret, size, answer in STRANGERS:
        headers: dict[Any, Any] = {} if secret is None else {HEADER: secret}
        got = await hooked.client.request(method, hooked.url + path, content=b" " * size, headers=headers)
        assert got.status_code == answer, (method, path, secret)
    assert await hooked.stored() == []


@ONLY_SQLITE
async def test_what_is_no_update_is_answered_and_forgotten(hooked: Hooked) -> None:
    """Anything but 200 would have Telegram bring it again for a day, with the whole chat waiting behind it."""
    bodies = (b"", b"{", b"[1]", b"null", b'{"update_id": "7"}', b'{"update_id": true}', b"[" * 99_999)
    for body in bodies:
        got = await hooked.client.post(hooked.url, content=body, headers={HEADER: SECRET})
        assert (got.status_code, await hooked.stored()) == (200, []), body[:20]


async def test_an_update_is_stored_when_it_is_acknowledged_and_only_once(hooked: Hooked) -> None:
    answers = await asyncio.gather(*(hooked.brings(words_of_bob(7, "水管破了")) for _ in range(5)))
    assert [(row.update_id, row.chat) for row in await hooked.stored()] == [(7, BOB)]
    assert {answer.status_code for answer in answers} == {200}


async def test_what_no_column_holds_blocks_nobody(hooked: Hooked) -> None:
    """NUL and half a character are replaced; a chat beyond all numbers is said in the log, and Telegram goes on."""
    await hooked.brings(words_of_bob(7, "水\x00管"))
    raw = b'{"update_id": 8, "message": {"text": "\\ud83d", "chat": {"id": 1001}}}'
    assert (await hooked.client.post(hooked.url, content=raw, headers={HEADER: SECRET})).status_code == 200
    beyond = words_of_bob(9, "水")
    beyond["message"]["chat"]["id"] = 1 << 70
    assert (await hooked.brings(beyond)).status_code == 200
    assert [row.body["message"]["text"] for row in await hooked.stored() if row.body] == ["水\ufffd管", "\ufffd"]


async def test_telegram_keeps_what_the_database_cannot(hooked: Hooked) -> None:
    """Held up by another transaction: first no, with a time to come again; then yes."""
    database = hooked.village.app.database
    app = Webhook(hooked.village.app.inbox, SECRET, patience=0.2).app("/hook")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client:
        async with database.transaction() as session:
            if not database.is_sqlite:
                await session.exec(text("LOCK TABLE inbox IN EXCLUSIVE MODE"))  # type: ignore[call-overload]  # plain SQL
            answer = await client.post("/hook", json=words_of_bob(7, "水"), headers={HEADER: SECRET})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
        assert await hooked.stored() == []
        answer = await client.post("/hook", json=words_of_bob(7, "水"), headers={HEADER: SECRET})
        assert (answer.status_code, len(await hooked.stored())) == (200, 1)


@ONLY_SQLITE
async def test_telegram_keeps_what_comes_while_the_database_is_gone(hooked: Hooked) -> None:
    inbox = hooked.village.app.inbox
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    there, inbox.database = inbox.database, gone
    answer = await hooked.brings(words_of_bob(7, "水"))
    inbox.database = there
    await gone.close()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert (await hooked.brings(words_of_bob(7, "水"))).status_code == 200


async def test_a_press_that_overtakes_a_message_does_no_harm(hooked: Hooked) -> None:
    """Telegram keeps presses in a queue of their own: Bob's words, written before his press, come after it."""
    village = hooked.village
    await village.joins("bob", "olga")
    village.bob.photo(PIXEL)
    village.bob.location(29.12, 118.21, 12)
    await village.bob.until(lambda p: any("✅" in label for label in p.buttons))
    webhook = village.sandbox.bot().webhook
    assert webhook is not None
    await webhook.stop()
    village.bob.text("水管破了")
    village.bob.press("✅")
    words, press = hooked.queue.waiting()
    for update in (press, words, press):
        assert (await hooked.brings(update)).status_code == 200
        hooked.queue.remove(update["update_id"])
    await village.olga.until(lambda p: "受理" in p.screen())
    await village.settled()
    assert {row.state for row in await hooked.stored()} == {Handling.DONE}
    assert sum("受理" in text for text in map(str, village.olga.buttons)) == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"webhook_url": "https://bot.example/hook"}, "CUNSHAO_WEBHOOK_SECRET"),
        ({"webhook_url": "https://bot.example/hook", "webhook_secret": "mit Leerzeichen"}, "CUNSHAO_WEBHOOK_SECRET"),
        ({"webhook_url": "bot.example/hook", "webhook_secret": SECRET}, "https://"),
        (
            {"webhook_url": "https://bot.example", "webhook_secret": SECRET, "webhook_port": 8080},
            "CUNSHAO_WEBHOOK_PORT",
        ),
    ],
)
def test_a_careless_webhook_refuses_to_start(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings(http_port=8080, **settings)


@ONLY_SQLITE
async def test_an_address_that_telegram_refuses_is_one_sentence(database_url: str, tmp_path: Path) -> None:
    more: dict[str, Any] = {
        "webhook_secret": SecretStr(SECRET),
        "webhook_port": 0,
    }
    with pytest.raises(Unfit, match=r"CUNSHAO_WEBHOOK_URL was refused.*https"):
        async with open_village(database_url, tmp_path, webhook_url="http://bot.example/hook", **more):
            pass
