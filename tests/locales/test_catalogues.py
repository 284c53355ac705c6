"""The watch over the catalogues: what the extractor sees, and that every kind of fault is told by file and line."""

from pathlib import Path

import pytest

from locales.check import faults
from locales.extract import messages
from locales.update import update

CODE = '''"""A handler as they are written."""
KIND = N_("Rockfall")
def card(_, count):
    text = _("Report %(number)s from %(name)s", number=number, name=_("nobody"))
    return text + _.n("%(n)s photo", "%(n)s photos", count) + _(KIND) + _(
        "two "
        "halves"
    ) + reader.words("Sent %(what)s", what=1)
'''
HANDLER = "handlers/report.py"
CHINESE = "locales/zh_CN/LC_MESSAGES/cunshao.po"
ENGLISH = "locales/en/LC_MESSAGES/cunshao.po"
TEXTS = {
    'msgid "Rockfall"\nmsgstr ""': 'msgid "Rockfall"\nmsgstr "崩塌"',
    'msgid "nobody"\nmsgstr ""': 'msgid "nobody"\nmsgstr "无"',
    'msgid "two halves"\nmsgstr ""': 'msgid "two halves"\nmsgstr "两半"',
    'from %(name)s"\nmsgstr ""': 'from %(name)s"\nmsgstr "%(name)s 报来 %(number)s"',
    'Sent %(what)s"\nmsgstr ""': 'Sent %(what)s"\nmsgstr "已发送 %(what)s"',
    'msgstr[0] ""': 'msgstr[0] "%(n)s 张照片"',
}


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text("utf-8")
    assert old in text, text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with one handler whose catalogues are complete."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / HANDLER).write_text(CODE, "utf-8")
    update(tmp_path)
    for empty, text in TEXTS.items():
        edit(tmp_path, CHINESE, empty, text)
    assert faults(tmp_path) == []
    return tmp_path


def test_every_way_of_writing_a_message_is_seen(root: Path) -> None:
    assert [(found.line, found.ids) for found in messages(root)] == [
        (2, ("Rockfall",)),
        (4, ("Report %(number)s from %(name)s",)),
        (4, ("nobody",)),
        (5, ("%(n)s photo", "%(n)s photos")),
        (6, ("two halves",)),
        (8, ("Sent %(what)s",)),
    ]


def test_the_sandbox_has_words_of_its_own(root: Path) -> None:
    (root / "bot/sandbox").mkdir(parents=True)
    (root / "bot/sandbox/page.py").write_text('_("Not ours")\n')
    (root / "bot/errors.py").write_text('_("Ours")\n')
    assert "Ours" in {found.ids[0] for found in messages(root)}
    assert "Not ours" not in {found.ids[0] for found in messages(root)}


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (CHINESE, '"崩塌"', '""', "zh_CN/LC_MESSAGES/cunshao.po:19: 'Rockfall' is not translated"),
        (CHINESE, "#: handlers/report.py\nmsgid", "#, fuzzy\nmsgid", ":19: 'Rockfall' is fuzzy"),
        (CHINESE, '"崩塌"', '"Rockfall"', "'Rockfall' is the English text"),
        (CHINESE, "%(name)s 报来", "%(nmae)s 报来", "has placeholders name, number, its text has nmae, number"),
        (CHINESE, "%(name)s 报来", "%(name)d 报来", "has placeholders name, number, its text has number"),
        (CHINESE, "%(name)s 报来", "%(name)s 100% 报来", "its text has a % that is neither"),
        (CHINESE, '"无"', '"<b>无</b>"', "'nobody': its text has other HTML tags"),
        (CHINESE, "%(n)s 张", "几张", "'%(n)s photo' has placeholders n, its text has nothing"),
        (ENGLISH, 'msgstr "nobody"', 'msgstr ""', "'nobody' is not translated"),
        (HANDLER, 'N_("Rockfall")', 'N_("Mudflow")', "handlers/report.py:2: zh_CN has no 'Mudflow'"),
        (HANDLER, 'N_("Rockfall")', 'N_("Mudflow")', "cunshao.po:19: 'Rockfall' is obsolete"),
        (
            HANDLER,
            "number=number, ",
            "",
            "handlers/report.py:4: 'Report %(number)s from %(name)s' asks for name, number",
        ),
        (HANDLER, "count) +", "count, who=1) +", "handlers/report.py:5: '%(n)s photo' asks for n and is given n, who"),
        (HANDLER, ", what=1", "", "handlers/report.py:8: 'Sent %(what)s' asks for what and is given nothing"),
        (HANDLER, "from %(name)s", "from %(name)d", "handlers/report.py:4: 'Report %(number)s from %(name)d' has a %"),
        (HANDLER, '_("nobody")', '_("%(n)s photo")', "handlers/report.py:5: '%(n)s photo' is used both alone and as"),
    ],
)
def test_a_fault_is_told_by_file_and_line(root: Path, file: str, old: str, new: str, fault: str) -> None:
    edit(root, file, old, new)
    found = faults(root)
    assert any(fault in line for line in found), found


def test_a_text_that_is_the_same_in_both_languages_says_so(root: Path) -> None:
    edit(root, CHINESE, "#: handlers/report.py\nmsgid", "# same\nmsgid")
    edit(root, CHINESE, '"崩塌"', '"Rockfall"')
    assert faults(root) == []


def test_a_missing_catalogue_is_told(root: Path) -> None:
    (root / ENGLISH).unlink()
    assert faults(root) == [f"{ENGLISH}:1: there is no such catalogue; run `python -m locales update`"]


def test_updating_twice_changes_nothing(root: Path) -> None:
    before = {file: (root / file).read_bytes() for file in (CHINESE, ENGLISH)}
    update(root)
    assert {file: (root / file).read_bytes() for file in before} == before


def test_moving_code_changes_no_catalogue(root: Path) -> None:
    before = (root / CHINESE).read_bytes()
    edit(root, HANDLER, "KIND =", "# a line more\n\nKIND =")
    update(root)
    assert (root / CHINESE).read_bytes() == before


def test_a_text_waits_for_its_id_to_come_back(root: Path) -> None:
    before = (root / CHINESE).read_bytes()
    edit(root, HANDLER, "Rockfall", "Mudflow")
    assert update(root)[0] == "zh_CN: 1 new, 1 no longer used, 1 of 6 without a text"
    assert '#~ msgstr "崩塌"' in (root / CHINESE).read_text("utf-8")
    assert any("'Rockfall' is obsolete" in fault for fault in faults(root))
    edit(root, HANDLER, "Mudflow", "Rockfall")
    update(root)
    update(root, clean=True)
    assert (root / CHINESE).read_bytes() == before
