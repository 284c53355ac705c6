"""Gives the kinds of hazards in both languages; knows the content pack only and never guesses what a report means."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

PACK = Path(__file__).resolve().parent / "content" / "kinds.toml"

Severity = Literal["G", "L", "M", "E"]
SEVERITIES: tuple[Severity, ...] = ("G", "L", "M", "E")  # rising: 一般, 较大, 重大, 紧急 (domain 5.4)

Letter = Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]
ChineseName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=12)]
EnglishName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=28)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=28)]
Month = Annotated[int, Field(ge=1, le=12)]


class Entry(BaseModel):
    """A table of the pack: frozen, and deaf to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Category(Entry):
    """A chapter of the list, such as A 自然灾害; its letter begins the code of every kind in it."""

    letter: Letter
    zh: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=12)]
    en: EnglishName

    def name(self, locale: str) -> str:
        """The name as it stands on a button: English for "en" and its variants, Chinese for any other locale."""
        return _named(self.zh, self.en, locale)


class Kind(Entry):
    """One kind of hazard or incident (domain 6.1).

    `hint` is the usual severity and `worst` the gravest one the list names, both of SEVERITIES; they only suggest, the
    answers of the reporter decide. `words` and `words_en` are what people say or type for it; no word stands for two
    kinds, and the English ones are lower case. `months` are 1 to 12 in rising order, none when it occurs all year.
    `common` runs from 0 (hardly ever) to 3 (every week somewhere) in the mountain villages of Kaihua.
    """

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]\d{2}$")]
    zh: ChineseName
    en: EnglishName
    hint: Severity
    worst: Severity
    department: str
    words: Annotated[tuple[Word, ...], Field(min_length=3, max_length=8)]
    words_en: Annotated[tuple[Word, ...], Field(min_length=3, max_length=8)]
    months: tuple[Month, ...]
    common: Annotated[int, Field(ge=0, le=3)]

    def name(self, locale: str) -> str:
        """The name as it stands on a button: English for "en" and its variants, Chinese for any other locale."""
        return _named(self.zh, self.en, locale)

    @property
    def letter(self) -> str:
        """The letter of its category."""
        return self.code[0]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if SEVERITIES.index(self.worst) < SEVERITIES.index(self.hint):
            raise ValueError(f"{self.code}: worst {self.worst} is milder than hint {self.hint}")
        if list(self.months) != sorted(set(self.months)):
            raise ValueError(f"{self.code}: months stand once each, in rising order")
        if any(word != word.lower() for word in self.words_en):
            raise ValueError(f"{self.code}: words_en are lower case")
        return self


class Pack(Entry):
    """The whole file; `departments` are the only names a kind may be routed to (domain 6.2)."""

    departments: tuple[str, ...]
    category: tuple[Category, ...]
    kind: tuple[Kind, ...]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        _once("department", self.departments)
        _once("letter", (category.letter for category in self.category))
        _once("code", (kind.code for kind in self.kind))
        for locale in ("zh_CN", "en"):
            _once("name", (kind.name(locale) for kind in self.kind))
        _once("word", (word for kind in self.kind for word in kind.words))
        _once("English word", (word for kind in self.kind for word in kind.words_en))
        _known("letter", (kind.letter for kind in self.kind), [category.letter for category in self.category])
        _known("department", (kind.department for kind in self.kind), self.departments)
        return self


def _named(zh: str, en: str, locale: str) -> str:
    return en if locale.replace("_", "-").split("-")[0].lower() == "en" else zh


def _once(what: str, values: Iterable[str]) -> None:
    twice = sorted(value for value, count in Counter(values).items() if count > 1)
    if twice:
        raise ValueError(f"{what} stands more than once: {', '.join(twice)}")


def _known(what: str, values: Iterable[str], known: Iterable[str]) -> None:
    strange = sorted(set(values) - set(known))
    if strange:
        raise ValueError(f"unknown {what}: {', '.join(strange)}")


def load(path: Path) -> Pack:
    """Read and check one pack. ValueError that names the place for a wrong entry, OSError when there is no file."""
    with path.open("rb") as file:
        return Pack.model_validate(tomllib.load(file))


@cache
def _pack() -> Pack:
    return load(PACK)


@cache
def _by_code() -> dict[str, Kind]:
    return {kind.code: kind for kind in kinds()}


def categories() -> tuple[Category, ...]:
    """The categories in the order of the file, A to L; read once per process."""
    return _pack().category


def kinds() -> tuple[Kind, ...]:
    """All kinds in the order of their codes, A01 to L05; read once per process."""
    return _pack().kind


def departments() -> tuple[str, ...]:
    """The departments a case may be passed to (domain 6.2), in the order of the file; their names are official."""
    return _pack().departments


def kind(code: str) -> Kind:
    """The kind with this code, such as "A01". LookupError when the list has none."""
    try:
        return _by_code()[code]
    except KeyError:
        raise LookupError(f"there is no kind {code!r}") from None
