"""The plan of what goes wrong on the way between bot and Telegram; it must not know what the calls mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

Kind = Literal["429", "500", "502", "drop_before", "drop_after", "delay", "truncated", "unauthorized"]


@dataclass(slots=True)
class Fault:
    """One planned fault; `left` None means until it is removed, `hits` counts how often it struck."""

    method: str
    chat_id: int | None
    kind: Kind
    seconds: float
    left: int | None
    hits: int = 0

    def fits(self, method: str, chat_id: int | None) -> bool:
        """Whether it strikes this call."""
        return (
            self.left != 0
            and self.method.lower() in ("*", method.lower())
            and (self.chat_id is None or self.chat_id == chat_id)
        )


@dataclass(slots=True)
class Faults:
    """Switchable at run time.

    429, 500, 502 and unauthorized answer so and apply nothing; drop_before closes the connection unapplied;
    drop_after applies and closes; truncated applies and cuts the answer in half; delay waits, then applies.
    """

    plan: list[Fault] = field(default_factory=list)

    def add(
        self,
        method: str = "*",
        chat_id: int | None = None,
        kind: Kind = "500",
        seconds: float = 1.0,
        times: int | None = 1,
    ) -> Fault:
        """Plan a fault for the next `times` fitting calls (None: until removed); `method` "*" fits all.

        `seconds`: retry_after of a 429 (rounded up) or the length of a delay.
        """
        if kind not in get_args(Kind):
            raise ValueError(f"no such fault: {kind}")
        fault = Fault(method, chat_id, kind, seconds, times)
        self.plan.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Take one fault out of the plan; no error when it is gone."""
        if fault in self.plan:
            self.plan.remove(fault)

    def clear(self) -> None:
        """Everything works again."""
        self.plan.clear()

    def strike(self, method: str, chat_id: int | None) -> Fault | None:
        """The first fault that fits this call, counted down."""
        for fault in self.plan:
            if fault.fits(method, chat_id):
                fault.hits += 1
                if fault.left is not None:
                    fault.left -= 1
                    if fault.left == 0:
                        self.plan.remove(fault)
                return fault
        return None
