"""The real bot as a process of its own, as a county runs it; it can be killed in the middle of anything."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Process:
    """`python -m bot run` with these CUNSHAO_ variables; what it logs goes to a file."""

    variables: Mapping[str, str]
    log: Path
    _process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The number of the running process."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it; it is not up yet when this returns."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=ROOT, stdout=log, stderr=log,
                env={**kept, "PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1", **self.variables},
            )  # fmt: skip

    async def breathe(self, seconds: float) -> None:
        """Wait a moment. AssertionError with the log when it has ended by itself."""
        await asyncio.sleep(seconds)
        assert self._process is not None
        assert self._process.returncode is None, f"the bot ended by itself:\n{self.tail()}"

    async def kill(self) -> None:
        """SIGKILL, wherever it is. AssertionError when it had ended by itself."""
        await self.breathe(0)
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self, within: float = 10.0) -> int:
        """SIGTERM, and wait for the end. → its exit code. TimeoutError when it does not end."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        async with asyncio.timeout(within):
            return await self._process.wait()

    async def away(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def tail(self, lines: int = 30) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])
