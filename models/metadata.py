"""Every table, joined into one metadata: for migrations, for tests, and for nothing else."""

from models import inbox, journal, lease, outbox, question
from models.base import metadata
from models.hazard import tables as hazard
from models.people import tables as people
from models.report import tables as report
from models.task import tables as task

__all__ = ["hazard", "inbox", "journal", "lease", "metadata", "outbox", "people", "question", "report", "task"]
