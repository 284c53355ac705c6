"""Telegram's HTML parse mode: text with tags in, plain text and entities out; it must not know messages or chats.

Tags and wording follow "HTML style" of the Bot API and the parser of Telegram's open client library; offsets and
lengths are UTF-16 code units.
"""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.errors import bad_request

Json = dict[str, Any]

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "span": "spoiler",
    "tg-spoiler": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
ESCAPES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)?((?:\s+[\w-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+))?)*)\s*>")
ATTRIBUTE = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+)))?")
ESCAPE = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]+));")
DETECT = re.compile(
    r"(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/]))|(?P<url>\bhttps?://[^\s<>\"\u3000-\u303f\uff00-\uffef]+)"
)
# Where Telegram's clients look for no further entities.
CLOSED = {"code", "pre", "text_link", "url", "bot_command"}


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def parse(source: str) -> tuple[str, list[Json]]:
    """Plain text and entities of HTML; raises `ApiError` 400 "can't parse entities: …"."""
    out: list[str] = []
    stack: list[tuple[str, int, Json]] = []
    entities: list[Json] = []
    offset = position = 0
    while position < len(source):
        if source[position] != "<":
            piece, position = _text(source, position)
            out.append(piece)
            offset += units(piece)
            continue
        match = TAG.match(source, position)
        where = len(source[:position].encode())
        if match is None or match[2] is None:
            raise _unparsed(source, position, where)
        name = match[2].lower()
        if match[1]:
            entities += _closed(stack, name, offset, "".join(out), where)
        else:
            stack.append((name, offset, _opened(name, match[3], where)))
        position = match.end()
    if stack:
        raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{stack[-1][0]}\"")
    return _trimmed("".join(out), _merged(entities))


def _unparsed(source: str, position: int, where: int) -> Exception:
    if source.startswith("</", position):
        return bad_request(f"can't parse entities: Unclosed end tag at byte offset {where}")
    if not re.match(r"<[A-Za-z]", source[position:]):
        return bad_request(f'can\'t parse entities: Unsupported start tag "" at byte offset {where}')
    return bad_request(f"can't parse entities: Unclosed start tag at byte offset {where}")


def _text(source: str, position: int) -> tuple[str, int]:
    """The next character or run of characters outside tags, and where it ends."""
    if source[position] == "&":
        match = ESCAPE.match(source, position)
        if match and match[3] in ESCAPES:
            return ESCAPES[match[3]], match.end()
        if match and not match[3]:
            code = int(match[1]) if match[1] else int(match[2], 16)
            if 0 < code <= 0x10FFFF and not 0xD800 <= code < 0xE000:
                return chr(code), match.end()
        return "&", position + 1
    end = re.compile(r"[<&]").search(source, position)
    stop = end.start() if end else len(source)
    return source[position:stop], stop


def _opened(name: str, attributes: str, where: int) -> Json:
    """The unfinished entity of a start tag."""
    if name not in TAGS:
        raise bad_request(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {where}')
    values: dict[str, str] = {}
    for match in ATTRIBUTE.finditer(attributes):
        raw = match[2] or match[3] or match[4] or ""
        values[match[1].lower()] = ESCAPE.sub(lambda found: _text(found[0], 0)[0], raw)
    if name == "span" and values.get("class") != "tg-spoiler":
        raise bad_request(f'can\'t parse entities: Tag "span" must have class "tg-spoiler" at byte offset {where}')
    entity: Json = {"type": TAGS[name]}
    if name == "a":
        entity["url"] = values.get("href", "")
    elif name == "tg-emoji":
        entity["custom_emoji_id"] = values.get("emoji-id", "")
    elif name == "blockquote" and "expandable" in values:
        entity["type"] = "expandable_blockquote"
    elif name == "code" and values.get("class", "").startswith("language-"):
        entity["language"] = values["class"].removeprefix("language-")
    return entity


def _closed(stack: list[tuple[str, int, Json]], name: str, offset: int, text: str, where: int) -> list[Json]:
    if not stack:
        raise bad_request(f"can't parse entities: Unexpected end tag at byte offset {where}")
    opened, start, entity = stack.pop()
    if opened != name:
        raise bad_request(
            f"can't parse entities: Unmatched end tag at byte offset {where}, "
            f'expected "</{opened}>", found "</{name}>"'
        )
    entity = {"type": entity["type"], "offset": start, "length": offset - start} | entity
    if name == "a":
        url = checked_url(entity["url"] or text.encode("utf-16-le")[start * 2 :].decode("utf-16-le"))
        if url is None:
            return []  # Telegram shows such a link as plain text instead of refusing it
        entity["url"] = url
    return [entity] if offset > start else []


def _merged(entities: list[Json]) -> list[Json]:
    """`<pre><code class="language-x">` is one `pre` entity with a language; sorted as Telegram sorts."""
    blocks = {(each["offset"], each["length"]): each for each in entities if each["type"] == "pre"}
    kept: list[Json] = []
    for each in entities:
        block = blocks.get((each["offset"], each["length"]))
        if each["type"] == "code" and block is not None:
            block |= {"language": each["language"]} if "language" in each else {}
            continue
        kept.append({key: value for key, value in each.items() if key != "language" or each["type"] == "pre"})
    return sorted(kept, key=lambda each: (each["offset"], -each["length"]))


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Text without white space at its ends, entities moved along."""
    shift = units(text) - units(text.lstrip())
    text = text.strip()
    size = units(text)
    kept = []
    for each in entities:
        start = max(each["offset"] - shift, 0)
        end = min(each["offset"] + each["length"] - shift, size)
        if end > start:
            kept.append(each | {"offset": start, "length": end - start})
    return text, kept


def checked_url(url: str) -> str | None:
    """The link as Telegram keeps it, None when it would not accept it (other schemes such as geo: or a bare host)."""
    url = url.strip()
    scheme, mark, rest = url.partition(":")
    if mark and scheme.lower() in ("tg", "ton"):
        return url
    if "://" not in url and not (mark and not rest.split("/")[0].isdigit()):
        url = "http://" + url
    match = re.match(r"https?://([^/?#\s@]+@)?([^/?#:\s]+)(:\d+)?(?=[/?#]|$)", url, re.IGNORECASE)
    return url if match and "." in match[2].strip(".") and " " not in url else None


def formatted(text: str, mode: str | None, entities: list[Json] | None) -> tuple[str, list[Json]]:
    """Text and entities as a message keeps them, with links and commands found by themselves.

    Raises `ApiError` 400 for an unknown parse mode or entities that cannot be parsed.
    """
    if mode and mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    if mode:
        plain, found = parse(text)
    else:
        plain, found = _trimmed(text, [dict(each) for each in entities or []])
    return plain, with_detected(plain, found)


def with_detected(text: str, entities: list[Json]) -> list[Json]:
    """The entities and those a client finds by itself: links and bot commands."""
    closed = [(each["offset"], each["offset"] + each["length"]) for each in entities if each["type"] in CLOSED]
    more = []
    for match in DETECT.finditer(text):
        start = units(text[: match.start()])
        size = units(match[0])
        if not any(low < start + size and start < high for low, high in closed):
            more.append({"type": match.lastgroup, "offset": start, "length": size})
    return sorted(entities + more, key=lambda each: (each["offset"], -each["length"]))
