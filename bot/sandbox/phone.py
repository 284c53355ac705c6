"""What one person can do and see in a private chat with one bot; it must not allow what the Telegram app does not.

Longer than other modules because it is the one list of everything a person can do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from types import EllipsisType
from typing import Any, TypeVar

from bot.sandbox.errors import PhoneError
from bot.sandbox.html import with_detected
from bot.sandbox.screen import buttons_of, screen_of
from bot.sandbox.sending import CAPTION_LIMIT, TEXT_LIMIT
from bot.sandbox.world import Bot, Chat, Entry, Json, Person, World

T = TypeVar("T")

# Somewhere in the middle of Kaihua county (WGS 84), where a phone is until the test or the page says otherwise.
HOME = (29.1372, 118.4152)
# What a forwarded message takes along.
WORDS = ("text", "entities", "caption", "caption_entities")
FORWARDED = (*WORDS, "photo", "document", "voice", "location", "venue", "contact")
# How often `until` looks again without having been told; only for predicates that look at more than this chat.
LOOK_AGAIN = 0.25


class Phone:
    """One person's private chat with one bot; everything is synchronous except `until`.

    What is sent becomes an update for the bot at once and is returned as a Bot API `Message`. Raises `PhoneError`
    for what the app would not allow (writing before START, while blocked, too long, …).
    """

    def __init__(self, world: World, bot: Bot, person: Person) -> None:
        self._world = world
        self._bot = bot
        self.person = person
        self.place: tuple[float, float] = HOME

    @property
    def user_id(self) -> int:
        """The person's Telegram id, which is the chat id as well."""
        return self.person.user_id

    @property
    def chat(self) -> Chat:
        """The state behind this screen."""
        return self._world.chat(self._bot, self.person)

    @property
    def messages(self) -> list[Json]:
        """Bot API messages of both sides, newest last; the person's own have `"outgoing": True`."""
        return [entry.view for entry in self.chat.entries.values()]

    @property
    def incoming(self) -> list[Json]:
        """Only the bot's messages, newest last."""
        return [entry.view for entry in self.chat.entries.values() if not entry.outgoing]

    @property
    def keyboard(self) -> Json | None:
        """The reply keyboard on the screen."""
        return self.chat.keyboard

    @property
    def toasts(self) -> list[Json]:
        """Answers to button presses: `text`, `show_alert`."""
        return self.chat.toasts

    @property
    def commands(self) -> list[Json]:
        """The command list behind the menu button, for this person and language."""
        return self._bot.commands_for(self.user_id, self.person.language_code)

    @property
    def unread(self) -> int:
        """Messages of the bot since the person last looked or wrote."""
        return self.chat.unread

    @property
    def buttons(self) -> list[str]:
        """The labels of all inline buttons on the screen, newest message first."""
        return [label for message in reversed(self.incoming) for row in buttons_of(message) for label in row]

    # What a person does with the chat as a whole

    def start(self, payload: str = "") -> Json:
        """Press START (or follow a link with a payload); also brings a blocked bot back."""
        if payload and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload):
            raise PhoneError("A start payload has 1-64 letters, digits, _ or -.")
        if self.person.deactivated:
            raise PhoneError("This account is deleted.")
        if self.chat.blocked:
            self.unblock()
        if not self.chat.started:
            self.chat.started = True
            self._tell_state()
        return self.text(f"/start {payload}".strip())

    def read(self) -> None:
        """Look at the chat: nothing is unread any more."""
        if self.chat.unread:
            self.chat.unread = 0
            self._tell_state()

    def block(self) -> None:
        """Stop the bot: it can send nothing any more."""
        if not self.chat.blocked:
            self.chat.blocked = True
            self._membership("member", "kicked")
            self._tell_state()

    def unblock(self) -> None:
        """Let the bot write again."""
        if self.chat.blocked:
            self.chat.blocked = False
            self._membership("kicked", "member")
            self._tell_state()

    def deactivate(self) -> None:
        """Delete the Telegram account: the bot gets "user is deactivated" from now on."""
        self.person.deactivated = True
        self._tell_state()

    # What a person sends

    def text(self, text: str, reply_to: int | None = None) -> Json:
        """Send words or a command; answers a forced reply by itself, as the app does."""
        text = text.strip()
        if not text or len(text) > TEXT_LIMIT:
            raise PhoneError(f"A message has 1-{TEXT_LIMIT} characters.")
        content: Json = {"text": text}
        entities = with_detected(text, [])
        if entities:
            content["entities"] = entities
        if reply_to is None and self.chat.force_reply in self.chat.entries:
            reply_to = self.chat.force_reply
        return self._send(content, reply_to)

    def edit(self, message_id: int, text: str) -> Json:
        """Change the words of an own message: its text, or the caption of a picture."""
        self._may_write()
        entry = self.chat.entries.get(message_id)
        if entry is None or not entry.outgoing or not ({"text", "photo", "document"} & entry.data.keys()):
            raise PhoneError("Only one's own words can be changed.")
        key = "text" if "text" in entry.data else "caption"
        entry.show(entry.data | {key: text.strip(), "edit_date": self._world.date()})
        entry.edited = True
        self._world.tell(self._bot, self.chat, "edit", message_id)
        self._bot.updates.put("edited_message", entry.data, f"chat:{self.user_id}")
        return entry.data

    def photo(self, data: bytes, caption: str = "", as_file: bool = False, filename: str = "photo.jpg") -> Json:
        """Send a picture, compressed as Telegram does it or `as_file` (then with camera metadata)."""
        if as_file:
            return self.document(data, filename, caption)
        return self._send(self._photo(data) | self._caption(caption))

    def document(self, data: bytes, filename: str, caption: str = "") -> Json:
        """Send any file."""
        stored = self._world.files.add(self._bot.token, "document", data, filename)
        about = stored.base() | {"file_name": stored.name, "mime_type": stored.mime}
        return self._send({"document": about} | self._caption(caption))

    def album(self, photos: list[bytes], caption: str = "") -> list[Json]:
        """Send 2-10 pictures at once: as many messages with one `media_group_id`, the words on the first."""
        if not 2 <= len(photos) <= 10:
            raise PhoneError("An album has 2-10 photos.")
        group = {"media_group_id": str(self.user_id * 1000 + self._bot.last_message_id + 1)}
        contents = [self._photo(data) | self._caption("" if at else caption) for at, data in enumerate(photos)]
        return [self._send(group | content) for content in contents]

    def voice(self, data: bytes, duration: int = 3) -> Json:
        """Send a voice note of `duration` seconds."""
        stored = self._world.files.add(self._bot.token, "voice", data, "voice.oga", "audio/ogg")
        return self._send({"voice": stored.base() | {"duration": duration, "mime_type": "audio/ogg"}})

    def location(self, latitude: float, longitude: float, accuracy: float | None = None) -> Json:
        """Send a place in degrees (WGS 84), `accuracy` in metres; the phone stays there."""
        place = self._place(latitude, longitude)
        self.place = (latitude, longitude)
        return self._send({"location": place | ({"horizontal_accuracy": accuracy} if accuracy is not None else {})})

    def venue(self, latitude: float, longitude: float, title: str, address: str) -> Json:
        """Send a named place."""
        place = self._place(latitude, longitude)
        return self._send({"location": place, "venue": {"location": place, "title": title, "address": address}})

    def contact(
        self,
        phone: str | None = None,
        user_id: int | EllipsisType | None = ...,
        first_name: str | None = None,
    ) -> Json:
        """Share the own contact (no arguments) or somebody else's.

        `user_id` left out: the person with that number if the sandbox knows one; None: a number without an account.
        """
        if phone is None and user_id is ... and not self.person.phone:
            raise PhoneError("This person has no phone number.")
        people = self._world.people.values()
        owner = self.person if phone is None else next((each for each in people if each.phone == phone), None)
        if user_id is ...:
            user_id = owner.user_id if owner else None
        name = first_name or (owner.first_name if owner else "联系人")
        content: Json = {"phone_number": phone or self.person.phone, "first_name": name}
        return self._send({"contact": content | ({"user_id": user_id} if user_id is not None else {})})

    def forward(self, message: Json) -> Json:
        """Send on somebody's message, with its origin."""
        origin = {"type": "user", "sender_user": message["from"], "date": message["date"]}
        content = {key: message[key] for key in FORWARDED if key in message}
        return self._send({"forward_origin": message.get("forward_origin", origin)} | content)

    # What a person presses

    def press(self, label: str | None = None, *, message_id: int | None = None, data: str | None = None) -> Json:
        """Press an inline button: the newest whose label contains `label`, or the one with this `data`.

        Returns the callback query (for a link button `{"url": …}`, nothing is sent). With both `message_id` and
        `data` nothing else is checked, so a button that was just edited away can still be pressed, as on a slow line.
        Raises `LookupError` that lists the buttons to be seen.
        """
        self._may_write()
        if message_id is not None and data is not None:
            entry = self.chat.entries.get(message_id)
            if entry is None or entry.outgoing:
                raise LookupError(f"no message {message_id} of the bot\n{self.screen()}")
            return self._callback(message_id, data)
        found, button = self._button(label, message_id, data)
        if "callback_data" in button:
            return self._callback(found["message_id"], button["callback_data"])
        return {"url": button["url"]} if "url" in button else dict(button)

    def tap(self, label: str, latitude: float | None = None, longitude: float | None = None) -> Json:
        """Press a key of the reply keyboard; a place key sends `place` unless another is given."""
        keys: list[Json] = [key for row in (self.keyboard or {}).get("keyboard", []) for key in row]
        exact = [key for key in keys if key["text"] == label]
        fitting = exact or [key for key in keys if label in key["text"]]
        if not fitting:
            raise LookupError(f"no key {label!r} among {[key['text'] for key in keys]}\n{self.screen()}")
        if fitting[0].get("request_contact"):
            return self.contact()
        if fitting[0].get("request_location"):
            here = self.place
            return self.location(here[0] if latitude is None else latitude, here[1] if longitude is None else longitude)
        return self.text(fitting[0]["text"])

    # What a person sees

    async def until(self, predicate: Callable[[Phone], T], timeout: float = 10.0) -> T:  # noqa: ASYNC109 the message is the point
        """Wait until `predicate(self)` is true and return what it returned; a `LookupError` in it means not yet.

        Raises `AssertionError` with the last messages, buttons and toasts after `timeout` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        with self._world.bus.listen() as events:
            while True:
                with suppress(LookupError):
                    if value := predicate(self):
                        return value
                left = deadline - loop.time()
                if left <= 0:
                    raise AssertionError(f"not within {timeout:g} s; {self.person.first_name} sees:\n{self._recent()}")
                await self._news(events, min(left, LOOK_AGAIN))

    def screen(self) -> str:
        """The visible chat as text: words, [buttons], ⟦keys⟧."""
        return screen_of(self.chat)

    # Below: how it is done

    def _recent(self) -> str:
        return screen_of(self.chat, last=6) or "(an empty chat)"

    async def _news(self, events: asyncio.Queue[Any], seconds: float) -> None:
        """Wait until something happened in this chat, or so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    event = await events.get()
                    if event is None or (event.token == self._bot.token and event.user_id in (None, self.user_id)):
                        return
        except TimeoutError:
            return

    def _may_write(self) -> None:
        if self.person.deactivated:
            raise PhoneError("This account is deleted.")
        if self.chat.blocked:
            raise PhoneError("The bot is blocked; unblock it first.")
        if not self.chat.started:
            raise PhoneError("Press START first.")

    def _send(self, content: Json, reply_to: int | None = None) -> Json:
        self._may_write()
        chat = self.chat
        message: Json = {
            "message_id": self._bot.next_message_id(),
            "from": self.person.user(),
            "chat": chat.about(),
            "date": self._world.date(),
        }
        if reply_to is not None:
            if reply_to not in chat.entries:
                raise PhoneError(f"There is no message {reply_to} to answer.")
            answered = chat.entries[reply_to].data
            message["reply_to_message"] = {key: value for key, value in answered.items() if key != "reply_to_message"}
        message |= content
        chat.force_reply = None
        self._world.put(self._bot, chat, Entry(message, outgoing=True))
        self._bot.updates.put("message", message, f"chat:{self.user_id}")
        return message

    def _callback(self, message_id: int, data: str) -> Json:
        self.chat.unread = 0
        press = self._world.new_press(self._bot, self.chat, message_id, data)
        query: Json = {
            "id": press.query_id,
            "from": self.person.user(),
            "message": self.chat.entries[message_id].data,
            "chat_instance": str(self._bot.bot_id * 31 + self.user_id),
            "data": data,
        }
        seconds = self._world.limits.callback_queue_seconds
        self._bot.updates.put("callback_query", query, f"user:{self.user_id}", seconds)
        return query

    def _button(self, label: str | None, message_id: int | None, data: str | None) -> tuple[Json, Json]:
        if label is None and data is None:
            raise ValueError("press needs a label or data")
        for message in reversed(self.incoming):
            if message_id is not None and message["message_id"] != message_id:
                continue
            rows: list[list[Json]] = message.get("reply_markup", {}).get("inline_keyboard", [])
            for button in (button for row in rows for button in row):
                if (label is None or label in button["text"]) and data in (None, button.get("callback_data")):
                    return message, button
        wanted = label if data is None else data
        raise LookupError(f"no button {wanted!r} among {self.buttons}\n{self._recent()}")

    def _photo(self, data: bytes) -> Json:
        return {"photo": self._world.files.photo_sizes(self._world.files.add_photo(self._bot.token, data))}

    def _caption(self, caption: str) -> Json:
        caption = caption.strip()
        if len(caption) > CAPTION_LIMIT:
            raise PhoneError(f"A caption has at most {CAPTION_LIMIT} characters.")
        entities = with_detected(caption, [])
        return ({"caption": caption} if caption else {}) | ({"caption_entities": entities} if entities else {})

    def _place(self, latitude: float, longitude: float) -> Json:
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise PhoneError("There is no such place.")
        return {"latitude": latitude, "longitude": longitude}

    def _membership(self, before: str, after: str) -> None:
        """Tell the bot that it was blocked or let in again."""
        bot = self._bot.user()
        old, new = (
            {"status": status, "user": bot} | ({"until_date": 0} if status == "kicked" else {})
            for status in (before, after)
        )
        change: Json = {"chat": self.chat.about(), "from": self.person.user(), "date": self._world.date()}
        change |= {"old_chat_member": old, "new_chat_member": new}
        self._bot.updates.put("my_chat_member", change, f"chat:{self.user_id}")

    def _tell_state(self) -> None:
        self._world.tell(self._bot, self.chat, "state", self.state())

    def state(self) -> Json:
        """What the page needs to draw the frame around the messages."""
        chat = self.chat
        return {"started": chat.started, "blocked": chat.blocked, "unread": chat.unread}
