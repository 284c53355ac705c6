"""Starts and joins everything; the only folder that knows all the others."""

import os

# Without it every 429 makes python-telegram-bot warn about a type of its own that will change. It reads the variable
# when it is imported, so it stands before any import of ours.
os.environ.setdefault("PTB_TIMEDELTA", "1")
