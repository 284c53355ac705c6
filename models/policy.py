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
    if isinstance(value, timedelta):  # reckoned by us from others
        return value
    match = re.fullmatch(r"(\d+)([smhd])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{value!r} is no duration: write it like "30s", "5m", "2h" or "7d"')
    return timedelta(**{UNITS[match[2]]: int(match[1])})


Duration = Annotated[timedelta, BeforeValidator(duration)]


class Part(BaseModel):
    """A table of the policy file: frozen, and deaf to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


To = Literal["holder", "above", "lead", "township", "county"]
Mark = Literal["", "remind", "evaluate", "account"]


class Rung(Part):
    """One step of a ladder: so long after the task was opened, these posts are told.

    `to`: "holder" (the post that holds the task), "above" (the holder and the post above), "lead" (the village's head),
    "township", "county". `mark` is what it means to be told this late: 提醒, 评价, 问责 (M029).
    """

    after: Duration
    to: To
    mark: Mark = ""


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


class ClockRung(Part):
    """A rung of every deadline: at a share of the time (`at`, per cent) or so long after its end (`late`)."""

    at: Annotated[int, Field(ge=1, le=100)] | None = None
    late: Duration | None = None
    to: To
    mark: Mark = ""

    @model_validator(mode="after")
    def one_of_them(self) -> ClockRung:
        """A share of the time, or a lateness."""
        if (self.at is None) == (self.late is None):
            raise ValueError("a rung has either `at` or `late`")
        return self

    def after(self, due: timedelta) -> timedelta:
        """When it fires, counted from the beginning, for a task that is due after so long."""
        if self.late is not None:
            return due + self.late
        return timedelta(seconds=round(due.total_seconds() * (self.at or 100) / 100))


class Clock(Part):
    """The rungs 提醒 → 评价 → 问责 of every deadline of a case (domain 5.4), and how often it returns then."""

    rungs: Annotated[tuple[ClockRung, ...], Field(min_length=1)]
    again: Duration

    @model_validator(mode="after")
    def climbs(self) -> Clock:
        """They must stand in the order in which they fire, whatever the time allowed."""
        self.ladder(timedelta(days=1))
        return self

    def ladder(self, due: timedelta, patient: bool = True) -> Ladder:
        """The ladder of a task that is due after so long."""
        rungs = tuple(Rung(after=rung.after(due), to=rung.to, mark=rung.mark) for rung in self.rungs)
        return Ladder(rungs=rungs, due=due, again=self.again, patient=patient)


class Grades(Part):
    """A time for each grade, from 紧急 to 一般 (domain 5.4)."""

    E: Duration
    M: Duration
    L: Duration
    G: Duration

    def of(self, grade: str) -> timedelta:
        """The time for this grade."""
        found: timedelta = getattr(self, grade)
        return found


class SamePolicy(Part):
    """When two reports may be about one place: so near and so recent, or photos that differ in so few of 64 bits.

    More than eleven bits are another picture, and more than an index can find (models/hazard/likeness).
    """

    metres: Annotated[int, Field(ge=1, le=5000)]
    within: Duration
    bits: Annotated[int, Field(ge=0, le=11)]


class ClusterPolicy(Part):
    """So many reports of one kind so near and so soon after one another raise an alarm."""

    reports: Annotated[int, Field(ge=2, le=100)]
    metres: Annotated[int, Field(ge=1, le=20000)]
    within: Duration


class HazardPolicy(Part):
    """The loop from 受理 to 销号: the time for each step, and what its proof must show (domain 5.4 and 5.5).

    `fix_kind` overrides `fix` for kinds by their code. `near` is in metres, `recheck_share` in per cent.
    """

    assign: Duration
    receive: Duration
    fix: Grades
    fix_kind: dict[str, Duration] = {}
    check: Duration
    extend: Duration
    extend_offers: Annotated[tuple[Duration, ...], Field(min_length=1, max_length=4)]
    extend_most: Duration
    near: Annotated[int, Field(ge=1, le=5000)]
    answer_within: Duration
    relapse_within: Duration
    revisit: Annotated[tuple[Duration, ...], Field(max_length=4)]
    revisit_time: Duration
    recheck_share: Annotated[int, Field(ge=0, le=100)]
    recheck_time: Duration
    nudge_every: Duration
    clock: Clock
    same: SamePolicy
    cluster: ClusterPolicy


class RewardPolicy(Part):
    """The register of rewards for verified major hazards (M031): off unless a county wants it. Amounts in yuan."""

    on: bool
    amounts: dict[Literal["E", "M", "L", "G"], Annotated[int, Field(ge=1, le=1_000_000)]]
    decide: Duration
    pay: Duration


PhoneText = Annotated[str, Field(pattern=r"^[0-9+ -]{3,20}$")]


class HotlinePolicy(Part):
    """Where one can tell of a danger in confidence by phone (M032); shown to everybody who asks for help."""

    numbers: Annotated[tuple[PhoneText, ...], Field(min_length=1, max_length=4)]


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
    hazard: HazardPolicy
    reward: RewardPolicy
    hotline: HotlinePolicy
    ladder: dict[str, Ladder]
    sending: SendingPolicy
    inbox: InboxPolicy
    media: MediaPolicy
    privacy: PrivacyPolicy

    def zone(self) -> ZoneInfo:
        """The zone of the county's wall clock."""
        return ZoneInfo(self.timezone)
