"""Files that went through the chats, kept in memory; it must not know messages or who sent what."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal

from bot.sandbox.errors import bad_request
from bot.sandbox.images import size, without_metadata
from bot.sandbox.validate import Upload

Json = dict[str, Any]
Kind = Literal["photo", "thumbnail", "document", "voice"]

# Bot API: "bots can download files of up to 20MB", upload 50 MB, photos 10 MB, width + height <= 10000, ratio <= 20.
DOWNLOAD_LIMIT = 20 << 20
UPLOAD_LIMIT = 50 << 20
PHOTO_LIMIT = 10 << 20
FOLDERS = {"photo": "photos", "thumbnail": "thumbnails", "document": "documents", "voice": "voice"}
PREFIXES = {"photo": "AgACAgUA", "thumbnail": "AAMCBQAD", "document": "BQACAgUA", "voice": "AwACAgUA"}
TITLES = {"photo": "Photo", "thumbnail": "Thumbnail", "document": "Document", "voice": "VoiceNote"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file as one bot may use it; width and height are 0 where there are none."""

    token: str
    kind: Kind
    file_id: str
    unique_id: str
    data: bytes
    path: str
    name: str
    mime: str
    width: int = 0
    height: int = 0

    def base(self) -> Json:
        """The fields every Bot API file object has."""
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.data)}


@dataclass(slots=True)
class Storage:
    """All files by id and by download path; the same bytes always get the same unique id."""

    by_id: dict[str, StoredFile] = field(default_factory=dict)
    by_path: dict[tuple[str, str], StoredFile] = field(default_factory=dict)
    small: dict[str, StoredFile] = field(default_factory=dict)
    count: int = 0

    def add(
        self, token: str, kind: Kind, data: bytes, name: str, mime: str = "", area: tuple[int, int] = (0, 0)
    ) -> StoredFile:
        """Keep a file; `area` is width and height in pixels."""
        self.count += 1
        digest = hashlib.sha256(kind[0].encode() + data).digest()
        seed = hashlib.sha256(f"{token}:{self.count}".encode() + digest).digest()
        stored = StoredFile(
            token=token,
            kind=kind,
            file_id=PREFIXES[kind] + base64.urlsafe_b64encode(seed + digest[:7]).decode().rstrip("="),
            unique_id="AQAD" + base64.urlsafe_b64encode(digest[:9]).decode(),
            data=data,
            path=f"{FOLDERS[kind]}/file_{self.count}{PurePath(name).suffix.lower()}",
            name=name,
            mime=mime or mimetypes.guess_type(name)[0] or "application/octet-stream",
            width=area[0],
            height=area[1],
        )
        self.put(stored)
        return stored

    def put(self, stored: StoredFile) -> None:
        """Let a file be found by its id and its path."""
        self.by_id[stored.file_id] = stored
        self.by_path[stored.token, stored.path] = stored

    def add_photo(self, token: str, data: bytes, area: tuple[int, int] | None = None) -> StoredFile:
        """Keep a photo and its small variant, without camera metadata, as Telegram does.

        Bytes nobody can read as an image count as 1280 × 960, so that tests need no real pictures.
        """
        data = without_metadata(data)
        width, height = area or size(data) or (1280, 960)
        mime = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
        name = "photo.png" if mime == "image/png" else "photo.jpg"
        photo = self.add(token, "photo", data, name, mime, (width, height))
        scale = min(1.0, 90 / max(width, height))
        area = (max(1, round(width * scale)), max(1, round(height * scale)))
        # There is no image library here: the small one has the bytes of the big one and only says it is small.
        self.small[photo.file_id] = self.add(token, "thumbnail", data, name, mime, area)
        return photo

    def photo_sizes(self, photo: StoredFile) -> list[Json]:
        """The `photo` array of a message, smallest first."""
        pair = (self.small[photo.file_id], photo)
        return [each.base() | {"width": each.width, "height": each.height} for each in pair]

    def find(self, token: str, file_id: str) -> StoredFile | None:
        """The file if this bot may use it."""
        stored = self.by_id.get(file_id)
        return stored if stored is not None and stored.token == token else None

    def given(self, token: str, kind: Kind, value: Any, uploads: dict[str, Upload]) -> StoredFile:
        """What a bot sends: an upload, `attach://name`, or the file_id of an earlier file.

        Raises `ApiError` 400 for anything else, 413 when it is too big.
        """
        if isinstance(value, str) and value.startswith("attach://"):
            name = value.removeprefix("attach://")
            if name not in uploads:
                raise bad_request(f"attached file {name} not found")
            value = uploads[name]
        if isinstance(value, Upload):
            return self._uploaded(token, kind, value)
        if str(value).startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")  # the sandbox reaches nothing outside
        stored = self.find(token, str(value))
        if stored is None:
            raise bad_request("wrong remote file identifier specified: Wrong string length")
        if stored.kind == "thumbnail" or stored.kind != kind:
            raise bad_request(f"can't use file of type {TITLES[stored.kind]} as {TITLES[kind]}")
        return stored

    def _uploaded(self, token: str, kind: Kind, upload: Upload) -> StoredFile:
        if not upload.data:
            raise bad_request("file must be non-empty")
        if kind != "photo":
            return self.add(token, kind, upload.data, upload.name or "file", upload.mime)
        if len(upload.data) > PHOTO_LIMIT:
            words = f"file of size {len(upload.data)} bytes is too big for a photo"
            raise bad_request(f"{words}; the maximum size is {PHOTO_LIMIT} bytes")
        area = size(upload.data)
        if area is None and not self._seen(upload.data):
            raise bad_request("IMAGE_PROCESS_FAILED")
        if area is not None and (sum(area) > 10000 or max(area) > 20 * min(area)):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        return self.add_photo(token, upload.data, area)

    def _seen(self, data: bytes) -> bool:
        """Whether a person sent these bytes as a photo before: tests may use pictures that are none."""
        return any(each.kind == "photo" and each.data == data for each in self.by_id.values())
