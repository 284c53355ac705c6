"""核对案卷: checks this bundle with nothing but Python. It stands in every bundle, so it imports only what Python has.

    python3 verify.py

Three checks: every file is as MANIFEST.txt says; the journal's chain of hashes holds from the first entry to the head;
every original photo has the hash that was noted when it came. It changes nothing and asks no network.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

HASHED = ("previous", "nth", "salt", "at", "actor_id", "verb", "subject", "subject_id", "facts")
HERE = Path(__file__).resolve().parent
MANIFEST = "MANIFEST.txt"


def say(text: str) -> None:
    """One line, also on a console that cannot show every character."""
    sys.stdout.buffer.write((text + "\n").encode(sys.stdout.encoding or "utf-8", "replace"))
    sys.stdout.buffer.flush()


def sha256(path: Path) -> str:
    """A file's SHA-256 in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def digest(entry: dict[str, Any]) -> str:
    """An entry's hash: SHA-256 of its canonical JSON, the names in HASHED sorted, no spaces, UTF-8 not escaped."""
    said = {name: entry[name] for name in HASHED}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def files(folder: Path) -> list[str]:
    """What is wrong with the files: missing, altered, or not of this bundle."""
    wrong, named = [], {MANIFEST}
    for line in (folder / MANIFEST).read_text("utf-8").splitlines():
        noted, _, name = line.partition("  ")
        named.add(name)
        if not (folder / name).is_file():
            wrong.append(f"缺少文件 {name}")
        elif sha256(folder / name) != noted:
            wrong.append(f"文件被改动 {name}")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return wrong + [f"多出文件 {name}" for name in sorted(there - named) if "__pycache__" not in name]


def chain(report: dict[str, Any]) -> tuple[list[str], int]:
    """What is wrong with the chain of one report, and how many of its entries cannot be recomputed."""
    number, before, unseen = report["number"], "", 0
    entries = report["entries"]
    start = next((place for place, entry in enumerate(entries) if entry["nth"] is not None), len(entries))
    chained = entries[start:]  # those before it are older than the chain
    for nth, entry in enumerate(chained, 1):
        if entry["nth"] != nth:
            return [f"{number} 第{nth}条缺失或错位"], unseen
        if entry["previous"] != before:
            return [f"{number} 第{nth}条与上一条不衔接"], unseen
        if entry.get("redacted"):
            unseen += 1
        elif digest(entry) != entry["hash"]:
            return [f"{number} 第{nth}条被改动"], unseen
        before = entry["hash"]
    head = report["head"] or {"nth": 0, "hash": ""}
    if head != {"nth": len(chained), "hash": before}:
        return [f"{number} 末尾与链头不符"], unseen
    return [], unseen


def photos(folder: Path, exhibits: list[dict[str, Any]]) -> list[str]:
    """What is wrong with the original photos: other than noted when they came."""
    wrong = []
    for each in exhibits:
        name = each["file"]
        if each["original"] and (folder / name).is_file() and sha256(folder / name) != each["sha256"]:
            wrong.append(f"{name} 与上报时登记的哈希不符")
    return wrong


def main(folder: Path) -> int:
    """Check all; 0 when nothing is wrong."""
    try:
        journal = json.loads((folder / "journal.json").read_text("utf-8"))
        case = json.loads((folder / "case.json").read_text("utf-8"))
        wrong = files(folder)
        chains = [chain(report) for report in journal["reports"]]
        wrong += [each for found, _ in chains for each in found] + photos(folder, case["photos"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        say(f"[错误] 案卷不完整，无法核对 ({type(error).__name__}: {error})")
        return 1
    for each in wrong:
        say(f"[错误] {each}")
    if unseen := sum(count for _, count in chains):
        say(f"[说明] {unseen} 条记录为保护举报人隐去部分内容，本条哈希无法重算，前后衔接已核对")
    for each in case["photos"]:
        if each["state"] != "kept":
            say(f"[说明] 照片 {each['report']} 第{each['nth']}张：{each['note']}")
    entries = sum(len(report["entries"]) for report in journal["reports"])
    say(f"{'核对未通过' if wrong else '核对通过'}：{case['number']}，{entries} 条记录，{len(case['photos'])} 张照片")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(HERE))
