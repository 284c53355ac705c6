"""A person can do what the app lets them do, sees what happened, and tests say so when it did not."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from telegram import Bot

from bot.sandbox import Phone, PhoneError, Sandbox
from bot.sandbox.html import formatted
from bot.sandbox.images import size, without_metadata
from bot.sandbox.screen import to_html
from tests.sandbox.conftest import ALICE, TOKEN, HandClock, inline, jpeg, png

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_until_returns_as_soon_as_it_is_true(bot: Bot, alice: Phone) -> None:
    waiting = asyncio.create_task(alice.until(lambda phone: phone.incoming[0]["text"]))
    await asyncio.sleep(0.02)
    await bot.send_message(ALICE, "来了")
    async with asyncio.timeout(0.2):
        assert await waiting == "来了"


async def test_until_tells_what_was_on_the_screen_instead(bot: Bot, alice: Phone) -> None:
    await bot.send_message(ALICE, "新隐患", reply_markup=inline("受理", "x"))
    with pytest.raises(AssertionError) as caught:
        await alice.until(lambda phone: phone.toasts, timeout=0.05)
    assert str(caught.value) == "not within 0.05 s; Alice sees:\n→ #1 /start\n← #2 新隐患\n    [受理]"


async def test_the_newest_button_is_pressed(bot: Bot, alice: Phone) -> None:
    for data in ("old", "new"):
        await bot.send_message(ALICE, data, reply_markup=inline("✅ 受理", data))
    assert alice.press("受理")["data"] == "new"
    assert alice.press("受理", message_id=2)["data"] == "old"
    assert alice.press(data="old")["message"]["message_id"] == 2
    assert alice.press(message_id=2, data="gone")["data"] == "gone", "a press may cross an edit on the way"
    with pytest.raises(LookupError, match=r"no button '驳回' among \['✅ 受理', '✅ 受理'\]"):
        alice.press("驳回")
    with pytest.raises(LookupError, match="no message 77"):
        alice.press(message_id=77, data="x")
    with pytest.raises(ValueError, match="label or data"):
        alice.press()


async def test_what_the_app_would_not_allow(sandbox: Sandbox) -> None:
    alice = sandbox.phone(ALICE)
    with pytest.raises(PhoneError, match="START"):
        alice.text("早")
    with pytest.raises(PhoneError, match="payload"):
        alice.start("a b")
    alice.start("v1")
    with pytest.raises(PhoneError, match="characters"):
        alice.text("  ")
    with pytest.raises(PhoneError, match="answer"):
        alice.text("x", reply_to=99)
    with pytest.raises(PhoneError, match="caption"):
        alice.photo(png(), "长" * 1025)
    alice.block()
    with pytest.raises(PhoneError, match="blocked"):
        alice.text("早")
    alice.unblock()
    alice.text("早")
    nobody = sandbox.add_person(7, "Nobody")
    nobody.start()
    with pytest.raises(PhoneError, match="phone number"):
        nobody.contact()
    nobody.deactivate()
    with pytest.raises(PhoneError, match="deleted"):
        nobody.start()
    with pytest.raises(PhoneError, match="deleted"):
        nobody.text("x")


async def test_people_and_bots_must_exist(clock: HandClock) -> None:
    sandbox = Sandbox(clock)
    with pytest.raises(LookupError, match="add_bot"):
        sandbox.add_person(1, "Alice")
    sandbox.add_bot(TOKEN)
    with pytest.raises(LookupError, match="nobody"):
        sandbox.phone(2)
    with pytest.raises(ValueError, match="negative"):
        sandbox.add_to_group(TOKEN, 5, "群")


async def test_two_bots_have_nothing_in_common(sandbox: Sandbox, url: str, alice: Phone) -> None:
    sandbox.add_bot("43:other", "other_bot", "另一个")
    other = sandbox.phone(ALICE, "43:other")
    other.start()
    file_id = alice.photo(jpeg())["photo"][-1]["file_id"]
    async with httpx.AsyncClient(base_url=url, trust_env=False, verify=False) as client:
        assert len((await client.get("/bot43:other/getUpdates")).json()["result"]) == 1
        answer = await client.get("/bot43:other/sendPhoto", params={"chat_id": ALICE, "photo": file_id})
        assert answer.json()["error_code"] == 400
    assert (len(alice.messages), len(other.messages)) == (2, 1)


async def test_without_a_clock_the_real_time_counts() -> None:
    sandbox = Sandbox()
    sandbox.add_bot(TOKEN)
    phone = sandbox.add_person(1, "Alice")
    assert phone.start()["date"] > 1_700_000_000
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.app), base_url="http://sandbox") as client:
        assert (await client.get(f"/bot{TOKEN}/getMe")).json()["result"]["id"] == 42


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("a &amp;&#19968;&#x4E8C;&nbsp; &", "a &一二&nbsp; &", []),
        ("  <b> 粗 </b> ", "粗", [("bold", 0, 1)]),
        ("😀<b>粗<i>斜</i></b>", "😀粗斜", [("bold", 2, 2), ("italic", 3, 1)]),
        ("<i></i>x", "x", []),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<a href='geo:1,2'>地图</a>", "地图", []),
        ("<a href=https://x.cn?a=1&amp;b=2>图</a>", "图", [("text_link", 0, 1)]),
        ("<code>/start</code> /help", "/start /help", [("code", 0, 6), ("bot_command", 7, 5)]),
    ],
)
async def test_tags_become_entities(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    plain, found = formatted(source, "HTML", None)
    assert plain == text
    assert [(each["type"], each["offset"], each["length"]) for each in found] == entities


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<b>😀<i>a</i></b>\nb", "<b>😀<i>a</i></b><br>b"),
        ("<pre>a\n&lt;script&gt;</pre>", "<pre>a\n&lt;script&gt;</pre>"),
        (
            '<a href="https://x.cn/?a=1&quot;">图</a>',
            '<a href="https://x.cn/?a=1&quot;" target="_blank" rel="noopener noreferrer">图</a>',
        ),
        ("<blockquote>引</blockquote> /help", '<blockquote>引</blockquote> <a class="command">/help</a>'),
    ],
)
async def test_entities_become_safe_html(source: str, shown: str) -> None:
    assert to_html(*formatted(source, "HTML", None)) == shown


async def test_crossing_entities_are_closed_and_opened_again() -> None:
    entities = [{"type": "bold", "offset": 0, "length": 2}, {"type": "italic", "offset": 1, "length": 2}]
    assert to_html("abc", entities) == "<b>a<i>b</i></b><i>c</i>"
    assert to_html("<", [{"type": "text_link", "url": "javascript:alert(1)", "offset": 0, "length": 9}]) == "&lt;"


async def test_the_size_of_pictures() -> None:
    assert (size(jpeg(30, 20)), size(png(7, 5)), size(b"GIF89a"), size(b"\xff\xd8\xff")) == (
        (30, 20),
        (7, 5),
        None,
        None,
    )
    assert without_metadata(jpeg(exif=b"Exif" * 9)) == jpeg()
    assert size(jpeg(30, 20, b"Exif")) == (30, 20)
