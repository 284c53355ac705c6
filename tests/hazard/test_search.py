"""What a search finds: by parts of a number, kinds, places and words, and never beyond what its reader may see."""

from __future__ import annotations

from typing import Any

import pytest

from models.hazard import actions as hazards
from models.hazard import search
from models.hazard.search import Found, Word
from models.refused import Refused
from models.report.rules import Status
from tests.cast import Cast
from tests.hazard.steps import changed, closed, does, report, secret, submitted
from tests.hazard.test_register import LONG_AGO
from tests.report.steps import sends, some_words
from tests.village import MORNING


async def found(cast: Cast, name: str, *words: str | Word, page: int = 0, **more: Any) -> Found:
    me = await cast.me(name)
    wanted = [word if isinstance(word, Word) else Word(word) for word in words]
    async with cast.database.reading() as session:
        return await search.search(session, MORNING, me, wanted, page, **more)


async def ids(cast: Cast, name: str, *words: str | Word, **more: Any) -> list[int]:
    return [row.id for row in (await found(cast, name, *words, **more)).rows]


async def told(cast: Cast, name: str, words: str) -> int:
    """A report with these words, sent."""
    await sends(cast, name, words=some_words(words))
    return await changed(cast, await submitted(cast, name), last_part_at=LONG_AGO)


async def test_a_part_of_the_number_is_enough(cast: Cast) -> None:
    first, second = await told(cast, "bob", "x"), await told(cast, "nina", "x")
    assert (await report(cast, second)).number.startswith("YH-330824106-260701-0002-")
    for part in ("0002", "0701-0002", "260701-0002", "07010002", (await report(cast, second)).number.lower()):
        assert await ids(cast, "olga", part) == [second], part
    assert await ids(cast, "olga", "260701") == [second, first]
    assert await ids(cast, "olga", "0824") == []  # the area in front is not looked at


async def test_words_stand_in_remarks_places_villages_and_kinds(cast: Cast) -> None:
    said, placed = await told(cast, "bob", "屋后的裂缝 变大了"), await told(cast, "lena", "x")
    await changed(cast, placed, place_words="华山小学旁", kind="B2")
    elsewhere = await told(cast, "nina", "还是裂缝")
    assert await ids(cast, "olga", "裂缝") == [elsewhere, said]
    assert await ids(cast, "olga", "小学") == [placed]
    assert await ids(cast, "olga", "建丰村") == [elsewhere]
    assert await ids(cast, "olga", Word("水闸", frozenset({"B2"}))) == [placed]
    assert await ids(cast, "olga", "裂缝", "华山") == [said]
    assert await ids(cast, "olga", "裂缝", "小学") == []
    assert await ids(cast, "olga", "100%") == []


async def test_one_sign_finds_nothing(cast: Cast) -> None:
    for words in (("树",), (" ",), ("树", "1"), ()):
        with pytest.raises(Refused, match=r"register\.too_short"):
            await found(cast, "olga", *words)


async def test_charlie_finds_nothing_of_the_next_township(cast: Cast) -> None:
    report_id = await told(cast, "bob", "屋后裂缝")
    assert await ids(cast, "olga", "裂缝") == await ids(cast, "carol", "裂缝") == [report_id]
    for name in ("charlie", "otto", "nina"):
        assert await ids(cast, name, "裂缝") == [], name
        assert await ids(cast, name, (await report(cast, report_id)).number) == [], name


async def test_a_confidential_case_is_found_by_its_reporter_and_the_county_alone(cast: Cast) -> None:
    report_id = await secret(cast)
    for name in ("lena", "olga", "oscar", "nina"):
        assert await ids(cast, name, "260701") == [], name
    assert await ids(cast, "bob", "260701") == await ids(cast, "carol", "260701") == [report_id]


async def test_what_ended_is_found_as_well_but_nobodys_draft(cast: Cast) -> None:
    ended, joined = await closed(cast), await told(cast, "nina", "x")
    main = await told(cast, "lena", "x")
    await does(cast, "olga", hazards.join, joined, main)
    draft = await sends(cast, "bob", words=some_words("x"))
    assert (await report(cast, draft)).status is Status.DRAFT
    assert await ids(cast, "olga", "260701") == [main, joined, ended]
    assert draft in await ids(cast, "bob", "260701")


async def test_it_pages_counts_and_says_when_older_ones_were_left_out(cast: Cast) -> None:
    all_of = [await told(cast, "bob", "裂缝") for _ in range(5)]
    first = await found(cast, "olga", "裂缝", most=2)
    assert ([row.id for row in first.rows], first.total, first.cut) == (all_of[:2:-1], 5, False)
    assert await ids(cast, "olga", "裂缝", page=2, most=2) == all_of[:1]
    few = await found(cast, "olga", "裂缝", newest=3)
    assert ([row.id for row in few.rows], few.total, few.cut) == (all_of[:1:-1], 3, True)
