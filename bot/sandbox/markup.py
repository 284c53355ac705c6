"""Rules for keyboards that the types alone do not tell; it must not know messages."""

from __future__ import annotations

from typing import Any

from bot.sandbox.errors import bad_request
from bot.sandbox.html import checked_url

Json = dict[str, Any]

# What a button may be besides its label and looks; exactly one of them in an inline keyboard.
LOOKS = {"text", "icon_custom_emoji_id", "style"}
# Undocumented; python-telegram-bot's constants name the same numbers.
MOST_BUTTONS, MOST_IN_ROW = 100, 8


def checked_markup(markup: Json | None, private: bool) -> Json | None:
    """The markup if Telegram would take it in this kind of chat; raises `ApiError` 400."""
    if markup is None:
        return None
    rows: list[list[Json]] = markup.get("inline_keyboard") or markup.get("keyboard") or []
    if sum(len(row) for row in rows) > MOST_BUTTONS or any(len(row) > MOST_IN_ROW for row in rows):
        raise bad_request("reply markup is too long")
    for button in (button for row in rows for button in row):
        if not button["text"].strip():
            raise bad_request("keyboard button text must be non-empty")
        if "inline_keyboard" in markup:
            _inline(button)
        elif not private and (button.get("request_contact") or button.get("request_location")):
            what = "phone number" if button.get("request_contact") else "location"
            raise bad_request(f"{what} can be requested in private chats only")
    if "keyboard" in markup and not any(rows):
        raise bad_request("reply keyboard must have at least one button")
    return markup


def _inline(button: Json) -> None:
    actions = [key for key in button if key not in LOOKS]
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(
            f"can't parse inline keyboard button: exactly one action is allowed, found {', '.join(sorted(actions))}"
        )
    if "url" in button and checked_url(button["url"]) is None:
        scheme = button["url"].partition(":")[0].lower()
        why = "Wrong HTTP URL" if scheme in ("http", "https") else "Unsupported URL protocol"
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: {why}")


def inline_only(markup: Json | None) -> Json | None:
    """What of a sent markup stays visible in the message: inline keyboards with at least one button."""
    if markup is None or not any(markup.get("inline_keyboard", [])):
        return None
    return {"inline_keyboard": [row for row in markup["inline_keyboard"] if row]}
