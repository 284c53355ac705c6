"""From an update to its answer: one chat alone, and 20 chats at once."""

from __future__ import annotations

import asyncio

from benchmarks.stand import middle, p95, say, stand

AT_ONCE, ROUNDS = 20, 10


async def main() -> None:
    """The token's limit is out of the way: what is measured is the bot."""
    async with stand(AT_ONCE * (ROUNDS + 1), rate=1000, flood=False) as bench:
        alone = [await bench.asks(phone) for phone in bench.phones[:AT_ONCE]]
        together: list[float] = []
        for at in range(1, ROUNDS + 1):
            some = bench.phones[at * AT_ONCE : (at + 1) * AT_ONCE]
            together += await asyncio.gather(*(bench.asks(phone) for phone in some))
            await asyncio.sleep(0.2)
        say(
            f"intake to reply, one chat alone: median {middle(alone) * 1000:.0f} ms, p95 {p95(alone) * 1000:.0f} ms",
            f"intake to reply, {AT_ONCE} chats at once: median {middle(together) * 1000:.0f} ms, "
            f"p95 {p95(together) * 1000:.0f} ms; {p95(together) / p95(alone):.1f} x for {AT_ONCE} x the work",
        )


if __name__ == "__main__":
    asyncio.run(main())
