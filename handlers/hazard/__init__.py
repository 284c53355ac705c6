"""The case from 受理 to 销号: the card, and what officers, rectifiers and verifiers can do with it."""

from telegram import Message
from telegram.ext import filters

from handlers.hazard import assign, card, closing, cluster, duplicates, fixing, lists, rewards, search, story, triage
from handlers.kit import Act, Feature, message
from models.report import rules, views


class _Number(filters.MessageFilter):
    """True for a number of ours, typed or scanned, right or wrong."""

    def filter(self, message: Message) -> bool:
        return message.text is not None and rules.looks_like_number(message.text)


async def by_number(act: Act) -> None:
    """A typed number opens its case."""
    await card.open_card(act, await views.by_number(act.session, act.me, act.message.text or ""))


MODULES = (triage, duplicates, assign, fixing, closing, cluster, rewards, card, story, lists, search)

FEATURE = Feature(
    routes=[
        *(route for module in MODULES for route in module.ROUTES),
        message(filters.TEXT & ~filters.COMMAND & _Number(), by_number),
    ],
    renderers={kind: each for module in MODULES for kind, each in getattr(module, "RENDERERS", {}).items()},
    refusals={reason: text for module in MODULES for reason, text in getattr(module, "REFUSALS", {}).items()},
    commands=[entry for module in MODULES for entry in getattr(module, "COMMANDS", ())],
    task_lines={kind: each for module in MODULES for kind, each in getattr(module, "TASK_LINES", {}).items()},
)
