"""The HTTP of the Bot API: requests in, answers out, faults between; it must not know what a method does.

Closing the connection without an answer is done on uvicorn's transport, which `server.py` puts into the scope.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bot.sandbox.errors import ApiError
from bot.sandbox.faults import Fault
from bot.sandbox.methods import call
from bot.sandbox.sandbox import Call, Sandbox
from bot.sandbox.sending import Request
from bot.sandbox.storage import UPLOAD_LIMIT
from bot.sandbox.validate import Upload, check, methods

Json = dict[str, Any]


class Dropped(Response):
    """No answer at all: the connection just closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _hang_up(scope, receive)


class Truncated(Response):
    """An answer that ends in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _hang_up(scope, receive)


async def _hang_up(scope: Scope, receive: Receive) -> None:
    transport = scope.get("sandbox.transport")
    if transport is None:
        raise ConnectionResetError("the sandbox closed the connection on purpose")
    transport.close()
    # Wait until uvicorn has noticed, otherwise it would report a missing answer.
    while (await receive())["type"] != "http.disconnect":
        pass


class BotApi:
    """The two routes every Bot API server has."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def method(self, http: HttpRequest) -> Response:
        """`/bot{token}/{method}`."""
        try:
            return await self._answer(http)
        except ClientDisconnect:
            return Response(status_code=400)  # the bot died while it spoke; nobody reads this
        except ApiError as error:
            headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
            return JSONResponse(error.body(), error.code, headers)

    async def file(self, http: HttpRequest) -> Response:
        """`/file/bot{token}/{path}`."""
        key = (http.path_params["token"], http.path_params["path"])
        stored = self._sandbox.world.files.by_path.get(key)
        if stored is None:
            return JSONResponse(ApiError(404, "Not Found").body(), 404)
        fault = self._sandbox.faults.strike("file", None)
        broken = await self._broken(fault)
        if broken is not None:
            return broken
        return _after(fault, Response(stored.data, media_type=stored.mime))

    async def _answer(self, http: HttpRequest) -> Response:
        bot = self._sandbox.world.bots.get(http.path_params["token"])
        if bot is None:
            raise ApiError(401, "Unauthorized")
        name = methods().get(http.path_params["method"].lower())
        if name is None:
            raise ApiError(404, "Not Found: method not found")
        raw = await _parameters(http)
        fault = self._sandbox.faults.strike(name, _number(raw.get("chat_id")))
        broken = await self._broken(fault)
        if broken is not None:
            return broken
        uploads = {key: value for key, value in raw.items() if isinstance(value, Upload)}
        request = Request(self._sandbox.world, bot, check(name, raw), uploads)
        result = await call(name, request)
        if name != "getUpdates":
            self._record(request, name, result)
        return _after(fault, JSONResponse({"ok": True, "result": result}))

    async def _broken(self, fault: Fault | None) -> Response | None:
        """What a fault does before the call; raises `ApiError`."""
        if fault is None:
            return None
        if fault.kind == "delay":
            await self._sandbox.world.pause(fault.seconds)
        elif fault.kind == "drop_before":
            return Dropped()
        elif fault.kind == "502":
            return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
        elif fault.kind == "500":
            raise ApiError(500, "Internal Server Error")
        elif fault.kind == "unauthorized":
            raise ApiError(401, "Unauthorized")
        elif fault.kind == "429":
            seconds = max(1, -int(-fault.seconds // 1))
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        return None

    def _record(self, request: Request, name: str, result: Any) -> None:
        first = result[0] if isinstance(result, list) and result else result
        made = first.get("message_id") if isinstance(first, dict) else request.get("message_id")
        chat_id = _number(request.get("chat_id"))
        if name == "answerCallbackQuery":
            chat_id = request.bot.presses[request.params["callback_query_id"]].chat.chat_id
        entry = Call(request.bot.token, name, chat_id, request.params, made, self._sandbox.world.clock.now())
        self._sandbox.ledger.append(entry)


def _after(fault: Fault | None, answer: Response) -> Response:
    """The answer as it reaches the bot after the call was applied."""
    if fault is not None and fault.kind == "drop_after":
        return Dropped()
    if fault is not None and fault.kind == "truncated":
        return Truncated(answer.body, answer.status_code, dict(answer.headers))
    return answer


def _number(value: Any) -> int | None:
    return int(value) if str(value).lstrip("-").isdigit() else None


async def _parameters(http: HttpRequest) -> Json:
    """Everything given in the query, the form, the multipart form or the JSON body."""
    if int(http.headers.get("content-length", "0")) > UPLOAD_LIMIT + (1 << 20):
        raise ApiError(413, "Request Entity Too Large")
    params: Json = dict(http.query_params)
    kind = http.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        try:
            given = json.loads(await http.body() or b"{}")
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise ApiError(400, "Bad Request: can't parse JSON object")
        return params | given
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with http.form(max_files=100, max_part_size=UPLOAD_LIMIT) as form:
            for name, value in form.multi_items():
                params[name] = await _upload(value) if isinstance(value, UploadFile) else value
    return params


async def _upload(part: UploadFile) -> Upload:
    return Upload(part.filename or "file", part.content_type or "", await part.read())
