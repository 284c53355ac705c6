"""Packs one case into a ZIP that an inspector checks without us: pages, data, journal, photos, and how to check them.

It takes what models/hazard/dossier gathered and the files on disk; it hides nothing that is missing or was altered.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from bot import pictures
from bot.export import guide, page
from bot.export.page import Shown
from models.hazard.dossier import Chain, Dossier, Exhibit
from models.report.rules import Form

MANIFEST = "MANIFEST.txt"
VERIFY = Path(__file__).with_name("verify.py")
SHOWN_BY_BROWSERS = {".jpg", ".png", ".webp", ".gif"}

NOTES = {
    "kept": "原件，与收到时登记的哈希一致",
    "altered": "磁盘上的文件与收到时登记的哈希不一致，可能被改动",
    "missing": "磁盘上找不到文件，只有登记的哈希",
    "purged": "保存期满，文件已按规定清除，只留哈希",
    "lost": "收到后没能下载保存",
    "waiting": "还没下载完，稍后重新导出",
    "reduced": "为保护举报人，只附重新压缩、去掉拍摄信息的小图；原件仍在，与登记的哈希一致",
    "reduced_altered": "为保护举报人，只附小图；磁盘上的原件与登记的哈希不一致，可能被改动",
    "withheld": "为保护举报人，不附文件，只留哈希",
}


@dataclass
class Bundle:
    """A ZIP under way: every file goes through `add`, so that the manifest names them all."""

    archive: zipfile.ZipFile
    folder: str
    now: datetime
    digests: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> None:
        """One file of the bundle."""
        local = self.now.timetuple()
        info = zipfile.ZipInfo(f"{self.folder}/{name}", date_time=local[:6])
        info.external_attr = 0o644 << 16
        info.compress_type = zipfile.ZIP_STORED if name.startswith("photos/") else zipfile.ZIP_DEFLATED
        self.archive.writestr(info, data)
        self.digests[name] = hashlib.sha256(data).hexdigest()

    def manifest(self) -> bytes:
        """What `sha256sum -c` reads."""
        return "".join(f"{digest}  {name}\n" for name, digest in sorted(self.digests.items())).encode()


def pack(dossier: Dossier, photos: Path, target: Path, now: datetime, zone: ZoneInfo) -> list[Shown]:
    """Write the whole bundle to `target`, which nobody else on the machine may read. → what became of the photos."""
    local = now.astimezone(zone)
    with (
        open(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+b") as out,
        zipfile.ZipFile(out, "w") as archive,
    ):
        bundle = Bundle(archive, dossier.number, local)
        shown = [_photo(bundle, photos, exhibit, dossier.hidden) for exhibit in dossier.exhibits]
        bundle.add("index.html", page.index(dossier, shown, local, zone).encode())
        bundle.add("case.json", _json(_case(dossier, shown, local)))
        bundle.add("journal.json", _json(_journal(dossier)))
        bundle.add("verify.py", VERIFY.read_bytes())
        bundle.add("CHECK.md", guide.text(dossier).encode())
        bundle.add(MANIFEST, bundle.manifest())
    return shown


# --- photos -----------------------------------------------------------------------------------------------------------


def _photo(bundle: Bundle, photos: Path, exhibit: Exhibit, hidden: bool) -> Shown:
    """Put one file in, as it may be, and say what became of it."""
    data = _read(photos, exhibit)
    if data is None:
        state = "purged" if exhibit.purged_at else "missing" if exhibit.path else "lost" if exhibit.error else "waiting"
        return Shown(exhibit, state, NOTES[state])
    same = hashlib.sha256(data).hexdigest() == exhibit.sha256
    name, state = _name(exhibit, PurePosixPath(exhibit.path or "").suffix), "kept" if same else "altered"
    if hidden or exhibit.hidden:
        small = pictures.look(data).small if exhibit.form is not Form.VOICE else None
        if small is None:
            return Shown(exhibit, "withheld", NOTES["withheld"])
        name, data, state = _name(exhibit, ".small.jpg"), small, "reduced" if same else "reduced_altered"
    bundle.add(name, data)
    return Shown(exhibit, state, NOTES[state], name, PurePosixPath(name).suffix in SHOWN_BY_BROWSERS)


def _read(photos: Path, exhibit: Exhibit) -> bytes | None:
    """The file on disk; None when there is none (any more), or not below the photo folder."""
    if exhibit.path is None or not (photos / exhibit.path).resolve().is_relative_to(photos.resolve()):
        return None
    try:
        return (photos / exhibit.path).read_bytes()
    except OSError:
        return None


def _name(exhibit: Exhibit, suffix: str) -> str:
    side = "before" if exhibit.round is None else f"after-{exhibit.round}"
    return f"photos/{exhibit.number}/{side}-{exhibit.nth}{suffix}"


# --- data -------------------------------------------------------------------------------------------------------------


def _case(dossier: Dossier, shown: list[Shown], local: datetime) -> dict[str, Any]:
    return {
        "format": 1,
        "number": dossier.number,
        "exported_at": local,
        "reporter_hidden": dossier.hidden,
        "report": dossier.report,
        "hazard": dossier.hazard,
        "proofs": dossier.proofs,
        "joined": dossier.joined,
        "photos": [_exhibit(each) for each in shown],
        "story": [_plain(asdict(step)) for step in dossier.steps],
        "persons": dossier.persons,
        "journal_at_export": [{"report": chain.number, "flaw": _flaw(chain)} for chain in dossier.chains],
    }


def _exhibit(shown: Shown) -> dict[str, Any]:
    each = shown.exhibit
    return {
        "id": each.id, "report": each.number, "nth": each.nth, "form": each.form, "round": each.round, "by": each.by,
        "received_at": each.received_at, "sha256": each.sha256, "size": each.size, "state": shown.state,
        "note": shown.note, "file": shown.file, "original": shown.state in ("kept", "altered"),
        "purged_at": each.purged_at,
    }  # fmt: skip


def _plain(step: dict[str, Any]) -> dict[str, Any]:
    """A step without Telegram's names for its files."""
    step["shots"] = [shot["id"] for shot in step["shots"]]
    return step


