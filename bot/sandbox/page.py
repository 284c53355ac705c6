"""The HTTP of the web chat: thin wrappers over Phone and the stream of events; it must not know the bot or the demo.

The stream is written with a plain StreamingResponse: sse-starlette keeps a watcher task per event loop alive beyond
the server's end, which tests with warnings as errors do not forgive.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.errors import PhoneError
from bot.sandbox.phone import Phone
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.screen import html_of
from bot.sandbox.world import Entry, Event

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

WEB = Path(__file__).parent / "web"
PING_SECONDS = 10.0


class Page:
    """All routes of the page over one sandbox and its first bot."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def index(self, request: Request) -> Response:
        """GET /."""
        if not (WEB / "index.html").is_file():
            return JSONResponse({"error": "There is no page in this installation."}, 404)
        return FileResponse(WEB / "index.html", headers={"Cache-Control": "no-cache"})

    async def people(self, request: Request) -> Response:
        """GET /sandbox/people."""
        bot = self._sandbox.bot()
        about = bot.user() | {"name": bot.name, "description": bot.descriptions.get(("long", ""), "")}
        people = [self._person(phone) for phone in map(self._sandbox.phone, self._sandbox.world.people)]
        return JSONResponse({"bot": about, "people": people})

    def _person(self, phone: Phone) -> Json:
        person = phone.person
        return {
            "user_id": person.user_id,
            "first_name": person.first_name,
            "phone": person.phone,
            "label": person.label,
            "group": list(person.group),
            "started": phone.chat.started,
            "unread": phone.unread,
        }

    async def chat(self, request: Request) -> Response:
        """GET /sandbox/chat/{user_id}."""
        phone = self._phone(request)
        about = {
            "messages": [shown(entry) for entry in phone.chat.entries.values()],
            "keyboard": phone.keyboard,
            "commands": phone.commands,
            "force_reply": phone.chat.force_reply,
        }
        return JSONResponse(about | phone.state())

    async def send(self, request: Request) -> Response:
        """POST /sandbox/chat/{user_id}/send."""
        phone = self._phone(request)
        if request.headers.get("content-type", "").startswith("multipart/"):
            async with request.form(max_part_size=50 << 20) as form:
                files = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
                contents = [(part.filename or "file", await part.read()) for part in files]
                fields = {key: value for key, value in form.items() if isinstance(value, str)}
            sent = _send_files(phone, fields, contents)
        else:
            sent = _send(phone, await _json(request))
        return JSONResponse({"ok": True, "result": sent})

    async def press(self, request: Request) -> Response:
        """POST /sandbox/chat/{user_id}/press."""
        body = await _json(request)
        query = self._phone(request).press(message_id=int(body["message_id"]), data=str(body["data"]))
        return JSONResponse({"ok": True, "result": {"callback_query_id": query["id"]}})

    async def file(self, request: Request) -> Response:
        """GET /sandbox/files/{file_id}."""
        stored = self._sandbox.world.files.by_id.get(request.path_params["file_id"])
        if stored is None:
            return JSONResponse({"error": "There is no such file."}, 404)
        # Only pictures and sound are shown in place; anything else could be a page with scripts.
        kind = stored.mime if stored.mime in SHOWN else "application/octet-stream"
        return Response(stored.data, media_type=kind, headers={"Cache-Control": "private, max-age=86400"})

    async def events(self, request: Request) -> Response:
        """GET /sandbox/events?users=1,2,3 as server-sent events."""
        wanted = [int(each) for each in request.query_params.get("users", "").split(",") if each.strip()]
        users = [
            self._sandbox.phone(user_id).user_id for user_id in wanted
        ]  # an unknown one is an error now, not later
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(users), media_type="text/event-stream", headers=headers)

    async def _stream(self, users: list[int]) -> AsyncIterator[str]:
        with self._sandbox.world.bus.listen() as queue:
            yield ": hello\n\n"
            while not self._sandbox.world.closing.is_set():
                try:
                    event = await asyncio.wait_for(queue.get(), PING_SECONDS)
                except TimeoutError:
                    yield _line({"type": "ping"})
                    continue
                if event is None:
                    return
                for line in self._lines(event, users):
                    yield line

    def _lines(self, event: Event, users: list[int]) -> list[str]:
        """The event as the page wants it, once for each watched chat it concerns."""
        if event.token != self._sandbox.bot().token:
            return []
        lines = []
        for user_id in users if event.user_id is None else [each for each in users if each == event.user_id]:
            data = self._data(event, user_id)
            if data is not GONE:
                lines.append(_line({"user_id": user_id, "type": event.kind, "data": data}))
        return lines

    def _data(self, event: Event, user_id: int) -> Any:
        if event.kind in ("message", "edit"):
            entry = self._sandbox.phone(user_id).chat.entries.get(event.data)
            return shown(entry) if entry is not None else GONE
        return self._sandbox.phone(user_id).commands if event.kind == "commands" else event.data

    def _phone(self, request: Request) -> Phone:
        return self._sandbox.phone(int(request.path_params["user_id"]))


