"""What a feature hands to the house, and the house: all features joined. Knows none of them by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from handlers.kit.reader import Renderer, TaskLine
from handlers.kit.route import Route
from locales import N_, Words
from models.people.rules import Me, Role
from models.policy import Policy

T = TypeVar("T")


@dataclass(frozen=True)
class Command:
    """An entry of the commands menu; `roles` empty means everybody of the roster, `public` strangers too.

    `when`: only where the county's policy wants what it opens.
    """

    name: str
    label: str
    roles: tuple[Role, ...] = ()
    public: bool = False
    when: Callable[[Policy], bool] | None = None


CANNOT = N_("That is not possible right now. /tasks shows what waits for you.")


@dataclass(frozen=True)
class Feature:
    """Everything one handlers file offers; bot/app.py lists them in the order in which they are asked.

    `refusals` are the sentences (message ids) for the reasons of Refused; `task_lines` say a task in one line.
    """

    routes: Sequence[Route]
    renderers: dict[str, Renderer] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    commands: Sequence[Command] = ()
    task_lines: dict[str, TaskLine] = field(default_factory=dict)


class House:
    """All features joined: what to render, how to say no, which commands to show. ValueError for a name given twice."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.routes = [route for feature in features for route in feature.routes]
        self.commands = [entry for feature in features for entry in feature.commands]
        self.renderers: dict[str, Renderer] = {}
        self.refusals: dict[str, str] = {}
        self.task_lines: dict[str, TaskLine] = {}
        for feature in features:
            _join(self.renderers, feature.renderers)
            _join(self.refusals, feature.refusals)
            _join(self.task_lines, feature.task_lines)

    def refusal(self, words: Words, reason: str, facts: Mapping[str, object]) -> str:
        """The sentence with which a rule's no is said; the one naming who was quicker (`by`), where that is known."""
        named = self.refusals.get(f"{reason}.by") if facts.get("by") else None
        return words(named or self.refusals.get(reason, CANNOT), **facts)

    def commands_for(self, me: Me | None, policy: Policy | None = None) -> list[Command]:
        """The commands a person can use under this policy; a stranger sees only those for everybody."""
        wanted = [c for c in self.commands if c.when is None or (policy is not None and c.when(policy))]
        return [c for c in wanted if c.public or (me and (not c.roles or me.holds(*c.roles)))]


def _join(all_of: dict[str, T], more: Mapping[str, T]) -> None:
    if twice := all_of.keys() & more.keys():
        raise ValueError(f"given twice: {', '.join(sorted(twice))}")
    all_of.update(more)
