"""Who this process is among all on one database: a name that no living one shares and that a dead one leaves behind.

The name is that of a file in the data folder, on which this process holds the kernel's lock (docs/adr/0007). Whoever
gets the lock knows that the former holder is dead, and may take over at once what was claimed under the name.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from bot.clock import Clock
from bot.database import Database
from bot.errors import name_of
from models import lease

log = structlog.get_logger()

MOST = 64  # processes that share one data folder
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def instance(folder: Path) -> Iterator[str]:
    """Hold a name until left. → the name, the same after a restart with this data folder.

    Where no lock can be had (a folder that cannot be written, a system without flock) the name is a new one each time:
    then the claims of a dead process wait for the end of their lease.
    """
    try:
        held = _lock(folder)
    except (OSError, ImportError) as error:
        log.warning("no_instance_lock", error=type(error).__name__)
        held = None
    if held is None:
        yield f"once-{secrets.token_hex(8)}"
        return
    try:
        yield _name(held)
    finally:
        os.close(held)  # the kernel does the same when the process is killed


def _lock(folder: Path) -> int | None:
    """The first file that nobody alive holds, locked; None when all are held."""
    import fcntl  # there is none on Windows

    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, MOST + 1):
        descriptor = os.open(folder / f".instance-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # flock, not fcntl.lockf: those locks are the process's, so that two bots in one would not see each other.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        else:
            return descriptor
    return None


def _name(descriptor: int) -> str:
    """The same name means the same file under the same running kernel, whose table of locks is the proof.

    So a copy of the folder, another machine that shares it, and this machine after a restart all have other names.
    """
    about = os.fstat(descriptor)
    boot = platform.node()
    with suppress(OSError):
        boot += BOOT_ID.read_text("ascii")
    return "seat-" + hashlib.sha256(f"{boot}:{about.st_dev}:{about.st_ino}".encode()).hexdigest()[:16]


async def let_go(database: Database, clock: Clock, name: str, owner: str) -> None:
    """Give a lease back at the end, so that the next process need not wait; with the database away it runs out."""
    try:
        async with database.transaction(ring=False) as session:
            await lease.let_go(session, clock.now(), name, owner)
    except Exception as error:
        log.warning("lease_kept", lease=name, error=name_of(error))
