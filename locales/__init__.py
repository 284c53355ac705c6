"""Gives every sentence in the reader's language; knows catalogues only and never decides who reads what."""

import gettext
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALES = ("zh_CN", "en")
DEFAULT = "zh_CN"
FOLDER = Path(__file__).resolve().parent


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for "mark it here, translate it later"
    """Mark an id for the catalogues and return it unchanged: for tables built before a reader is known."""
    return msgid


class Words:
    """One language. Ids are English; placeholders are always `%(name)s`, filled from the named facts.

    A handler binds it to `_`, so that the extractor sees the ids: `_ = reader.words`, then
    `_("Report %(number)s received", number=number)` and `_.n("%(n)s photo", "%(n)s photos", count)`.
    Without any fact a text is returned as it stands, so "100%" needs no doubling.
    """

    def __init__(self, locale: str, texts: Mapping[str, tuple[str, ...]], plural: Callable[[int], int]) -> None:
        """`texts` has one text for a plain id and one for each plural form for the singular id of a plural."""
        self.locale = locale
        self._texts = texts
        self._plural = plural

    def __call__(self, msgid: str, /, **facts: object) -> str:
        """The sentence for `msgid`, or the id itself where the catalogue has none. KeyError when a fact is missing."""
        texts = self._texts.get(msgid)
        return _filled(texts[0] if texts else msgid, facts)

    def n(self, singular: str, plural: str, n: int, /, **facts: object) -> str:
        """The sentence for `n` things; `n` itself fills `%(n)s` unless the facts give it another shape."""
        texts = self._texts.get(singular)
        forms = texts or (singular, plural)
        index = self._plural(n) if texts else int(n != 1)
        return _filled(forms[min(index, len(forms) - 1)], {"n": n, **facts})

    def __repr__(self) -> str:
        return f"Words({self.locale!r}, {len(self._texts)} texts)"


def _filled(text: str, facts: Mapping[str, object]) -> str:
    return text % facts if facts else text


def catalogue_path(locale: str, folder: Path = FOLDER) -> Path:
    """Where a catalogue lies. The .po file itself is read at start: no build step, and no .mo to forget."""
    return folder / locale / "LC_MESSAGES" / "cunshao.po"


@cache
def catalogue(locale: str = DEFAULT) -> Words:
    """The words of one of LOCALES, read once per process. LookupError for other names: map them with `closest`."""
    if locale not in LOCALES:
        raise LookupError(f"there is no catalogue {locale!r}; there are {', '.join(LOCALES)}")
    return load(locale, catalogue_path(locale))


def load(locale: str, path: Path) -> Words:
    """Read one .po file. Empty and fuzzy entries are left out: their English id is shown instead of a guess."""
    with path.open("rb") as file:
        catalog = read_po(file, locale=locale)
    texts: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if message.id and not message.fuzzy and strings and all(strings):
            texts[message.id if isinstance(message.id, str) else message.id[0]] = strings
    return Words(locale, texts, gettext.c2py(catalog.plural_expr))


def closest(code: str | None) -> str:
    """The one of LOCALES nearest to a client's IETF language code ("zh-hans", "en-GB"); DEFAULT where none is."""
    language = (code or "").replace("_", "-").split("-")[0].lower()
    return next((locale for locale in LOCALES if locale.split("_")[0] == language), DEFAULT)