GONE = object()
SHOWN = {"image/jpeg", "image/png", "image/gif", "image/webp", "audio/ogg", "audio/mpeg", "audio/webm"}


def shown(entry: Entry) -> Json:
    """A message as the page draws it: Bot API fields, outgoing, html, edited."""
    return entry.data | {"outgoing": entry.outgoing, "html": html_of(entry.data), "edited": entry.edited}


def _line(data: Json) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


async def _json(request: Request) -> Json:
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise PhoneError("The request must be a JSON object.")
    return body


def _send(phone: Phone, body: Json) -> Any:
    """Do what the page asks for with a JSON body."""
    kind = body.get("type")
    if kind == "start":
        return phone.start(str(body.get("payload") or ""))
    if kind == "text":
        return phone.text(str(body["text"]), body.get("reply_to"))
    if kind == "location":
        accuracy = body.get("accuracy")
        return phone.location(float(body["latitude"]), float(body["longitude"]), accuracy and float(accuracy))
    if kind == "venue":
        place = float(body["latitude"]), float(body["longitude"])
        return phone.venue(*place, str(body["title"]), str(body["address"]))
    if kind == "contact":
        return phone.contact(body.get("phone"), body.get("user_id", ...), body.get("first_name"))
    if kind in ("read", "block", "unblock"):
        getattr(phone, kind)()
        return True
    raise PhoneError(f"There is nothing of type {kind} to send.")


def _send_files(phone: Phone, fields: dict[str, str], files: list[tuple[str, bytes]]) -> Any:
    """Do what the page asks for with files."""
    kind, caption = fields.get("type", ""), fields.get("caption", "")
    if not files:
        raise PhoneError("There is no file in the request.")
    name, data = files[0]
    if kind == "photo":
        return phone.photo(data, caption)
    if kind == "album":
        return phone.album([data for _, data in files], caption)
    if kind == "document":
        return phone.document(data, name, caption)
    if kind == "voice":
        return phone.voice(data, int(float(fields.get("duration") or 3)))
    raise PhoneError(f"There is nothing of type {kind} to send.")


def _kindly(endpoint: Endpoint) -> Endpoint:
    """Errors of the request as 400 with one sentence."""

    async def wrapped(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (PhoneError, LookupError, ValueError, TypeError) as error:
            words = f"The field {error} is missing." if isinstance(error, KeyError) else str(error).splitlines()[0]
            return JSONResponse({"error": words}, 400)

    return wrapped


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """The routes of the page and its static files."""
    page = Page(sandbox)
    found: list[BaseRoute] = [
        Route("/", _kindly(page.index)),
        Route("/sandbox/people", _kindly(page.people)),
        Route("/sandbox/chat/{user_id:int}", _kindly(page.chat)),
        Route("/sandbox/chat/{user_id:int}/send", _kindly(page.send), methods=["POST"]),
        Route("/sandbox/chat/{user_id:int}/press", _kindly(page.press), methods=["POST"]),
        Route("/sandbox/files/{file_id}", _kindly(page.file)),
        Route("/sandbox/events", _kindly(page.events)),
    ]
    return [*found, Mount("/web", StaticFiles(directory=WEB, check_dir=False))]
