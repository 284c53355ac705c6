"""The content pack holds every kind of the list, fit for a chat button; these tests read it and change nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from locales.content import PACK, SEVERITIES, Kind, categories, kind, kinds, load

# How many kinds each category of domain 6.1 has.
LISTED = {"A": 10, "B": 6, "C": 7, "D": 9, "E": 4, "F": 5, "G": 6, "H": 5, "I": 11, "J": 4, "K": 3, "L": 5}


def test_every_code_of_the_domains_list_is_there_in_its_order() -> None:
    assert [each.code for each in kinds()] == [f"{a}{n:02}" for a, count in LISTED.items() for n in range(1, count + 1)]
    assert [category.letter for category in categories()] == list(LISTED)


def test_names_fit_on_a_button() -> None:
    assert all(4 <= len(each.zh) <= 12 and len(each.en) <= 28 for each in kinds())
    assert all(len(category.name("zh_CN")) <= 14 and len(category.name("en")) <= 28 for category in categories())


def test_the_worst_is_never_milder_than_the_usual() -> None:
    assert [each.code for each in kinds() if SEVERITIES.index(each.worst) < SEVERITIES.index(each.hint)] == []


def test_what_the_list_calls_an_emergency_is_one() -> None:
    """Domain 6.1: every kind with a bold or plain E."""
    usual = {each.code for each in kinds() if each.hint == "E"}
    assert usual == {"A03", "B03", "C02", "E02", "F01", "G02", "L04"}
    sometimes = {each.code for each in kinds() if each.worst == "E"} - usual
    assert sometimes == {"A01", "A02", "A06", "B01", "H01", "I01", "L05"}


def test_a_name_comes_in_the_readers_language() -> None:
    assert kind("A01").name("zh_CN") == "房后切坡、滑坡迹象"
    assert kind("A01").name("en") == kind("A01").name("en-GB") == "Slope behind a house"
    assert categories()[0].name("zh_CN") == "自然灾害"


def test_no_word_of_one_kind_stands_inside_a_word_of_another() -> None:
    """Else a search for the words in a sentence finds two kinds where the reporter meant one."""

    def clashes(one: Kind, two: Kind) -> list[str]:
        chinese = [f"{a} in {b}" for a in one.words for b in two.words if a in b]
        return chinese + [f"{a} in {b}" for a in one.words_en for b in two.words_en if re.search(rf"\b{a}\b", b)]

    assert [clash for one in kinds() for two in kinds() if one is not two for clash in clashes(one, two)] == []


def test_an_unknown_code_is_a_lookup_error() -> None:
    with pytest.raises(LookupError, match="Z99"):
        kind("Z99")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('code = "A02"', 'code = "A01"', "code stands more than once: A01"),
        ('code = "A02"', 'code = "X02"', "unknown letter: X"),
        ('department = "水利局"', 'department = "水力局"', "unknown department: 水力局"),
        ('zh = "崩塌落石"', 'zh = "崩塌落石以及一切从山上滚下来的东西"', "at most 12 characters"),
        ('hint = "E"', 'hint = "X"', "'G', 'L', 'M' or 'E'"),
        ('worst = "E"', 'worst = "G"', "worst G is milder than hint L"),
        ('words = ["落石"', 'words = ["滑坡"', "word stands more than once: 滑坡"),
        ("months = [5, 6,", "months = [6, 5,", "in rising order"),
        ("common = 3", "commonness = 3", "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = PACK.read_text(encoding="utf-8")
    assert old in text
    wrong = tmp_path / "kinds.toml"
    wrong.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(complaint)):
        load(wrong)
