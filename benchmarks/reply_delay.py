"""How long a person waits for an answer while a broadcast to 600 others is under way, against a quiet hour."""

from __future__ import annotations

import asyncio

from benchmarks.stand import Stand, middle, p95, say, stand

READERS, ASKING, RATE = 600, 100, 30
EVERY = 0.2  # seconds between two people who ask


async def asked(bench: Stand) -> list[float]:
    """A hundred people ask, one after another, nobody twice. → their waits in seconds."""
    waits = []
    for phone in bench.phones[READERS:]:
        waits.append(asyncio.create_task(bench.asks(phone)))
        await asyncio.sleep(EVERY)
    return list(await asyncio.gather(*waits))


async def main() -> None:
    """The same questions twice: before the broadcast and during it."""
    async with stand(READERS + ASKING, rate=RATE) as bench:
        quiet = await asked(bench)
        await bench.broadcast(READERS)
        await asyncio.sleep(1)
        busy = await asked(bench)
        readers = {phone.user_id for phone in bench.phones[:READERS]}
        under_way = READERS - len([call for call in bench.sandbox.ledger.of("sendMessage") if call.chat_id in readers])
        say(
            f"reply delay in a quiet hour: median {middle(quiet) * 1000:.0f} ms, p95 {p95(quiet) * 1000:.0f} ms",
            f"reply delay during a broadcast: median {middle(busy) * 1000:.0f} ms, p95 {p95(busy) * 1000:.0f} ms, "
            f"longest {max(busy) * 1000:.0f} ms; {p95(busy) / p95(quiet):.1f} x",
            f"  messages of the broadcast still to go at the end: {max(under_way, 0)}, answers 429: {bench.refused}",
        )


if __name__ == "__main__":
    asyncio.run(main())
