"""Finds every message id in the code and what each call gives to it; reads source files, never imports them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract

SOURCES = ("handlers", "bot")
OUTSIDE = "bot/sandbox/"  # the sandbox stands in for Telegram: its page has its own words
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "words": None, "N_": None, "ngettext": (1, 2), "n": (1, 2)}
SPEAKERS = ("_", "words")  # `_("…")`, `reader.words("…")` and the same with `.n`
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Found:
    """One message id at one place: `ids` is (id,) or (singular, plural), `file` is relative to the root."""

    file: str
    line: int
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """One call `_("…", facts)`, `_.n("…", "…", n, facts)` or `words(…)` whose facts all stand in the source."""

    file: str
    line: int
    ids: tuple[str, ...]
    facts: frozenset[str]


def sources(root: Path) -> list[Path]:
    """The Python files that may speak to people, in a stable order."""
    files = (file for folder in SOURCES for file in sorted((root / folder).rglob("*.py")))
    return [file for file in files if not file.relative_to(root).as_posix().startswith(OUTSIDE)]


def messages(root: Path) -> Iterator[Found]:
    """Every marked id under `root`, by Babel's own extractor."""
    for file in sources(root):
        with file.open("rb") as source:
            for line, ids, _comments, _context in extract("python", source, keywords=KEYWORDS):
                yield Found(file.relative_to(root).as_posix(), line, (ids,) if isinstance(ids, str) else tuple(ids))


def template(root: Path) -> Catalog:
    """All ids of the code as one catalogue without texts."""
    catalog = Catalog()
    for found in messages(root):
        catalog.add(found.ids if len(found.ids) > 1 else found.ids[0], locations=[(found.file, found.line)])
    return catalog


def calls(root: Path) -> Iterator[Call]:
    """Every literal call under `root`; nothing can be said about calls with `**facts` or a computed id."""
    for file in sources(root):
        for node in ast.walk(ast.parse(file.read_bytes(), filename=str(file))):
            if isinstance(node, ast.Call) and (ids := _ids(node)) and all(word.arg for word in node.keywords):
                facts = frozenset(word.arg for word in node.keywords if word.arg)
                yield Call(file.relative_to(root).as_posix(), node.lineno, ids, facts | frozenset("n" * (len(ids) > 1)))


def _ids(node: ast.Call) -> tuple[str, ...]:
    """The literal ids of a call that speaks, empty for any other call."""
    match node:
        case ast.Call(func=speaker, args=[ast.Constant(value=str(only))]) if _name(speaker) in SPEAKERS:
            return (only,)
        case ast.Call(
            func=ast.Attribute(value=speaker, attr="n"),
            args=[ast.Constant(value=str(singular)), ast.Constant(value=str(plural)), _count],
        ) if _name(speaker) in SPEAKERS:
            return (singular, plural)
    return ()


def _name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def placeholders(text: str) -> frozenset[str]:
    """The names of the facts a text asks for."""
    return frozenset(PLACEHOLDER.findall(text))
