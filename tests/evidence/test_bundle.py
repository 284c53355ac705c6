"""One case in a file: whatever was altered is found without us, what is missing is said, and nobody is betrayed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from sqlmodel import select

from bot.settings import Unfit
from models import journal
from models.hazard import actions as hazards
from models.hazard import closing
from models.report.intake import PhotoPart, WordsPart
from models.report.rules import Form, Severity
from models.report.tables import Photo
from tests.cast import Cast, later
from tests.evidence.files import CAMERA, NOW, Opened, bundled, kept, left, number_of
from tests.hazard.steps import changed, closed, does, mends, registered, secret, submitted
from tests.report.steps import SLOPE, a_photo, sends, submits
from tests.village import MORNING

# What the file says does not turn on where it was read from.
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def a_case(cast: Cast, tmp_path: Path) -> int:
    """A major case, closed, with a joined report and photos on the disk."""
    report_id = await closed(cast, severity=Severity.M)
    await does(cast, "bob", closing.answer, report_id, True)
    await kept(cast, tmp_path / "photos")
    return report_id


async def in_confidence(cast: Cast, tmp_path: Path) -> int:
    """Bob told the county in confidence, with his voice and in his words; Lena mended it."""
    report_id = await sends(cast, "bob", photo=PhotoPart("voice", "voice", form=Form.VOICE))
    await sends(cast, "bob", photo=a_photo())
    await sends(cast, "bob", words=WordsPart(77, "behind my own house"))
    await sends(cast, "bob", place=SLOPE)
    await changed(cast, report_id, confidential=True)
    await submits(cast, "bob", report_id)
    await does(cast, "carol", hazards.accept, report_id)
    await does(cast, "carol", hazards.assign, report_id, cast.ids["lena"])
    await does(cast, "bob", hazards.nudge, report_id)
    await mends(cast, "lena", report_id)
    await does(cast, "carol", closing.close, report_id)
    await does(cast, "bob", closing.answer, report_id, True, "thanks from the old mill")
    await kept(cast, tmp_path / "photos")
    return report_id


# --- whole ------------------------------------------------------------------------------------------------------------


async def test_an_inspector_checks_a_case_without_us(cast: Cast, tmp_path: Path) -> None:
    report_id = await a_case(cast, tmp_path)
    opened = await bundled(cast, tmp_path, report_id)
    code, said = opened.verified()
    assert (code, said.splitlines()[-1][:4]) == (0, "核对通过")
    assert opened.manifest_holds()
    journals = opened.json("journal.json")["reports"]
    assert [journal.broken(each["entries"], each["head"]) for each in journals] == [None]
    case = opened.json("case.json")
    assert [(each["round"], each["state"], each["original"]) for each in case["photos"]] == [
        (None, "kept", True), (1, "kept", True),
    ]  # fmt: skip
    assert case["report"]["reporter"] == "Bob"
    assert [step["verb"] for step in case["story"]] == await cast.deeds("report", report_id)


async def test_originals_are_the_very_files_that_came(cast: Cast, tmp_path: Path) -> None:
    report_id = await a_case(cast, tmp_path)
    opened = await bundled(cast, tmp_path, report_id)
    number = await number_of(cast, report_id)
    there = sorted(path.read_bytes() for path in (tmp_path / "photos" / number).iterdir())
    assert sorted(data for name, data in opened.everything().items() if name.startswith("photos/")) == there


async def test_the_page_stands_by_itself(cast: Cast, tmp_path: Path) -> None:
    report_id = await a_case(cast, tmp_path)
    opened = await bundled(cast, tmp_path, report_id)
    page = opened.page
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"?(https?:)?//", page)
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(links) > 2
    assert [link for link in links if not (opened.folder / link).is_file()] == []
    for word in ("重大", "已销号", "Bob", "Lena", "整改前照片", "整改后照片", "五落实", "SHA-256", "<svg"):
        assert word in page


async def test_every_field_is_explained(cast: Cast, tmp_path: Path) -> None:
    opened = await bundled(cast, tmp_path, await a_case(cast, tmp_path))
    case, guide = opened.json("case.json"), (opened.folder / "CHECK.md").read_text("utf-8")
    rows = [case, case["report"], case["hazard"], *case["proofs"], *case["photos"], *case["story"]]
    names = {name for row in rows for name in row} - {"format", "report_id", "joined", "id"}
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", guide)] == []


async def test_reports_that_joined_bring_their_photos_and_their_own_chain(cast: Cast, tmp_path: Path) -> None:
    report_id = await registered(cast)
    await does(cast, "olga", hazards.join, await submitted(cast, "nina"), report_id)
    await kept(cast, tmp_path / "photos")
    opened = await bundled(cast, tmp_path, report_id)
    assert opened.verified()[0] == 0
    assert len(opened.json("journal.json")["reports"]) == 2
    assert len(opened.json("case.json")["photos"]) == 2
    assert "Nina" in opened.page


# --- altered ----------------------------------------------------------------------------------------------------------

Change = Callable[[Opened], None]


def other_words(opened: Opened) -> None:
    page = opened.folder / "index.html"
    page.write_text(page.read_text("utf-8").replace("Lena", "Otto"), "utf-8")


def another_picture(opened: Opened) -> None:
    next((opened.folder / "photos").rglob("*.jpg")).write_bytes(b"another")


def one_more_file(opened: Opened) -> None:
    (opened.folder / "photos" / "more.jpg").write_bytes(b"more")


def one_less_file(opened: Opened) -> None:
    (opened.folder / "case.json").unlink()


def another_actor(opened: Opened) -> None:
    found = opened.json("journal.json")
    found["reports"][0]["entries"][3]["actor_id"] = 999
    opened.change("journal.json", found)
    opened.manifest_anew()


def one_entry_less(opened: Opened) -> None:
    found = opened.json("journal.json")
    del found["reports"][0]["entries"][2]
    opened.change("journal.json", found)
    opened.manifest_anew()


def the_end_cut_off(opened: Opened) -> None:
    found = opened.json("journal.json")
    del found["reports"][0]["entries"][-1]
    opened.change("journal.json", found)
    opened.manifest_anew()


def another_picture_with_its_manifest(opened: Opened) -> None:
    another_picture(opened)
    opened.manifest_anew()


def no_journal_at_all(opened: Opened) -> None:
    (opened.folder / "journal.json").write_text("{}", "utf-8")


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_words, "文件被改动 index.html"),
        (another_picture, "文件被改动 photos/"),
        (one_more_file, "多出文件 photos/more.jpg"),
        (one_less_file, "案卷不完整"),
        (another_actor, "第4条被改动"),
        (one_entry_less, "第3条缺失或错位"),
        (the_end_cut_off, "末尾与链头不符"),
        (another_picture_with_its_manifest, "与上报时登记的哈希不符"),
        (no_journal_at_all, "案卷不完整"),
    ],
)
async def test_what_was_altered_is_found(cast: Cast, tmp_path: Path, change: Change, said: str) -> None:
    opened = await bundled(cast, tmp_path, await a_case(cast, tmp_path))
    change(opened)
    code, words = opened.verified()
    assert code == 1
    assert said in words


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("state", "code"), [("altered", 1), ("missing", 0), ("purged", 0), ("lost", 0), ("waiting", 0)]
)
async def test_a_photo_that_is_not_as_it_came_is_never_hidden(
    cast: Cast, tmp_path: Path, state: str, code: int
) -> None:
    report_id = await a_case(cast, tmp_path)
    first = tmp_path / "photos" / await number_of(cast, report_id) / "1.jpg"
    if state == "altered":
        first.write_bytes(b"\xff\xd8\xff another")
    elif state == "missing":
        first.unlink()
    else:
        async with cast.database.transaction() as session:
            photo = (await session.exec(select(Photo).where(Photo.nth == 1))).one()
            photo.path = None
            photo.purged_at = NOW if state == "purged" else None
            photo.error = "TimedOut" if state == "lost" else None
            photo.fetch_at = NOW if state == "waiting" else None
            session.add(photo)
    opened = await bundled(cast, tmp_path, report_id)
    (one,) = [each for each in opened.json("case.json")["photos"] if each["nth"] == 1]
    assert one["state"] == state
    assert one["sha256"]
    assert one["note"] in opened.page
    found, said = opened.verified()
    assert found == code
    assert one["note"] in said
    assert any("WARNING: photo 1" in line for line in opened.said) is (state in ("altered", "missing"))


# --- in confidence ----------------------------------------------------------------------------------------------------


def told(opened: Opened, *words: str) -> Iterator[str]:
    """Where in a bundle one of these words stands."""
    for name, data in opened.everything().items():
        yield from (f"{name}: {word}" for word in words if word.encode() in data)


async def test_a_confidential_case_leaves_without_its_reporter(cast: Cast, tmp_path: Path) -> None:
    report_id = await in_confidence(cast, tmp_path)
    opened = await bundled(cast, tmp_path, report_id)
    assert list(told(opened, "Bob", "behind my own house", "old mill", CAMERA, "OggS")) == []
    code, said = opened.verified()
    assert code == 0
    assert "隐去" in said
    case = opened.json("case.json")
    assert (case["reporter_hidden"], case["report"]["reporter"], case["report"]["words"]) == (True, None, None)
    assert [(each["form"], each["state"]) for each in case["photos"]] == [
        ("voice", "withheld"), ("photo", "reduced"), ("photo", "reduced"),
    ]  # fmt: skip
    assert all(each["sha256"] for each in case["photos"])
    for name in opened.everything():
        if name.endswith(".jpg"):
            with Image.open(opened.folder / name) as picture:
                assert not picture.getexif()
    assert "保密举报" in opened.page
    assert any("--reveal" in line for line in opened.said)


async def test_who_joined_in_confidence_is_kept_back_from_a_case_that_is_not(cast: Cast, tmp_path: Path) -> None:
    report_id = await registered(cast)
    await does(cast, "carol", hazards.join, await secret(cast, "nina"), report_id)
    await kept(cast, tmp_path / "photos")
    opened = await bundled(cast, tmp_path, report_id)
    assert list(told(opened, "Nina")) == []
    assert opened.json("case.json")["report"]["reporter"] == "Bob"
    assert [each["state"] for each in opened.json("case.json")["photos"]] == ["kept", "reduced"]
    assert opened.verified()[0] == 0


async def test_nobody_finds_the_reporter_by_trying(cast: Cast, tmp_path: Path) -> None:
    report_id = await in_confidence(cast, tmp_path)
    opened = await bundled(cast, tmp_path, report_id)
    (chain,) = opened.json("journal.json")["reports"]
    hidden = [entry for entry in chain["entries"] if "redacted" in entry]
    assert [entry["verb"] for entry in hidden] == ["begin", "submitted", "nudge", "satisfied"]
    assert all(entry["actor_id"] is None and entry["salt"] is None for entry in hidden)
    guesses = [{**entry, "actor_id": person} for entry in hidden for person in range(200)]
    assert [guess for guess in guesses if journal.digest(guess) == guess["hash"]] == []
    others = [entry for entry in chain["entries"] if "redacted" not in entry]
    assert len(others) > 3
    assert all(journal.digest(entry) == entry["hash"] for entry in others)
    assert cast.ids["bob"] not in [int(person) for person in opened.json("case.json")["persons"]]


async def test_revealed_it_names_the_reporter_and_says_so_for_ever(cast: Cast, tmp_path: Path) -> None:
    report_id = await in_confidence(cast, tmp_path)
    opened = await bundled(cast, tmp_path, report_id, reveal=True)
    assert opened.json("case.json")["report"]["reporter"] == "Bob"
    assert "behind my own house" in opened.page
    assert {each["state"] for each in opened.json("case.json")["photos"]} == {"kept"}
    assert opened.verified()[0] == 0
    assert (await cast.deeds("report", report_id))[-1] == "export"
    assert opened.json("journal.json")["reports"][0]["entries"][-1]["verb"] == "export"


async def test_every_export_is_journalled(cast: Cast, tmp_path: Path) -> None:
    report_id = await a_case(cast, tmp_path)
    await bundled(cast, tmp_path, report_id)
    number = await number_of(cast, report_id)
    async with cast.database.reading() as session:
        (entry,) = await journal.read(session, "export", number)
    assert (entry.verb, entry.actor_id, entry.facts) == ("export", None, {"form": "bundle", "revealed": False})
    assert "export" not in await cast.deeds("report", report_id)


async def test_no_file_is_left_of_a_case_that_is_not_there(cast: Cast, tmp_path: Path) -> None:
    draft = await sends(cast, "bob", photo=a_photo(), at=MORNING + later(days=1))
    with pytest.raises(Unfit, match="there is no case YH-"):
        await bundled(cast, tmp_path, draft)
    assert left(tmp_path) == []


async def test_no_file_is_overwritten(cast: Cast, tmp_path: Path) -> None:
    report_id = await a_case(cast, tmp_path)
    (tmp_path / "caseFalse.zip").write_text("mine")
    with pytest.raises(Unfit, match=r"caseFalse\.zip exists already"):
        await bundled(cast, tmp_path, report_id)
    assert (tmp_path / "caseFalse.zip").read_text() == "mine"
