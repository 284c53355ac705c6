"""Says what is wrong with the catalogues, by file and line; changes nothing (that is `update`)."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from locales import LOCALES, catalogue_path
from locales.extract import PLACEHOLDER, Found, calls, messages, placeholders

TAG = re.compile(r"</?[a-z][a-z-]*")
OBSOLETE = "{0!r} is obsolete: no code uses it (`python -m locales update --clean` drops it)"
SAME = "same"  # the translator's comment "# same" says: yes, this text is the same in both languages


def faults(root: Path) -> list[str]:
    """Every fault of the ids and of both catalogues under `root`, as `file:line: sentence`; empty when all is well."""
    ids = list(messages(root))
    found = [*code_faults(ids, root)]
    for locale in LOCALES:
        path = catalogue_path(locale, root / "locales")
        name = path.relative_to(root).as_posix()
        if not path.exists():
            found.append(f"{name}:1: there is no such catalogue; run `python -m locales update`")
            continue
        with path.open("rb") as file:
            catalog = read_po(file, locale=locale)
        found += missing(ids, catalog, locale)
        found += (f"{name}:{line}: {fault}" for line, fault in catalogue_faults(ids, catalog))
    return found


def code_faults(ids: list[Found], root: Path) -> Iterator[str]:
    """What is wrong with the ids themselves and with the facts the calls give them."""
    plurals: dict[str, tuple[str, ...]] = {}
    for found in ids:
        place = f"{found.file}:{found.line}"
        if any(stray(text) for text in found.ids):
            yield f"{place}: {found.ids[-1]!r} has a % that is neither %(name)s nor %%"
        if plurals.setdefault(found.ids[0], found.ids) != found.ids:
            yield f"{place}: {found.ids[0]!r} is used both alone and as a plural, or with two plurals"
    for call in calls(root):
        wanted = frozenset[str]().union(*map(placeholders, call.ids))
        optional = {"n"} if len(call.ids) > 1 else set()
        if wanted - optional != call.facts - optional:
            needs = f"{call.ids[0]!r} asks for {_names(wanted)} and is given {_names(call.facts)}"
            yield f"{call.file}:{call.line}: {needs}"


def missing(ids: list[Found], catalog: Catalog, locale: str) -> Iterator[str]:
    """Ids of the code that a catalogue does not have."""
    for found in ids:
        entry = catalog.get(found.ids[0])
        if entry is None or _ids(entry) != found.ids:
            yield f"{found.file}:{found.line}: {locale} has no {found.ids[0]!r}; run `python -m locales update`"


def catalogue_faults(ids: list[Found], catalog: Catalog) -> Iterator[tuple[int, str]]:
    """(line, fault) for every entry of one catalogue."""
    used = {found.ids[0] for found in ids}
    for entry in catalog:
        if not entry.id:
            continue  # the header
        if _ids(entry)[0] not in used:
            yield _line(entry), OBSOLETE.format(_ids(entry)[0])
        for fault in entry_faults(entry, catalog):
            yield _line(entry), fault
    for old in catalog.obsolete.values():
        yield _line(old), OBSOLETE.format(_ids(old)[0])


def entry_faults(entry: Message, catalog: Catalog) -> Iterator[str]:
    """What is wrong with one translation, looked at alone."""
    ids, texts = _ids(entry), _texts(entry)
    if entry.fuzzy:
        yield f"{ids[0]!r} is fuzzy: check the text and take the mark away"
    forms = catalog.num_plurals if len(ids) > 1 else 1
    if len(texts) != forms or not all(texts):
        yield f"{ids[0]!r} is not translated ({forms} text{'s' if forms > 1 else ''} wanted)"
        return
    for text in texts:
        yield from text_faults(ids, text, last=text is texts[-1])
    english = texts[-1] == ids[-1] and re.search("[A-Za-z]", PLACEHOLDER.sub("", TAG.sub("", ids[-1])))
    if english and str(catalog.locale) != "en" and SAME not in entry.user_comments:
        yield f"{ids[0]!r} is the English text; translate it, or write `# {SAME}` above it"


def text_faults(ids: tuple[str, ...], text: str, last: bool) -> Iterator[str]:
    """A text asks for the id's facts and keeps its tags; only a form before the last may drop the count."""
    wanted, given = frozenset[str]().union(*map(placeholders, ids)), placeholders(text)
    optional = {"n"} if len(ids) > 1 and not last else set()
    if wanted - optional != given - optional:
        yield f"{ids[0]!r} has placeholders {_names(wanted)}, its text has {_names(given)}"
    if stray(text) and (wanted or given):
        yield f"{ids[0]!r}: its text has a % that is neither %(name)s nor %%"
    if sorted(TAG.findall(ids[-1])) != sorted(TAG.findall(text)):
        yield f"{ids[0]!r}: its text has other HTML tags"


def stray(text: str) -> bool:
    """Whether filling in the facts would stumble: a lone % matters only where there is a placeholder too."""
    rest = PLACEHOLDER.sub("", text)
    return "%" in rest.replace("%%", "") and (rest != text or "%(" in rest)


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _ids(entry: Message) -> tuple[str, ...]:
    return (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)


def _texts(entry: Message) -> tuple[str, ...]:
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())


def _line(entry: Message) -> int:
    return entry.lineno or 1
