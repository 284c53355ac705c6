"""A local Bot API server and people with phones, for the demo and the tests; it must not know the bot it serves."""

from bot.sandbox.errors import ApiError, PhoneError, Unreadable
from bot.sandbox.flood import Limits
from bot.sandbox.phone import Phone
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.server import serve

__all__ = ["ApiError", "Limits", "Phone", "PhoneError", "Sandbox", "Unreadable", "serve"]
