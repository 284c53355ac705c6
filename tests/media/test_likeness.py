"""The same picture sent twice is seen, however it was scaled, pressed or turned; what shows nothing is like nothing."""

from __future__ import annotations

import asyncio
import io
import random
import subprocess
import sys
from itertools import combinations
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageOps
from sqlmodel import select

from bot.database import Database
from bot.pictures import FAINTEST, look
from models.report.photos import Kept, photo_kept, photos_due
from models.report.tables import Photo
from tests.cast import Cast
from tests.media.shots import HUASHAN, bomb, exif, gps, heic, picture
from tests.report.steps import a_photo, sends
from tests.village import MORNING, PIXEL, Village

SCENES = range(6)
ALIKE = 6  # bits
FAR = 12


def scene(seed: int, size: tuple[int, int] = (1600, 1200)) -> Image.Image:
    """A slope under a sky, houses, a crack, grain: another one for every seed."""
    dice = random.Random(seed)
    wide, high = size
    made = Image.linear_gradient("L").resize(size).convert("RGB")
    draw = ImageDraw.Draw(made)
    ridge = [(wide * step // 8, dice.randint(high // 5, high * 3 // 5)) for step in range(9)]
    draw.polygon([*ridge, (wide, high), (0, high)], fill=tuple(dice.randint(30, 150) for _ in range(3)))
    for _ in range(6):
        x, y = dice.randint(0, wide), dice.randint(high // 3, high)
        shade = tuple(dice.randint(0, 255) for _ in range(3))
        draw.rectangle((x, y, x + dice.randint(80, 420), y + dice.randint(80, 420)), fill=shade)
    draw.line([(dice.randint(0, wide), dice.randint(0, high)) for _ in range(5)], fill="black", width=12)
    grain = Image.frombytes("L", size, dice.randbytes(wide * high)).convert("RGB")
    return Image.blend(made, grain, 0.08)


def sent(made: Image.Image, form: str = "JPEG", **how: Any) -> str | None:
    """What the bot sees in it."""
    out = io.BytesIO()
    made.save(out, form, **how)
    return look(out.getvalue()).likeness


def unlike(one: str | None, other: str | None) -> int:
    """Bits that differ."""
    assert one is not None
    assert other is not None
    assert len(one) == len(other) == 16
    return (int(one, 16) ^ int(other, 16)).bit_count()


def turned(made: Image.Image) -> str | None:
    """Held upright by a camera that stores it lying and says so in its notes."""
    return sent(made.transpose(Image.Transpose.ROTATE_90), quality=88, exif=exif(gps(*HUASHAN), t274=6))


@pytest.mark.parametrize("seed", SCENES)
def test_the_same_picture_is_known_again(seed: int) -> None:
    whole = scene(seed)
    first = sent(whole, quality=92)
    assert unlike(first, sent(whole.resize((1280, 960)), quality=80)) <= ALIKE, "as a messenger passes it on"
    assert unlike(first, sent(whole.resize((320, 240)))) <= ALIKE
    assert unlike(first, sent(whole, quality=40)) <= ALIKE
    assert unlike(first, sent(whole, "PNG")) <= ALIKE
    assert unlike(first, sent(ImageOps.grayscale(whole))) <= ALIKE
    assert unlike(first, turned(whole)) <= ALIKE


def test_different_pictures_are_far_from_each_other() -> None:
    seen = [sent(scene(seed)) for seed in SCENES]
    assert min(unlike(one, other) for one, other in combinations(seen, 2)) > FAR


def test_a_picture_turned_for_good_is_another_one() -> None:
    """Only what a camera says about how it was held is undone: nobody sends the same picture upside down by chance."""
    whole = scene(1)
    assert unlike(sent(whole), sent(whole.rotate(180))) > FAR


def fog(levels: int) -> Image.Image:
    """Drifting patches, no more than so many levels of grey apart."""
    drift = Image.frombytes("L", (12, 9), random.Random(levels).randbytes(108)).resize((800, 600))
    return ImageOps.autocontrast(drift).point([120 + level * levels // 255 for level in range(256)])


@pytest.mark.parametrize(
    "data",
    [PIXEL, picture(), picture("PNG", (64, 64), colour="white"), picture("PNG", mode="RGBA", colour=(0, 0, 0, 0))],
)
def test_one_colour_is_like_nothing(data: bytes) -> None:
    seen = look(data)
    assert seen.small is not None
    assert seen.likeness is None


def test_fog_and_a_plain_slope_of_light_are_like_nothing() -> None:
    slope = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90)
    assert sent(fog(FAINTEST - 2)) is None
    assert sent(fog(8 * FAINTEST)) is not None
    assert sent(slope) is None
    assert sent(slope.transpose(Image.Transpose.ROTATE_180)) is None


@pytest.mark.parametrize("data", [b"", b"no picture", bomb(), heic(*HUASHAN), picture()[:700]])
def test_what_cannot_be_opened_is_like_nothing(data: bytes) -> None:
    assert look(data).likeness is None


def test_looking_loads_no_more_than_it_must() -> None:
    """Half of ImageHash's packages serve kinds of hash that nobody here takes; they would double the memory."""
    told = "import sys, bot.pictures; print(sorted({'scipy', 'pywt'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "[]\n"


async def rows(database: Database) -> list[Photo]:
    async with database.reading() as session:
        return list(await session.exec(select(Photo)))


async def test_the_row_keeps_it(cast: Cast) -> None:
    await sends(cast, "bob", photo=a_photo())
    async with cast.database.transaction() as session:
        [photo] = await photos_due(session, MORNING)
        await photo_kept(session, photo, Kept("a/1.jpg", "0" * 64, 5, likeness="00ff00ff00ff00ff"))
    assert [each.likeness for each in await rows(cast.database)] == ["00ff00ff00ff00ff"]


async def test_a_photo_sent_twice_is_the_same_in_the_rows(village: Village) -> None:
    small, large = io.BytesIO(), io.BytesIO()
    scene(3).resize((800, 600)).save(small, "JPEG", quality=60)
    village.bob.photo(small.getvalue())
    village.bob.photo(PIXEL)
    village.bob.voice(b"OggS" + bytes(64))
    scene(3).save(large, "JPEG", quality=90)
    village.bob.photo(large.getvalue(), as_file=True)
    async with asyncio.timeout(10):
        while len(kept := [each for each in await rows(village.app.database) if each.path]) < 4:
            await asyncio.sleep(0.02)
    seen = {each.nth: each.likeness for each in kept}
    assert unlike(seen[1], seen[4]) <= ALIKE
    assert (seen[2], seen[3]) == (None, None)
