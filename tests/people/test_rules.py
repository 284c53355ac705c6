"""Who may do what to whom in the roster, and how names and phones are read."""

import pytest

from models.people import rules
from models.people.rules import Level, Lost, Me, Role, Seat
from models.refused import Refused

COUNTY, TOWN, OTHER_TOWN = "/330824/", "/330824/330824106/", "/330824/330824107/"
VILLAGE = f"{TOWN}330824106200/"


def someone(*posts: tuple[Role, str]) -> Me:
    return Me(1, "Olga", tuple(Seat(role, path.strip("/").split("/")[-1], path, "here") for role, path in posts))


OLGA = someone((Role.TOWNSHIP_OFFICER, TOWN))
CAROL = someone((Role.COUNTY_ADMIN, COUNTY))
LENA = someone((Role.VILLAGE_LEAD, VILLAGE))


@pytest.mark.parametrize(
    ("me", "role", "path", "may"),
    [
        (OLGA, Role.GRID_WORKER, VILLAGE, True),
        (OLGA, Role.VILLAGE_LEAD, VILLAGE, True),
        (OLGA, Role.TOWNSHIP_OFFICER, TOWN, True),
        (OLGA, Role.TOWNSHIP_OFFICER, OTHER_TOWN, False),
        (OLGA, Role.GRID_WORKER, f"{OTHER_TOWN}330824107200/", False),
        (OLGA, Role.COUNTY_ADMIN, COUNTY, False),
        (OLGA, Role.COUNTY_ADMIN, TOWN, False),
        (CAROL, Role.COUNTY_ADMIN, COUNTY, True),
        (CAROL, Role.GRID_WORKER, VILLAGE, True),
        (LENA, Role.GRID_WORKER, VILLAGE, False),
    ],
)
def test_a_post_is_given_inside_ones_own_area_and_not_above_ones_own(me: Me, role: Role, path: str, may: bool) -> None:
    assert rules.may_appoint(me, role, path) is may


def test_a_township_does_not_correct_the_phone_of_somebody_with_a_post_elsewhere() -> None:
    """Whoever sets the number becomes that person at the next joining."""
    here, county = (
        someone((Role.GRID_WORKER, VILLAGE)),
        someone((Role.GRID_WORKER, VILLAGE), (Role.COUNTY_ADMIN, COUNTY)),
    )
    assert rules.may_change(OLGA, here.seats)
    assert not rules.may_change(OLGA, county.seats)
    assert rules.may_change(CAROL, county.seats)
    assert not rules.may_change(CAROL, ())


def test_an_area_inside_another_counts_as_the_wider_one() -> None:
    both = someone((Role.TOWNSHIP_OFFICER, TOWN), (Role.COUNTY_ADMIN, COUNTY), (Role.GRID_WORKER, VILLAGE))
    assert [seat.path for seat in rules.areas(both)] == [COUNTY]
    two = someone((Role.TOWNSHIP_OFFICER, TOWN), (Role.TOWNSHIP_OFFICER, OTHER_TOWN))
    assert [seat.path for seat in rules.areas(two)] == [TOWN, OTHER_TOWN]
    assert rules.areas(two, Role.COUNTY_ADMIN) == []
    assert rules.areas(LENA) == []


@pytest.mark.parametrize(
    ("text", "name", "phone"),
    [
        ("王建国 13812345678", "王建国", "13812345678"),
        ("13812345678 王建国", "王建国", "13812345678"),
        ("王建国,138 1234 5678", "王建国", "138 1234 5678"),
        ("王建国：+86 138-1234-5678", "王建国", "+86 138-1234-5678"),
        ("王建国１３８１２３４５６７８", "王建国", "13812345678"),
        ("Wang Jianguo 13812345678", "Wang Jianguo", "13812345678"),
    ],
)
def test_name_and_phone_are_found_in_one_line(text: str, name: str, phone: str) -> None:
    assert rules.name_and_phone(text) == (name, phone)


@pytest.mark.parametrize("text", ["王建国", "13812345678", "", "王建国 138", "今天下雨了"])
def test_a_line_without_name_or_phone_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.name_and_phone(text)
    assert refused.value.reason == "people.name_and_phone"


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [("建国", "王", "王建国"), ("王建国", None, "王建国"), ("Jianguo", "Wang", "Jianguo Wang"), ("小王", "", "小王")],
)
def test_a_phone_books_contact_is_named_as_people_say_it(first: str, last: str | None, name: str) -> None:
    assert rules.contact_name(first, last) == name


@pytest.mark.parametrize(
    "text", ["13812345678", "+8613812345678", "8613812345678", "0086 138 1234 5678", "138-1234-5678"]
)
def test_one_phone_has_one_spelling(text: str) -> None:
    assert rules.plain_phone(text) == "+8613812345678"
    assert rules.real_phone(text) == "+8613812345678"


def test_a_phone_is_masked_until_somebody_asks() -> None:
    assert rules.masked_phone("+8613812345678") == "138****5678"


@pytest.mark.parametrize("text", ["1381234567", "23812345678", "", "+8610012345678", "phone"])
def test_a_phone_that_cannot_exist_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        rules.real_phone(text)


def test_the_demos_invented_phones_are_let_in_by_the_demo_alone() -> None:
    assert rules.sample_phone("10012345678") == "+8610012345678"


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("33", Level.PROVINCE, None),
        ("330824", Level.COUNTY, "3308"),
        ("330824106", Level.TOWNSHIP, "330824"),
        ("330824106200", Level.VILLAGE, "330824106"),
        ("330824106200001", Level.GRID, "330824106200"),
    ],
)
def test_a_codes_length_is_its_level(code: str, level: Level, parent: str | None) -> None:
    assert (rules.level_of(code), rules.parent_of(code)) == (level, parent)


@pytest.mark.parametrize("code", ["", "330", "33082410", "33082410x", "330824106.0", "３３０８２４"])
def test_other_codes_are_refused(code: str) -> None:
    with pytest.raises(Refused):
        rules.level_of(code)


@pytest.mark.parametrize(
    ("reason", "lost"),
    [
        ("Forbidden: bot was blocked by the user", Lost.BLOCKED),
        ("Forbidden: user is deactivated", Lost.DELETED),
        ("Chat not found", Lost.DELETED),
        ("something new", Lost.OTHER),
        (None, Lost.OTHER),
    ],
)
def test_why_somebody_is_unreachable_is_sorted(reason: str | None, lost: Lost) -> None:
    assert rules.why_lost(reason) is lost


def test_only_ones_own_contact_proves_who_one_is() -> None:
    assert rules.own_contact(7, 7, forwarded=False)
    assert not rules.own_contact(7, 7, forwarded=True)
    assert not rules.own_contact(7, 8, forwarded=False)
    assert not rules.own_contact(7, None, forwarded=False)
