"""How close a broadcast to 600 people comes to Telegram's limit of 30 a second, and whether it ever passes it."""

from __future__ import annotations

import asyncio

from benchmarks.stand import say, stand

PEOPLE, RATE = 600, 30


async def main() -> None:
    """One broadcast; the limit's own time is that of the same messages at exactly so many a second."""
    async with stand(PEOPLE, rate=RATE) as bench:
        began = await bench.broadcast(PEOPLE)
        while len(bench.sandbox.ledger.of("sendMessage")) < PEOPLE:
            await bench.bot.breathe(0.1)
        times = sorted(call.time for call in bench.sandbox.ledger.of("sendMessage"))
        took, limit = (times[-1] - times[0]).total_seconds(), (PEOPLE - 1) / RATE
        seconds = [(each - times[0]).total_seconds() for each in times]
        most = max(sum(start <= other < start + 1 for other in seconds) for start in seconds)
        say(
            f"broadcast: {PEOPLE} messages in {took:.1f} s, the limit alone takes {limit:.1f} s: {took / limit:.3f} x",
            f"  first message after {(times[0] - began).total_seconds():.2f} s, most in any second {most}, "
            f"answers 429: {bench.refused}",
        )


if __name__ == "__main__":
    asyncio.run(main())