def _flaw(chain: Chain) -> dict[str, Any] | None:
    return {"nth": chain.flaw.nth, "what": chain.flaw.what} if chain.flaw else None


def _journal(dossier: Dossier) -> dict[str, Any]:
    note = guide.REDACTED if dossier.hidden or _is_redacted(dossier) else ""
    chains = [{"number": chain.number, "head": chain.head, "entries": chain.entries} for chain in dossier.chains]
    return {"format": 1, "number": dossier.number, "note": note, "reports": chains}


def _is_redacted(dossier: Dossier) -> bool:
    return any("redacted" in entry for chain in dossier.chains for entry in chain.entries)


def _json(value: Any) -> bytes:
    out = io.StringIO()
    json.dump(_ready(value), out, ensure_ascii=False, indent=1, allow_nan=False)
    return (out.getvalue() + "\n").encode()


def _ready(value: Any) -> Any:
    """Moments as ISO 8601, enumerations as their values, tuples as lists."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(_ready(key)): _ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_ready(item) for item in value]
    return value


def problems(dossier: Dossier, shown: list[Shown]) -> Iterator[str]:
    """What the person at the command line should know about the bundle just made, a sentence each."""
    for chain in dossier.chains:
        if chain.flaw is not None:
            yield f"WARNING: the journal of {chain.number} was tampered with: entry {chain.flaw.nth} {chain.flaw.what}."
    for each in shown:
        if each.state in ("altered", "missing", "reduced_altered"):
            yield f"WARNING: photo {each.exhibit.nth} of {each.exhibit.number} is {each.state} on disk."
