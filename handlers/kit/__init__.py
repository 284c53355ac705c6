"""What all handlers share: the act they are given, screens and buttons, and the ways an update finds its function.

The words about a case, which some features share, stand apart in `handlers.kit.case`.
"""

from handlers.kit.act import ACT, Act, Deed
from handlers.kit.feature import CANNOT, Command, Feature, House
from handlers.kit.lines import PAGE, ROLE_NAMES, aloud, clock_time, map_links, pages, rows, safe
from handlers.kit.press import VERSION, Acknowledge, Button, Key, Press, Screen
from handlers.kit.reader import Reader, Renderer, TaskLine
from handlers.kit.route import (
    PLAIN,
    STILL_ASKED,
    TYPED,
    Route,
    answering,
    command,
    deed,
    edited,
    key,
    message,
    pressed,
)  # fmt: skip

__all__ = [
    "ACT", "CANNOT", "PAGE", "PLAIN", "ROLE_NAMES", "STILL_ASKED", "TYPED", "VERSION",
    "Acknowledge", "Act", "Button", "Command", "Deed", "Feature", "House", "Key", "Press", "Reader", "Renderer",
    "Route", "Screen", "TaskLine",
    "aloud", "answering", "clock_time", "command", "deed", "edited", "key", "map_links", "message", "pages", "pressed",
    "rows", "safe",
]  # fmt: skip
