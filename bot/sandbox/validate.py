"""Checks a request against the facts of the Bot API; it must not know chats, messages or any other state.

`facts.json` was derived from the machine-readable description of Bot API 10.3 (2026-08-24): only the methods the
sandbox serves and the object types reachable from them. A field is `[type, required, limits?]`; `A|B` is a union, `[A]`
an array, `Object` an object whose inside the sandbox does not look at. Limits were read out of the prose: `chars`,
`bytes`, `range`, `items`, `const`. Lengths "after entities parsing" need the parsed text: see `sending.py`.
Real servers ignore unknown parameters; here they are refused, since in practice they are spelling mistakes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bot.sandbox.errors import ApiError, bad_request

Json = dict[str, Any]
Field = list[Any]

# Words of Telegram's own server for what is most often forgotten.
MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "callback_query_id": "query ID is not specified",
    "file_id": "file_id not specified",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "voice": "there is no voice in the request",
}
NAMES = {
    "InlineKeyboardMarkup": "inline keyboard",
    "InlineKeyboardButton": "inline keyboard button",
    "ReplyKeyboardMarkup": "reply keyboard",
    "KeyboardButton": "keyboard button",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One file part of a multipart request."""

    name: str
    mime: str
    data: bytes


@cache
def facts() -> Json:
    """The parsed facts: `methods`, `types`, `unions`."""
    loaded: Json = json.loads(files("bot.sandbox").joinpath("facts.json").read_text(encoding="utf-8"))
    return loaded


@cache
def methods() -> Mapping[str, str]:
    """Lower-case method name → its proper spelling (Telegram ignores case in the URL)."""
    return {name.lower(): name for name in facts()["methods"]}


def check(method: str, raw: Mapping[str, Any]) -> Json:
    """Decode and check all parameters of one call.

    `raw` holds strings (from a form or the query), JSON values or `Upload`s. Raises `ApiError` 400.
    """
    fields: dict[str, Field] = facts()["methods"][method]
    uploads = {name for name, value in raw.items() if isinstance(value, Upload)}
    for name in raw:
        if name not in fields and name not in uploads:
            raise bad_request(f'unknown parameter "{name}"')
    params: Json = {}
    for name, field in fields.items():
        value = raw.get(name)
        if value is None or (value == "" and field[0] != "String"):
            if field[1]:
                raise bad_request(MISSING.get(name, f'parameter "{name}" is required'))
            continue
        params[name] = _value(_decoded(value, field[0], name), field, name)
    return params


def _decoded(value: Any, kind: str, name: str) -> Any:
    """A form string as the JSON value it stands for."""
    if not isinstance(value, str):
        return value
    options = kind.split("|") if not kind.startswith("[") else [kind]
    if "Integer" in options and re.fullmatch(r"-?\d{1,19}", value):
        return int(value)
    if "String" in options:
        return value
    if options == ["Float"] and re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", value):
        return float(value)
    if options == ["Boolean"] and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    if options[0] in ("Integer", "Float", "Boolean"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None


def _value(value: Any, field: Field, where: str) -> Any:
    """Check one value, recursing into arrays and objects; returns it with objects checked."""
    kind: str = field[0]
    limits: Json = field[2] if len(field) > 2 else {}
    if kind.startswith("["):
        if not isinstance(value, list):
            raise bad_request(f'"{where}" must be of type Array')
        _count(len(value), limits.get("items"), where)
        return [_value(item, [kind[1:-1], True], where) for item in value]
    options = kind.split("|")
    if isinstance(value, dict):
        return _object(value, options, where)
    if not any(_is(value, option) for option in options):
        raise bad_request(f'"{where}" must be of type {" or ".join(options)}')
    _limits(value, limits, where)
    return value


def _is(value: Any, kind: str) -> bool:
    if kind == "Integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "Float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "Boolean":
        return isinstance(value, bool)
    if kind == "True":
        return value is True
    if kind == "String":
        return isinstance(value, str)
    return kind == "InputFile" and isinstance(value, Upload)


def _count(count: int, allowed: list[int] | None, where: str) -> None:
    if allowed is None or allowed[0] <= count <= allowed[1]:
        return
    if where == "media":
        words = "album must contain 2-10 items"
        raise bad_request("group send failed: " + words if count else words)
    raise bad_request(f'"{where}" must include {allowed[0]}-{allowed[1]} items')


def _limits(value: Any, limits: Json, where: str) -> None:
    if "range" in limits and not limits["range"][0] <= value <= limits["range"][1]:
        words = "invalid location specified" if where in ("latitude", "longitude") else f'"{where}" is out of range'
        raise bad_request(words)
    if "chars" in limits and not limits["chars"][0] <= len(value) <= limits["chars"][1]:
        raise bad_request(f'"{where}" must be {limits["chars"][0]}-{limits["chars"][1]} characters long')
    if "bytes" in limits and not limits["bytes"][0] <= len(value.encode()) <= limits["bytes"][1]:
        if where == "callback_data":
            raise bad_request("BUTTON_DATA_INVALID")
        raise bad_request(f'"{where}" must be {limits["bytes"][0]}-{limits["bytes"][1]} bytes long')
    if "const" in limits and value != limits["const"]:
        raise bad_request(f'"{where}" must be {limits["const"]}')


def _object(value: Json, options: list[str], where: str) -> Json:
    """The value as the one option it can be."""
    if "Object" in options:
        return value
    known: Json = facts()["types"]
    names = [name for option in options for name in facts()["unions"].get(option, [option]) if name in known]
    if not names:
        raise bad_request(f'"{where}" must be of type {" or ".join(options)}')
    fitting = [name for name in names if _fits(value, known[name])]
    name = fitting[0] if fitting else names[0]
    if not fitting and len(names) > 1:
        raise bad_request(f"can't parse {where.replace('_', ' ')}: no known kind fits")
    return _fields(value, name, known[name])


def _fits(value: Json, fields: dict[str, Field]) -> bool:
    """Whether all required fields are there and the constant ones have their value."""
    for key, field in fields.items():
        if field[1] and key not in value:
            return False
        if len(field) > 2 and "const" in field[2] and value.get(key) != field[2]["const"]:
            return False
    return True


def _fields(value: Json, name: str, fields: dict[str, Field]) -> Json:
    title = NAMES.get(name, name)
    for key in value:
        if key not in fields:
            raise bad_request(f'can\'t parse {title}: unknown field "{key}"')
    checked: Json = {}
    for key, field in fields.items():
        if value.get(key) is None:
            if field[1]:
                raise bad_request(f"can't parse {title}: Can't find field \"{key}\"")
            continue
        try:
            checked[key] = _value(value[key], field, key)
        except ApiError as error:
            words = error.description.removeprefix("Bad Request: ")
            raise bad_request(words if not words.startswith('"') else f"can't parse {title}: Field {words}") from None
    return checked
