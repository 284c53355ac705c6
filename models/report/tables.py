"""Tables of reports, their photos, and the serial numbers of a township's day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import choice, identity, moment, reference
from models.report.rules import Form, PlaceSource, RejectReason, Severity, Status


class Report(SQLModel, table=True):
    """One report. `region_code` is the reporter's village, `township_code` decides whose officers verify it.

    The place is WGS-84 with its source and accuracy in metres (domain 7.5), empty when only the village is known.
    `danger`, `exposed` and `growing` answer the three severity questions (domain 6.1). `nudge_at` is when an unfinished
    report is reminded (once: `nudged`) and then submitted as 待补充. Parts after `closed_at` belong elsewhere.
    The policy keeps the files so long after `ended_at`; from `emptied_at` on there are none. `on_spot`: its finder
    mended it there and then. `duplicate_of` is the report it was joined to, `rectifier_id` who has it to mend,
    `visitor_id` who was drawn to look again.
    """

    __table_args__ = (
        Index("ix_report_reporter", "reporter_id", "status", "id"),
        Index("ix_report_township", "township_code", "status"),
        Index("ix_report_nudge", "nudge_at"),
        Index("ix_report_emptied", "emptied_at", "ended_at"),
        Index("ix_report_place", "latitude", "longitude"),
        Index("ix_report_village", "region_code", "status", "ended_at"),
        Index("ix_report_rectifier", "rectifier_id", "status"),
    )

    id: int | None = identity()
    number: str = Field(max_length=40, unique=True)
    reporter_id: int = reference("person.id")
    region_code: str = Field(foreign_key="region.code", max_length=15)
    township_code: str = Field(foreign_key="region.code", max_length=15)
    status: Status = choice(Status, Status.DRAFT)
    kind: str | None = Field(default=None, max_length=8)
    severity: Severity | None = choice(Severity, None)
    danger: bool = False
    exposed: bool = False
    growing: bool = False
    incomplete: bool = False
    place_source: PlaceSource | None = choice(PlaceSource, None)
    latitude: float | None = None
    longitude: float | None = None
    accuracy: float | None = None
    place_words: str = Field(default="", max_length=400)
    photo_waived: bool = False
    created_at: datetime = moment()
    last_part_at: datetime = moment()
    nudge_at: datetime | None = moment(None)
    nudged: bool = False
    closed_at: datetime | None = moment(None)
    patrol_id: int | None = reference("patrol.id", optional=True)
    confidential: bool = False
    on_spot: bool = False
    duplicate_of: int | None = reference("report.id", optional=True, index=True)
    rectifier_id: int | None = reference("person.id", optional=True)
    visitor_id: int | None = reference("person.id", optional=True)
    submitted_at: datetime | None = moment(None)
    decided_at: datetime | None = moment(None)
    decided_by: int | None = reference("person.id", optional=True)
    reject_reason: RejectReason | None = choice(RejectReason, None)
    reject_words: str = Field(default="", max_length=400)
    ended_at: datetime | None = moment(None)
    emptied_at: datetime | None = moment(None)


class Photo(SQLModel, table=True):
    """A photo, picture file or voice note of a report: known by Telegram's id at once, kept as our file soon after.

    `after_round` is empty for what was found, else the round of mending it shows the end of; `by_id` sent it if not the
    reporter.

    `nth` counts within the report and names the file. `fetch_at` is when the next try to download it is due; empty once
    it is kept or given up. `path` and `thumb` lie below the photo folder; after `purged_at` nothing of it is left.
    The four bands are the likeness in parts (rules.bands), so that pictures alike are found by indexes.
    """

    __table_args__ = (UniqueConstraint("report_id", "unique_id"), Index("ix_photo_fetch", "fetch_at"))

    id: int | None = identity()
    report_id: int = reference("report.id", index=True)
    file_id: str = Field(max_length=255)
    unique_id: str = Field(max_length=64)
    form: Form = choice(Form, Form.PHOTO)
    nth: int
    album: str | None = Field(default=None, max_length=64)
    after_round: int | None = None
    by_id: int | None = reference("person.id", optional=True)
    received_at: datetime = moment()
    fetch_at: datetime | None = moment(None)
    attempts: int = 0
    path: str | None = Field(default=None, max_length=255)
    thumb: str | None = Field(default=None, max_length=255)
    sha256: str | None = Field(default=None, max_length=64)
    size: int | None = Field(default=None, sa_type=BigInteger)
    likeness: str | None = Field(default=None, max_length=16)
    band1: int | None = Field(default=None, index=True)
    band2: int | None = Field(default=None, index=True)
    band3: int | None = Field(default=None, index=True)
    band4: int | None = Field(default=None, index=True)
    error: str | None = Field(default=None, max_length=200)
    purged_at: datetime | None = moment(None)


class Serial(SQLModel, table=True):
    """The last serial number given in an area on a day; numbers are never used twice."""

    area: str = Field(primary_key=True, max_length=15)
    day: date = Field(primary_key=True)
    last: int


class Remark(SQLModel, table=True):
    """Words of a report, one row a message, so that an edited message changes its own words and no others."""

    __table_args__ = (UniqueConstraint("report_id", "message_id"),)

    id: int | None = identity()
    report_id: int = reference("report.id", index=True)
    message_id: int = Field(sa_type=BigInteger)
    words: str = Field(max_length=2000)


class Patrol(SQLModel, table=True):
    """A round of one person in which every photo is a report of its own, until it is ended and reviewed.

    `clear`: nothing was found on it (零报告).
    """

    __table_args__ = (Index("ix_patrol_clear", "clear", "ended_at"),)

    id: int | None = identity()
    person_id: int = reference("person.id", index=True)
    started_at: datetime = moment()
    ended_at: datetime | None = moment(None)
    clear: bool = False
