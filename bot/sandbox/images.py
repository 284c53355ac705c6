"""Reads the size of JPEG and PNG pictures and takes camera metadata out; it must not decode pixels."""

from __future__ import annotations

from collections.abc import Iterator

# Start-of-frame markers of all JPEG kinds (C4, C8 and CC are other tables).
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, None when this is neither JPEG nor PNG."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return _positive(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    for marker, start, stop in _segments(data):
        if marker in FRAMES and stop - start >= 7:
            height, width = data[start + 3 : start + 5], data[start + 5 : start + 7]
            return _positive(int.from_bytes(width, "big"), int.from_bytes(height, "big"))
    return None


def without_metadata(data: bytes) -> bytes:
    """A JPEG without its Exif and XMP segments (Telegram drops place and camera from photos); others unchanged."""
    cuts = [(start - 2, stop) for marker, start, stop in _segments(data) if marker == 0xE1]
    for start, stop in reversed(cuts):
        data = data[:start] + data[stop:]
    return data


def _positive(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if width > 0 and height > 0 else None


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start of its length field and end of every header segment of a JPEG."""
    if not data.startswith(b"\xff\xd8\xff"):
        return
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xDA:  # picture data begins
            return
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, at + 2, min(stop, len(data))
        at = stop
