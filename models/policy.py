"""The types of every number a county may change; the values stand in a TOML file. Unknown keys are refused."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(value: object) -> timedelta:
    """ "30s", "5m", "2h" or "7d" → timedelta; ValueError with what to write instead."""
    match = re.fullmatch(r"(\d+)([smhd])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{value!r} is no duration: write it like "30s", "5m", "2h" or "7d"')
    return timedelta(**{UNITS[match[2]]: int(match[1])})


Duration = Annotated[timedelta, BeforeValidator(duration)]


class Part(BaseModel):
    """A table of the policy file: frozen, and deaf to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rung(Part):
    """One step of a ladder: so long after the task was opened, these posts are told.

    `to`: "holder" (the post that holds the task), "lead" (the village's head), "township", "county".
    """

    after: Duration
    to: Literal["holder", "lead", "township", "county"]


class Ladder(Part):
    """How a task climbs while nobody does it, and how often it returns once the last rung was used.

    A `patient` one waits for daylight: in quiet hours its reminders are kept for one message in the morning.
    """

    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    due: Duration
    again: Duration
    patient: bool = True

    @model_validator(mode="after")
    def climbs(self) -> Ladder:
        """Rungs must stand in the order in which they fire."""
        times = [rung.after for rung in self.rungs]
        if times != sorted(times) or len(set(times)) != len(times):
            raise ValueError("the rungs' `after` must grow from one to the next")
        if self.again < timedelta(minutes=1):
            raise ValueError("`again` must be at least 1m")
        return self


class Quiet(Part):
    """The hours in which nothing is sent that can wait, on the county's wall clock; they may run over midnight."""

    begin: time
    end: time


class ReportPolicy(Part):
    """Reports: when parts belong together, and how long a finished one may be taken back."""

    join_within: Duration
    draft_lives: Duration
    remind_after: Duration
    submit_after: Duration
    urgent_after: Duration
    withdraw_within: Duration


class SendingPolicy(Part):
    """The outbox: how long a claim lasts, and when a message that cannot be sent is given up."""

    lease: Duration
    give_up: Duration
    chat_burst: Annotated[int, Field(ge=1, le=10)]


class InboxPolicy(Part):
    """The inbox: how long a claim lasts and how often a failing update is tried before it is set aside."""

    lease: Duration
    retries: Annotated[int, Field(ge=1, le=10)]


class MediaPolicy(Part):
    """Photos: how often a download is tried again, and how long the files of an ended matter are kept."""

    retries: Annotated[int, Field(ge=1, le=100)]
    keep: Annotated[Duration, Field(ge=timedelta(days=1))]


SOONEST = timedelta(hours=1)  # what was done this lately may still have to be mended


class PrivacyPolicy(Part):
    """How long people's words stay in rows that are done, and then the rows themselves."""

    words_kept: Annotated[Duration, Field(ge=SOONEST)]
    dead_kept: Annotated[Duration, Field(ge=SOONEST)]
    rows_kept: Annotated[Duration, Field(ge=timedelta(days=2))]

    @model_validator(mode="after")
    def words_first(self) -> PrivacyPolicy:
        """Rows outlive their words. Telegram repeats an update for a day, so its row is wanted at least that long."""
        if self.rows_kept < max(self.words_kept, self.dead_kept):
            raise ValueError("`rows_kept` must not be shorter than `words_kept` and `dead_kept`")
        return self


class Policy(Part):
    """The whole file. `timezone` follows CUNSHAO_TIMEZONE: quiet hours are those of the county's wall clock."""

    timezone: str = "Asia/Shanghai"
    quiet: Quiet
    report: ReportPolicy
    ladder: dict[str, Ladder]
    sending: SendingPolicy
    inbox: InboxPolicy
    media: MediaPolicy
    privacy: PrivacyPolicy

    def zone(self) -> ZoneInfo:
        """The zone of the county's wall clock."""
        return ZoneInfo(self.timezone)
