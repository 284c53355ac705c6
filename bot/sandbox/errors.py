"""What can go wrong: refusals of the Bot API and things a person cannot do; it must not decide when they happen."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer `{"ok": false}` with an HTTP status.

    `description` carries the words Telegram's server uses, `retry_after` whole seconds (only with 429).
    """

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(words: str) -> ApiError:
    """A 400 in the wording of the Bot API server."""
    return ApiError(400, f"Bad Request: {words}")


def forbidden(words: str) -> ApiError:
    """A 403 in the wording of the Bot API server."""
    return ApiError(403, f"Forbidden: {words}")


class Unreadable(Exception):
    """What was kept of a sandbox cannot be used (one plain sentence)."""


class PhoneError(RuntimeError):
    """A person tried what the Telegram app would not let them do (one plain sentence)."""
