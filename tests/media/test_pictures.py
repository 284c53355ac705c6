"""Files from outside are what their bytes say, and the worst of them does nothing."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from bot.pictures import SIDE, Spot, ending, look
from models.report.rules import Form
from tests.media.shots import HUASHAN, bomb, exif, gps, heic, picture, shot
from tests.village import PIXEL


@pytest.mark.parametrize(
    ("data", "form", "found"),
    [
        (PIXEL, Form.PHOTO, ".jpg"),
        (PIXEL, Form.FILE, ".jpg"),
        (picture("PNG", (2, 2)), Form.FILE, ".png"),
        (picture("WEBP", (2, 2)), Form.FILE, ".webp"),
        (picture("GIF", (2, 2)), Form.FILE, ".gif"),
        (heic(*HUASHAN), Form.FILE, ".heic"),
        (b"\0\0\0\x20ftypmif1", Form.FILE, ".heic"),
        (b"\0\0\0\x20ftypisom", Form.FILE, ".bin"),
        (b"OggS\0\2", Form.VOICE, ".ogg"),
        (b"\1\2\3", Form.VOICE, ".ogg"),
        (b"", Form.PHOTO, ".jpg"),
        (b"MZ\x90\0", Form.FILE, ".bin"),
        (b"<svg onload=alert(1)>", Form.FILE, ".bin"),
    ],
)
def test_a_name_ends_as_the_content_says(data: bytes, form: Form, found: str) -> None:
    assert ending(data, form) == found


@pytest.mark.parametrize(
    ("form", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB")]
)
def test_a_small_picture_is_a_jpeg_of_at_most_1280_pixels(form: str, mode: str) -> None:
    small = look(picture(form, (3000, 1500), mode, colour=0)).small
    assert small is not None
    with Image.open(io.BytesIO(small)) as made:
        assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (SIDE, SIDE // 2))


def test_a_picture_that_is_small_stays_as_large_as_it_is() -> None:
    small = look(picture(size=(90, 60))).small
    assert small is not None
    with Image.open(io.BytesIO(small)) as made:
        assert made.size == (90, 60)


def test_a_small_picture_stands_upright_and_tells_nothing_of_the_camera() -> None:
    small = look(picture(size=(400, 300), exif=exif(gps(*HUASHAN), t274=6))).small
    assert small is not None
    assert b"Exif" not in small
    with Image.open(io.BytesIO(small)) as made:
        assert made.size == (300, 400)


# --- the place --------------------------------------------------------------------------------------------------------


def near(spot: Spot | None, latitude: float, longitude: float) -> bool:
    return spot is not None and abs(spot.latitude - latitude) < 1e-5 and abs(spot.longitude - longitude) < 1e-5


def test_a_camera_tells_its_place() -> None:
    assert near(look(shot(*HUASHAN)).spot, *HUASHAN)


def test_an_iphones_file_tells_its_place_although_nobody_can_open_it() -> None:
    seen = look(heic(*HUASHAN))
    assert seen.small is None
    assert near(seen.spot, *HUASHAN)


@pytest.mark.parametrize(("said", "believed"), [(12.5, 12.5), (0.0, None), (9e9, None)])
def test_the_accuracy_comes_along_when_it_can_be_true(said: float, believed: float | None) -> None:
    spot = look(picture(exif=exif(gps(*HUASHAN) | {31: said}))).spot
    assert spot is not None
    assert spot.accuracy == believed


@pytest.mark.parametrize(
    ("latitude", "longitude", "counts"),
    [(3.0, 73.0, True), (53.99, 134.99, True), (2.9, 118.0, False), (54.1, 118.0, False), (29.0, 72.9, False),
     (29.0, 135.1, False), (0.0, 0.0, False), (-29.1, 118.4, False), (29.1, -118.4, False)],
)  # fmt: skip
def test_only_places_in_and_around_china_count(latitude: float, longitude: float, counts: bool) -> None:
    assert (look(shot(latitude, longitude)).spot is not None) is counts


@pytest.mark.parametrize(
    "wrong",
    [{2: (29.0, 61.0, 0.0)}, {2: (29.0, 8.0)}, {4: (118.0, 0.0, 60.0)}, {2: (IFDRational(0, 0), 0.0, 0.0)},
     {18: "GCJ-02"}, {18: "BD-09"}, {1: "S"}, {3: "W"}],
)  # fmt: skip
def test_a_place_that_is_none_is_left_alone(wrong: dict[int, Any]) -> None:
    assert look(picture(exif=exif(gps(*HUASHAN) | wrong))).spot is None


def test_notes_without_a_place_say_nothing() -> None:
    assert look(picture()).spot is None
    assert look(picture(exif=exif({}))).spot is None


# --- what nobody should send ------------------------------------------------------------------------------------------


def test_a_bomb_is_not_set_off() -> None:
    data = bomb()
    assert len(data) < 10_000
    assert look(data) == look(b"")


def test_a_picture_that_must_be_held_whole_has_a_lower_limit() -> None:
    assert look(picture("PNG", (6000, 5000), "1")).small is None
    assert look(picture("JPEG", (6000, 5000), "L")).small is not None
    assert look(picture("JPEG", (6000, 5000), "L", progressive=True)).small is None


def test_half_a_picture_still_knows_its_place() -> None:
    data = shot(*HUASHAN)
    seen = look(data[: len(data) // 2])
    assert seen.small is None
    assert near(seen.spot, *HUASHAN)


def test_broken_files_are_harmless() -> None:
    """Every kind, cut off anywhere and with bytes changed anywhere: nothing is raised."""
    dice = random.Random(4711)
    for whole in (shot(*HUASHAN), picture("PNG", (64, 64)), picture("WEBP", (64, 64)), picture("GIF", (64, 64))):
        for _ in range(40):
            data = bytearray(whole[: dice.randrange(len(whole))])
            for _ in range(dice.randrange(8)):
                if data:
                    data[dice.randrange(min(len(data), 400))] = dice.randrange(256)
            look(bytes(data))
            ending(bytes(data), Form.FILE)
