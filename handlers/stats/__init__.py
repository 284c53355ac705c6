"""The month in figures, as officers read it: counts and shares of matters, never a ranking of persons."""

from __future__ import annotations

from handlers.kit import Command, Feature, command, pressed
from handlers.stats import month
from handlers.stats.presses import Look
from locales import N_

# Everybody reads of their own area: who reports hazards may know what became of the village's. No quota, score or order
# of persons or places stands here (peers.md 10).
FEATURE = Feature(
    routes=[command("stats", month.mine), pressed(Look, month.look)],
    renderers={"stats.month": month.screen},
    refusals={"stats.elsewhere": N_("These figures are of another area. /stats shows those of yours.")},
    commands=[Command("stats", N_("The month in figures"))],
)
