"""What a reader gets from a catalogue: the right language, the right plural, the facts filled in."""

from pathlib import Path

import pytest

from locales import LOCALES, N_, catalogue, closest, load

ZH = """
msgid ""
msgstr ""
"Language: zh_CN\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Report %(number)s received"
msgstr "已收到 %(number)s"

msgid "%(n)s photo"
msgid_plural "%(n)s photos"
msgstr[0] "%(n)s 张照片"

#, fuzzy
msgid "guessed"
msgstr "猜的"

msgid "empty"
msgstr ""

msgid "100% sure"
msgstr "100% 确定"
"""


@pytest.fixture
def chinese(tmp_path: Path) -> Path:
    path = tmp_path / "cunshao.po"
    path.write_text(ZH, "utf-8")
    return path


def test_a_village_reads_chinese(chinese: Path) -> None:
    _ = load("zh_CN", chinese)
    assert _("Report %(number)s received", number="YH-0007-2") == "已收到 YH-0007-2"
    assert _.n("%(n)s photo", "%(n)s photos", 3) == "3 张照片"
    assert _("100% sure") == "100% 确定"


def test_what_nobody_has_translated_is_read_in_english_and_never_guessed(chinese: Path) -> None:
    _ = load("zh_CN", chinese)
    assert _("guessed") == "guessed"
    assert _("empty") == "empty"
    assert _("new: %(what)s", what="rain") == "new: rain"
    assert _.n("%(n)s day", "%(n)s days", 1) == "1 day"
    assert _.n("%(n)s day", "%(n)s days", 2) == "2 days"


def test_the_count_may_be_given_another_shape(chinese: Path) -> None:
    assert load("zh_CN", chinese).n("%(n)s photo", "%(n)s photos", 2, n="两") == "两 张照片"


def test_a_forgotten_fact_is_an_error_and_not_a_gap(chinese: Path) -> None:
    with pytest.raises(KeyError, match="number"):
        load("zh_CN", chinese)("Report %(number)s received", other=1)


def test_each_catalogue_is_read_once() -> None:
    for locale in LOCALES:
        assert catalogue(locale) is catalogue(locale)
        assert catalogue(locale).locale == locale
    with pytest.raises(LookupError, match="zh_CN, en"):
        catalogue("tlh")


@pytest.mark.parametrize(
    ("code", "locale"),
    [("zh-hans", "zh_CN"), ("zh_CN", "zh_CN"), ("en", "en"), ("en-GB", "en"), ("pt-BR", "zh_CN"), (None, "zh_CN")],
)
def test_a_phone_set_to_any_language_gets_the_nearest_catalogue(code: str | None, locale: str) -> None:
    assert closest(code) == locale


def test_marking_changes_nothing() -> None:
    assert N_("Landslide") == "Landslide"
