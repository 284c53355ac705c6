"""The packages: each lock is exactly what pyproject names and what that needs in turn, by hash, and it is installed.

What this cannot see: whether a release was found dangerous, or taken back, after it was locked. Only an advisory
service and the index know that, and neither can be asked from here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(
    r"(?P<pin>[^\s;]+==[^\s;]+)(?: ; (?P<marker>[^\\]+?))?(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)"
)


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def asked(lock: str) -> list[Requirement]:
    """What pyproject names for this lock."""
    names = list(project()["project"]["dependencies"])
    if "dev" in lock:
        names += project()["dependency-groups"]["dev"]
    return [Requirement(name) for name in names]


def pins(lock: str) -> list[Requirement]:
    """The lock's lines. AssertionError for one that is no pin with its hashes."""
    text = (ROOT / lock).read_text("utf-8")
    found = [*PIN.finditer(text)]
    assert "".join(match[0] + "\n" for match in found) == text
    return [Requirement(match["pin"] + (f" ; {match['marker']}" if match["marker"] else "")) for match in found]


def here(requirement: Requirement, extra: str = "") -> bool:
    """Whether it is meant for this system and Python."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def needed(asked: Iterable[Requirement]) -> set[str]:
    """The names of these packages and of all that they need in turn on this machine, as they are installed."""
    found: set[str] = set()
    todo = [(canonicalize_name(each.name), extra) for each in asked if here(each) for extra in ("", *each.extras)]
    seen = set(todo)
    while todo:
        name, extra = todo.pop()
        found.add(name)
        for each in map(Requirement, distribution(name).requires or ()):
            if here(each, extra):
                new = {(canonicalize_name(each.name), wanted) for wanted in ("", *each.extras)} - seen
                seen |= new
                todo += new
    return found


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_covers_exactly_what_pyproject_names(lock: str) -> None:
    locked = {canonicalize_name(pin.name): pin for pin in pins(lock)}
    assert len(locked) == len(pins(lock))
    for each in asked(lock):
        (pinned,) = locked[canonicalize_name(each.name)].specifier
        assert each.specifier.contains(pinned.version), f"{each} is locked at {pinned.version}: make lock"
    assert {name for name, pin in locked.items() if here(pin)} == needed(asked(lock))


def test_the_lock_is_what_is_installed() -> None:
    for pin in pins("requirements-dev.txt"):
        if here(pin):
            assert pin.specifier.contains(distribution(pin.name).version), f"{pin} is not installed: make dev"


def test_both_locks_agree() -> None:
    """What the tests ran with is what the county runs."""
    dev = {str(pin) for pin in pins("requirements-dev.txt")}
    assert {str(pin) for pin in pins("requirements.txt")} <= dev
