"""Memory and processor of the bot: idle, and while 20 people keep writing (Linux: it reads /proc)."""

from __future__ import annotations

import asyncio
from time import monotonic

from benchmarks.stand import Stand, say, stand

PEOPLE, IDLE, LOADED = 20, 20.0, 15.0  # seconds


async def writes(bench: Stand, at: int, until: float) -> int:
    """One person asks again and again. → how often."""
    times = 0
    while monotonic() < until:
        await bench.asks(bench.phones[at])
        times += 1
    return times


async def main() -> None:
    """First nothing happens, then as much as the bot can do."""
    async with stand(PEOPLE, rate=1000, flood=False) as bench:
        await asyncio.sleep(2)
        before, memory = bench.cpu(), bench.memory()
        await asyncio.sleep(IDLE)
        idle = (bench.cpu() - before) / IDLE
        before, began = bench.cpu(), monotonic()
        answers = sum(await asyncio.gather(*(writes(bench, at, began + LOADED) for at in range(PEOPLE))))
        took, used = monotonic() - began, bench.cpu() - before
        say(
            f"idle: {memory:.0f} MB, {idle:.1%} of a core",
            f"loaded: {bench.memory():.0f} MB, {used / took:.0%} of a core, {answers / took:.0f} updates answered "
            f"a second, {used / answers * 1000:.1f} ms of a core each",
        )


if __name__ == "__main__":
    asyncio.run(main())
