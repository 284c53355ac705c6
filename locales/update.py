"""Brings the catalogues up to the code: new ids in, unused ones aside; never writes a translation itself."""

from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from locales import LOCALES, catalogue_path
from locales.extract import template

HEADER = (
    "# Cunshao: {name}.\n# Ids are the English sentences of the code; new ones come from `python -m locales update`."
)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # a fixed date: git knows better when a catalogue changed


def update(root: Path, clean: bool = False) -> list[str]:
    """Merge the code's ids into every catalogue under `root` and say what changed, a line a locale.

    An id that left the code is kept aside (`#~`) and comes back with its text when the code uses it again;
    `clean` drops it for good.
    """
    found = template(root)
    return [_update(root, locale, found, clean) for locale in LOCALES]


def _update(root: Path, locale: str, found: Catalog, clean: bool) -> str:
    path = catalogue_path(locale, root / "locales")
    catalog = _read(path, locale)
    for key, message in list(catalog.obsolete.items()):
        if message.id in found:
            catalog[message.id] = catalog.obsolete.pop(key)
    before = {message.id for message in catalog if message.id}
    catalog.update(found, no_fuzzy_matching=True, update_creation_date=False)
    if locale == "en":
        _speak_english(catalog)
    for key, message in list(catalog.obsolete.items()):
        if clean or not _has_text(message) or message.string == message.id:  # nothing of a translator's would be lost
            del catalog.obsolete[key]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:  # no line numbers: moving code must not change a catalogue
        write_po(file, catalog, width=0, sort_by_file=True, include_lineno=False)
    after = {message.id for message in catalog if message.id}
    empty = sum(not _has_text(message) for message in catalog if message.id)
    changed = f"{len(after - before)} new, {len(before - after)} no longer used"
    return f"{locale}: {changed}, {empty} of {len(after)} without a text"


def _read(path: Path, locale: str) -> Catalog:
    if path.exists():
        with path.open("rb") as file:
            return read_po(file, locale=locale)
    return Catalog(
        locale=locale,
        project="Cunshao",
        version="0.1.0",
        msgid_bugs_address="the project's issues",
        copyright_holder="the Cunshao authors",
        header_comment=HEADER.format(name=locale),
        creation_date=SINCE,
        revision_date=SINCE,
        last_translator="the Cunshao authors",
        language_team=locale,
        fuzzy=False,
    )


def _speak_english(catalog: Catalog) -> None:
    """English says what the ids say, unless somebody wrote a better text."""
    for message in catalog:
        if message.id and not _has_text(message):
            message.string = message.id


def _has_text(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, (list, tuple)) and message.string else bool(message.string)
