"""What is said about files that could not be kept."""

from __future__ import annotations

from typing import Any

from handlers.kit import Reader, Screen
from models.report import views


async def lost(reader: Reader, args: dict[str, Any]) -> Screen | None:
    """To the reporter: a file is missing, and what helps."""
    if reader.me is None:
        return None
    view = await views.look(reader.session, reader.me, int(args["report"]))
    _ = reader.words
    if args["too_big"]:
        return Screen(
            _(
                "⚠️ %(number)s: one file is larger than 20 MB and cannot be kept. Please send it as an ordinary photo.",
                number=view.number,
            )
        )
    return Screen(_("⚠️ %(number)s: one file did not arrive. Please send it once more.", number=view.number))


async def disk_full(reader: Reader, _args: dict[str, Any]) -> Screen:
    """To the operator: photos wait."""
    return Screen(
        reader.words(
            "⚠️ The server's disk takes no more photos. Please have room made; "
            "until then they wait, and nothing is lost while Telegram keeps them."
        )
    )
