"""What a file from outside really is, by its bytes: its ending, a small picture of it, its place, its likeness.

It believes no name and no header: whatever is broken, huge or forged comes out as "nothing", never as an exception.
It blocks, so it is called in a thread.
"""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from typing import Any

import imagehash
import structlog
from PIL import Image, ImageOps
from PIL.ExifTags import GPS, IFD

from models.report.rules import Form

log = structlog.get_logger()

SIDE = 1280  # pixels of a small picture's longer side
QUALITY = 80
# A JPEG is shrunk while it is decoded. Other kinds, and progressive JPEG, are held whole, with 4 to 6 bytes a pixel.
MOST_PIXELS = 64_000_000
MOST_WHOLE = 25_000_000
READABLE = ("JPEG", "PNG", "WEBP", "GIF")  # no other decoder ever sees a stranger's bytes; JPEG opens MPO as well
EAST, NORTH = (73.0, 135.0), (3.0, 54.0)  # China's outermost degrees: a camera that says otherwise does not know
WORST_ACCURACY = 10_000.0  # metres
# A wall, fog or the inside of a pocket all look alike without being the same: what shows nothing is like nothing.
FAINTEST = 16  # of 255 levels of grey between the lightest and the darkest of the 72 fields that are compared
FEWEST = 4  # bits that must be set, and as many that must not be

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

ENDINGS = {Form.PHOTO: ".jpg", Form.VOICE: ".ogg", Form.FILE: ".bin"}
BRANDS = {b"avif": ".avif", b"avis": ".avif"} | dict.fromkeys(
    (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), ".heic"
)
EXIF = b"Exif\0\0"


@dataclass(frozen=True)
class Spot:
    """Where a camera says it stood: WGS-84 degrees, accuracy in metres if it tells."""

    latitude: float
    longitude: float
    accuracy: float | None = None


@dataclass(frozen=True)
class Seen:
    """What was found in a picture: a small JPEG without the camera's notes, the place in them, and its likeness.

    `likeness` has 16 hexadecimal digits; of two alike pictures few of the 64 bits differ. None: nothing to see.
    """

    small: bytes | None = None
    spot: Spot | None = None
    likeness: str | None = None


def ending(data: bytes, form: Form) -> str:
    """The ending of a file's name, by its content; by the form in which it came where the content says nothing."""
    starts = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG\r\n\x1a\n", ".png"), (b"OggS", ".ogg"), (b"GIF8", ".gif"))
    for start, found in starts:
        if data.startswith(start):
            return found
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if data[4:8] == b"ftyp" and data[8:12] in BRANDS:
        return BRANDS[data[8:12]]
    return ENDINGS[form]


def look(data: bytes) -> Seen:
    """Look at a picture. Nothing is found in what is no picture, broken, or larger than is good for us."""
    try:
        with Image.open(io.BytesIO(data), formats=READABLE) as picture:
            spot = _spot(picture.getexif())  # before shrinking: a cut-off picture still knows its place
            upright = _upright(picture)
        return Seen(_jpeg(upright), spot, _likeness(upright))
    except Exception as error:  # a decoder fails in as many ways as files can be broken
        log.info("no_small_picture", bytes=len(data), error=type(error).__name__)
        return Seen(None, _spot_in_bytes(data))


def _upright(picture: Image.Image) -> Image.Image:
    """As a viewer shows it, at most SIDE pixels long, on white."""
    shrinks = picture.format in ("JPEG", "MPO") and not picture.info.get("progressive")
    if picture.width * picture.height > (MOST_PIXELS if shrinks else MOST_WHOLE):
        raise Image.DecompressionBombError
    picture.thumbnail((SIDE, SIDE))
    upright = ImageOps.exif_transpose(picture)
    # A new picture, so that nothing of the camera's notes comes along.
    fresh = Image.new("RGB", upright.size, "white")
    layer = upright.convert("RGBA")
    fresh.paste(layer, mask=layer)
    return fresh


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _likeness(picture: Image.Image) -> str | None:
    """A difference hash (dHash, 8 rows of 9 fields of grey): it outlives scaling, recompression and other colours."""
    fields = picture.convert("L").resize((9, 8)).tobytes()
    found = str(imagehash.dhash(picture))
    shows = max(fields) - min(fields) >= FAINTEST and FEWEST <= int(found, 16).bit_count() <= 64 - FEWEST
    return found if shows else None


def _spot_in_bytes(data: bytes) -> Spot | None:
    """The place in a picture that cannot be opened, such as an iPhone's HEIC: the Exif block is one piece of it."""
    try:
        start = data.index(EXIF)
        exif = Image.Exif()
        exif.load(data[start : start + (1 << 16)])
        return _spot(exif)
    except Exception:
        return None


def _spot(exif: Image.Exif) -> Spot | None:
    """The place in a camera's notes, if it can be true."""
    try:
        notes: dict[int, Any] = exif.get_ifd(IFD.GPSInfo)
        latitude = _degrees(notes[GPS.GPSLatitude], notes.get(GPS.GPSLatitudeRef), "S")
        longitude = _degrees(notes[GPS.GPSLongitude], notes.get(GPS.GPSLongitudeRef), "W")
        error = notes.get(GPS.GPSHPositioningError)
        accuracy = float(error) if error is not None else None
    except Exception:
        return None
    datum = "".join(sign for sign in str(notes.get(GPS.GPSMapDatum, "")).upper() if sign.isalnum())
    if not (NORTH[0] <= latitude <= NORTH[1] and EAST[0] <= longitude <= EAST[1]) or "GCJ" in datum or "BD09" in datum:
        return None
    return Spot(latitude, longitude, accuracy if accuracy and 0 < accuracy <= WORST_ACCURACY else None)


def _degrees(parts: Any, side: Any, negative: str) -> float:
    """Degrees, minutes and seconds → degrees; ValueError when they cannot be."""
    degrees, minutes, seconds = (float(part) for part in parts)
    if not (math.isfinite(degrees) and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise ValueError("no angle")
    value = degrees + minutes / 60 + seconds / 3600
    letter = side.decode("ascii", "replace") if isinstance(side, bytes) else str(side or "")
    return -value if letter.strip("\0 ").upper() == negative else value
