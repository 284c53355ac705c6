"""Pictures as cameras make them, and as nobody should send them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image
from PIL.ExifTags import IFD

HUASHAN = (29.137, 118.415)  # the first test vector of domain 7.5


def gps(latitude: float, longitude: float) -> dict[int, Any]:
    """A camera's notes about its place."""
    return {1: "NS"[latitude < 0], 2: _angle(latitude), 3: "EW"[longitude < 0], 4: _angle(longitude)}


def _angle(value: float) -> tuple[float, float, float]:
    degrees, rest = divmod(abs(value), 1)
    minutes, rest = divmod(rest * 60, 1)
    return degrees, minutes, rest * 60


def exif(notes: dict[int, Any], **tags: int) -> Image.Exif:
    """Notes about the place, and tags such as the orientation (274)."""
    made = Image.Exif()
    made[IFD.GPSInfo] = notes
    for tag, value in tags.items():
        made[int(tag.removeprefix("t"))] = value
    return made


def picture(form: str = "JPEG", size: tuple[int, int] = (1600, 1200), mode: str = "RGB", **how: Any) -> bytes:
    """A whole picture."""
    out = io.BytesIO()
    Image.new(mode, size, how.pop("colour", "green" if mode == "RGB" else 0)).save(out, form, **how)
    return out.getvalue()


def shot(latitude: float, longitude: float) -> bytes:
    """A JPEG with its place."""
    return picture(exif=exif(gps(latitude, longitude)))


def bomb(side: int = 30_000) -> bytes:
    """A PNG of some kilobytes that says it is a picture of nearly a gigapixel, and is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(side + 1)) for _ in range(64)) + rows.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def heic(latitude: float, longitude: float) -> bytes:
    """As an iPhone's file begins, with the Exif block somewhere in it; what stands around it nobody here can decode."""
    block = exif(gps(latitude, longitude)).tobytes()
    return b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + bytes(400) + b"\0\0\0\x06" + block + bytes(range(256)) * 8
