"""Buttons, keys and screens: what a renderer makes and what a press carries; knows nothing of Telegram's calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, Self

VERSION = "1"


@dataclass(frozen=True)
class Press:
    """What a button does, a small typed value. Subclasses name their `code`, fields (int, str), and if `public`.

    Packed as "1|code|field|field" into at most 64 bytes; the version in front lets old buttons answer politely.
    """

    code: ClassVar[str]
    public: ClassVar[bool] = False

    def pack(self) -> str:
        """The button's callback data; ValueError when it would be too long for Telegram."""
        values = [VERSION, self.code, *(str(getattr(self, f.name)) for f in fields(self))]
        data = "|".join(values)
        if len(data.encode()) > 64 or any("|" in value for value in values):
            raise ValueError(f"callback data of {type(self).__name__} does not fit")
        return data

    @classmethod
    def unpack(cls, data: str) -> Self | None:
        """The value a button of this kind carries; None for data of another kind, version or shape."""
        version, _, rest = data.partition("|")
        code, *values = rest.split("|")
        if version != VERSION or code != cls.code or len(values) != len(fields(cls)):
            return None
        try:
            return cls(*(int(v) if f.type in ("int", int) else v for f, v in zip(fields(cls), values, strict=True)))
        except ValueError:
            return None


@dataclass(frozen=True)
class Button:
    """An inline button: a label of two to eight characters, and a press or an address."""

    label: str
    press: Press | None = None
    url: str | None = None


@dataclass(frozen=True)
class Key:
    """A key of the reply keyboard: sends its label, or the person's own contact or place."""

    label: str
    contact: bool = False
    place: bool = False


@dataclass(frozen=True)
class Screen:
    """What a renderer made: HTML text, and at most one of inline buttons and a reply keyboard.

    `photo`, above the text: Telegram's id, our small picture's path, or a picture drawn for this screen (PNG); only a
    drawn one is replaced by an edit, so the screens of one slot keep to one sort. `album`: ids; `point`: WGS-84.
    """

    text: str = ""
    buttons: Sequence[Sequence[Button]] = ()
    keys: Sequence[Sequence[Key]] | None = None
    photo: str | Path | bytes | None = None
    album: Sequence[str] = ()
    document: str | None = None
    voice: str | None = None
    point: tuple[float, float] | None = None
    commands: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Acknowledge(Press):
    """知道了: what is queued for me about this task stops (handlers/task.py)."""

    code = "tk"
    task: int
