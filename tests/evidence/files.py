"""Cases with real files on a disk, and bundles opened as an inspector opens them, for the tests beside."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.ExifTags import Base
from sqlmodel import col, select

from bot import export
from bot.export import Export
from models.report.rules import Form
from models.report.tables import Photo, Report
from tests.cast import ZONE, Cast, later
from tests.village import MORNING

NOW = MORNING + later(days=40)
CAMERA = "Bob's own camera"


def a_picture(shade: int) -> bytes:
    """A JPEG that tells whose camera took it."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[Base.Make] = CAMERA
    Image.new("RGB", (320, 240), (shade % 256, 120, 90)).save(out, "JPEG", exif=exif)
    return out.getvalue()


async def kept(cast: Cast, folder: Path) -> None:
    """Every photo so far lies on the disk, as it came."""
    async with cast.database.transaction() as session:
        rows = await session.exec(select(Photo, Report.number).join(Report, col(Report.id) == col(Photo.report_id)))
        for photo, number in rows.all():
            data = b"OggS words" if photo.form is Form.VOICE else a_picture(37 * (photo.id or 0))
            photo.path = f"{number}/{photo.nth}.{'ogg' if photo.form is Form.VOICE else 'jpg'}"
            photo.sha256, photo.size, photo.fetch_at = hashlib.sha256(data).hexdigest(), len(data), None
            (folder / number).mkdir(parents=True, exist_ok=True)
            (folder / photo.path).write_bytes(data)
            session.add(photo)


async def number_of(cast: Cast, report_id: int) -> str:
    """The number of a case."""
    async with cast.database.reading() as session:
        return (await session.get_one(Report, report_id)).number


@dataclass
class Opened:
    """A bundle, unpacked."""

    folder: Path
    said: list[str]

    def json(self, name: str) -> Any:
        """A file of data."""
        return json.loads((self.folder / name).read_text("utf-8"))

    def change(self, name: str, value: Any) -> None:
        """Somebody writes a file of data anew."""
        (self.folder / name).write_text(json.dumps(value, ensure_ascii=False), "utf-8")

    @property
    def page(self) -> str:
        """What a browser shows."""
        return (self.folder / "index.html").read_text("utf-8")

    def everything(self) -> dict[str, bytes]:
        """All files by their names."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def manifest_anew(self) -> None:
        """Somebody who altered a file makes the manifest fit."""
        files = {name: data for name, data in self.everything().items() if name != "MANIFEST.txt"}
        lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()]
        (self.folder / "MANIFEST.txt").write_text("".join(lines), "utf-8")

    def manifest_holds(self) -> bool:
        """What the usual tool says, where there is one."""
        tool = shutil.which("sha256sum")
        return (
            tool is None or subprocess.run([tool, "-c", "MANIFEST.txt"], cwd=self.folder, check=False).returncode == 0
        )

    def verified(self) -> tuple[int, str]:
        """What the script in the bundle says, run by a Python that knows nothing of ours."""
        run = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", "verify.py"], cwd=self.folder, capture_output=True, check=False
        )
        assert run.stderr == b""
        return run.returncode, run.stdout.decode()


async def bundled(cast: Cast, tmp_path: Path, report_id: int, *, reveal: bool = False) -> Opened:
    """One case exported and unpacked."""
    target = tmp_path / f"case{reveal}.zip"
    number = await number_of(cast, report_id)
    said = await export.one(Export(cast.database, ZONE, NOW, target), tmp_path / "photos", number, reveal=reveal)
    assert target.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "opened")
    return Opened(tmp_path / "opened" / number, said)


def left(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())
