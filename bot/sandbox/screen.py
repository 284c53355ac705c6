"""A chat as text for people and as safe HTML for the page; it must not change anything."""

from __future__ import annotations

from html import escape
from typing import Any

from bot.sandbox.html import checked_url
from bot.sandbox.world import Chat

Json = dict[str, Any]

SIMPLE = {
    "bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "expandable_blockquote": "blockquote",
}  # fmt: skip


def html_of(message: Json) -> str:
    """Safe HTML of a message's text or caption: only the tags of `SIMPLE`, spoiler spans and links."""
    if "text" in message:
        return to_html(message["text"], message.get("entities", []))
    return to_html(message.get("caption", ""), message.get("caption_entities", []))


def to_html(text: str, entities: list[Json]) -> str:
    """Text with Telegram entities as HTML; entities that cross each other are closed and opened again."""
    raw = text.encode("utf-16-le")
    end = len(raw) // 2
    spans = [(each["offset"], min(each["offset"] + each["length"], end), each) for each in entities]
    spans = [span for span in spans if 0 <= span[0] < span[1]]
    marks = sorted({0, end, *(span[0] for span in spans), *(span[1] for span in spans)})
    out: list[str] = []
    stack: list[tuple[int, Json, str]] = []
    for at, following in zip(marks, [*marks[1:], end], strict=True):
        kept = _close(stack, at, out)
        opened = [(stop, each) for start, stop, each in spans if start == at] + kept
        for stop, each in sorted(opened, key=lambda pair: -pair[0]):
            start_tag, end_tag = _tags(each, raw)
            out.append(start_tag)
            stack.append((stop, each, end_tag))
        piece = raw[at * 2 : following * 2].decode("utf-16-le", errors="replace")
        out.append(escape(piece).replace("\n", "<br>") if not _in_pre(stack) else escape(piece))
    return "".join(out)


def _close(stack: list[tuple[int, Json, str]], at: int, out: list[str]) -> list[tuple[int, Json]]:
    """Close what ends here; what had to be closed with it and goes on is returned."""
    again: list[tuple[int, Json]] = []
    while any(stop <= at for stop, _, _ in stack):
        stop, each, end_tag = stack.pop()
        out.append(end_tag)
        if stop > at:
            again.append((stop, each))
    return again


def _in_pre(stack: list[tuple[int, Json, str]]) -> bool:
    return any(each["type"] == "pre" for _, each, _ in stack)


def _tags(entity: Json, raw: bytes) -> tuple[str, str]:
    kind = entity["type"]
    if kind in SIMPLE:
        return f"<{SIMPLE[kind]}>", f"</{SIMPLE[kind]}>"
    if kind == "spoiler":
        return '<span class="spoiler">', "</span>"
    if kind == "bot_command":
        return '<a class="command">', "</a>"
    if kind in ("text_link", "url"):
        start = entity["offset"] * 2
        shown = raw[start : start + entity["length"] * 2].decode("utf-16-le", errors="replace")
        url = checked_url(entity.get("url") or shown)
        if url and url.lower().startswith(("http://", "https://")):
            return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">', "</a>"
    return "", ""


def body_of(message: Json) -> str:
    """What a message shows, in one or more lines without its buttons."""
    words = message.get("text") or message.get("caption") or ""
    marks = []
    if "photo" in message:
        marks.append("〔photo〕")
    if "document" in message:
        marks.append(f"〔file {message['document'].get('file_name', '')}〕")
    if "voice" in message:
        marks.append(f"〔voice {message['voice']['duration']} s〕")
    if "venue" in message:
        marks.append(f"〔venue {message['venue']['title']}, {message['venue']['address']}〕")
    elif "location" in message:
        marks.append(f"〔location {message['location']['latitude']}, {message['location']['longitude']}〕")
    if "contact" in message:
        marks.append(f"〔contact {message['contact']['first_name']} {message['contact']['phone_number']}〕")
    return " ".join([*marks, words] if words else marks)


def buttons_of(message: Json) -> list[list[str]]:
    """The labels of a message's inline keyboard, row by row."""
    rows: list[list[Json]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [[button["text"] for button in row] for row in rows]


def screen_of(chat: Chat, last: int | None = None) -> str:
    """The visible chat as text, newest at the bottom; only the `last` messages when given."""
    lines: list[str] = []
    entries = list(chat.entries.values())
    for entry in entries[-last:] if last else entries:
        mark = "→" if entry.outgoing else "←"
        edited = " (edited)" if entry.edited else ""
        lines.append(f"{mark} #{entry.data['message_id']}{edited} {body_of(entry.data)}".replace("\n", "\n    "))
        lines += ["    " + " ".join(f"[{label}]" for label in row) for row in buttons_of(entry.data)]
    if chat.keyboard:
        rows = [" ".join(f"⟦{button['text']}⟧" for button in row) for row in chat.keyboard["keyboard"]]
        lines += ["keyboard:", *("    " + row for row in rows)]
    if chat.toasts:
        lines.append("toasts: " + " | ".join(repr(toast["text"]) for toast in chat.toasts[-5:]))
    if not chat.started:
        lines.append("(START not pressed)")
    if chat.blocked:
        lines.append("(bot blocked)")
    return "\n".join(lines)
