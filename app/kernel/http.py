"""The edge: problem documents, unsafe calls as one transaction, bodies with a limit.

Owns how an error becomes problem+json (RFC 9457), how an endpoint opens its transaction (`Command`, `Reading`) and the
ASGI guard every request passes. Must not know any route or role.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

import pydantic_core
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel import idempotency
from app.kernel.db import Database
from app.kernel.errors import AppError, FieldError, Invalid, TooLarge
from app.kernel.idempotency import Answer
from app.kernel.ids import new_id
from app.kernel.logs import get_logger, scrub_text

log = get_logger(__name__)

PROBLEM = "application/problem+json"
DEFAULT_BODY_LIMIT_BYTES = 1_000_000


def to_json(result: Any) -> bytes:
    """Dataclasses, models, dicts, datetimes (ISO 8601, Z) to JSON bytes; NaN is refused by turning it to null."""
    return pydantic_core.to_json(result, inf_nan_mode="null")


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    fields: tuple[FieldError, ...] = (),
    extra: dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document: type, title, status, detail, code, and `errors` naming each field with its remedy."""
    document: dict[str, Any] = {"type": f"/docs/errors#{code}", "title": code.replace("_", " ").capitalize(), "status": status, "code": code, "detail": detail}
    if fields:
        document["errors"] = [{"field": f.field, "remedy": f.remedy} for f in fields]
    document |= extra or {}
    sent = {"Retry-After": str(extra["retry_after_s"])} if extra and "retry_after_s" in extra else {}
    if status == 401:
        sent["WWW-Authenticate"] = 'Bearer realm="mobile-moments"'
    return Response(to_json(document), status, sent | dict(headers or {}), media_type=PROBLEM)


def _field_name(location: tuple[Any, ...]) -> str:
    parts = [p for p in location if p not in ("body", "query", "path", "header", "cookie")] or ["body"]
    name = ""
    for part in parts:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name


def _field_error(found: dict[str, Any]) -> FieldError:
    location = tuple(found["loc"])
    if found["type"] == "json_invalid":
        at = f" near character {location[-1]}" if isinstance(location[-1], int) else ""
        return FieldError("body", f"this is not valid JSON{at}; send one JSON document in UTF-8")
    if found["type"] == "extra_forbidden":  # its name is all the caller's own, and may be anything
        location = (*location[:-1], scrub_text(str(location[-1])))
    return FieldError(_field_name(location), str(found["msg"]).removeprefix("Value error, "))


def install_problems(app: FastAPI) -> None:
    """Every error leaves as problem+json; nothing of the inside leaks with a 500."""

    def on_app_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, AppError)
        return problem(error.status, error.code, error.detail, fields=error.fields, extra=error.extra, headers=error.headers)

    def on_invalid(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        fields = tuple(_field_error(e) for e in error.errors()[:20])
        detail = "; ".join(f"{f.field}: {f.remedy}" for f in fields[:3])
        return problem(422, "invalid", detail, fields=fields)

    def on_http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 400:  # how the framework says that it could not even begin to read the body
            unread = FieldError("body", "this could not be read; send one JSON document in UTF-8, nested less than a hundred levels deep")
            return problem(422, "invalid", f"{unread.field}: {unread.remedy}", fields=(unread,))
        remedy = {404: "There is nothing at this address; see /docs for what there is.", 405: "This address does not take that method."}
        response = problem(error.status_code, {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error"), remedy.get(error.status_code, str(error.detail)))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    def on_crash(_request: Request, error: Exception) -> Response:
        log.error("request_crashed", error=type(error).__name__, exc_info=error)
        return problem(500, "internal", "Something broke on our side; the request was not half-applied. Retrying with the same Idempotency-Key is safe.")

    app.add_exception_handler(AppError, on_app_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_crash)


# --- unsafe calls -----------------------------------------------------------------------------------------------------

IDEMPOTENCY_KEY_SHAPE = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Stage:
    """One attempt at a use case with a network call in its middle. `key` is the same for every attempt: derive ids from it."""

    key: str
    attempt: int
    database: Database
    _answer: list[Answer]
    _key_hash: str | None
    _caller: str = ""

    def finish(self, session: Session, result: Any, status: int = 200) -> None:
        """Call in the last transaction: stores the answer with the effect."""
        answer = result if isinstance(result, Answer) else Answer(status, to_json(result))
        if self._key_hash is not None:
            idempotency.finish(session, self._key_hash, answer, self._caller)
        self._answer[:] = [answer]

    def finish_alone(self, result: Any) -> None:
        """`finish` where the effect is in no database: a transaction for the answer, if it is to be kept at all."""
        if self._key_hash is None:
            self._answer[:] = [result if isinstance(result, Answer) else Answer(200, to_json(result))]
            return
        with self.database.transaction() as session:
            self.finish(session, result)


class CommandCall:
    """An unsafe request: runs a function as one transaction that includes the idempotency key and its stored answer."""

    def __init__(self, request: Request, body: bytes) -> None:
        self.request = request
        self.app: Any = request.app.state.house
        self.database: Database = self.app.database
        self._body = body

    @property
    def clock(self) -> Any:
        return self.database.clock

    def _key_hash(self) -> str | None:
        key = self.request.headers.get("idempotency-key")
        if key is None:
            return None
        if not IDEMPOTENCY_KEY_SHAPE.fullmatch(key):
            raise Invalid.field("Idempotency-Key", "use 1 to 255 visible ASCII characters, for example a UUID")
        return hashlib.sha256(f"{self._caller}\x1f{key}".encode()).hexdigest()

    @property
    def _tries(self) -> Any:
        return getattr(self.request.state, "tries", None)  # set by app/security/access.py: a try at a limit, to be counted with the work

    @property
    def _caller(self) -> str:
        return getattr(self.request.state, "principal_id", "anyone")  # set by app/security/access.py

    def _request_hash(self) -> str:
        url = self.request.url
        body_hash = hashlib.sha256(self._body).hexdigest()
        return hashlib.sha256(f"{self.request.method}\x1f{url.path}\x1f{url.query}\x1f{body_hash}".encode()).hexdigest()

    def run(self, work: Callable[[Session], Any], status: int = 200) -> Response:
        """`work(session)` returns the result (dataclass, model, dict, None, or a ready Answer); commits, then answers."""
        if self._tries is None:
            return self._run(work, status)
        counted: list[bool] = []

        def counting(session: Session) -> None:
            self._tries.within(session)
            counted.append(True)

        try:
            return self._run(work, status, counting)
        except BaseException:
            if counted:  # a try that came to nothing is one all the same
                self._tries.alone(self.database)
            raise

    def _run(self, work: Callable[[Session], Any], status: int, first: Callable[[Session], None] | None = None) -> Response:
        key_hash = self._key_hash()
        with self.database.transaction() as session:
            if first is not None:
                first(session)
            if key_hash is not None:
                stored, _ = idempotency.begin(session, key_hash, self._request_hash(), self.clock.now(), staged=False)
                if stored is not None:
                    return _replayed(stored)
            result = work(session)
            answer = result if isinstance(result, Answer) else Answer(status, b"" if result is None else to_json(result))
            if key_hash is not None:
                idempotency.finish(session, key_hash, answer, self._caller)
        return _respond(answer)

    def staged(self, work: Callable[[Stage], None]) -> Response:
        """For work that must speak to the network between two transactions; `work` ends by calling `stage.finish`."""
        if self._tries is not None:
            self._tries.alone(self.database)
        key_hash = self._key_hash()
        attempt = 1
        if key_hash is not None:
            with self.database.transaction() as session:
                stored, attempt = idempotency.begin(session, key_hash, self._request_hash(), self.clock.now(), staged=True)
            if stored is not None:
                return _replayed(stored)
        stage = Stage(key_hash or new_id("att"), attempt, self.database, [], key_hash, self._caller)
        try:
            work(stage)
        except AppError:
            if key_hash is not None:
                with self.database.transaction() as session:
                    idempotency.give_up(session, key_hash, attempt)
            raise
        if not stage._answer:  # noqa: SLF001 - the pair Stage/CommandCall is one thing in two classes
            raise RuntimeError("a staged command must call stage.finish in its last transaction")
        return _respond(stage._answer[0])  # noqa: SLF001


def _respond(answer: Answer) -> Response:
    if answer.status == 200 and not answer.body:
        return Response(status_code=204)
    return Response(answer.body, answer.status, media_type=answer.media_type)


def _replayed(answer: Answer) -> Response:
    response = _respond(answer)
    response.headers["Idempotent-Replayed"] = "true"
    return response


async def raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(raw_body)]
"""The bytes as they came: files, and what is signed byte by byte."""


async def _command(request: Request) -> CommandCall:
    return CommandCall(request, await request.body())


Command = Annotated[CommandCall, Depends(_command)]


class ReadCall:
    """A safe request: runs a function on one consistent snapshot."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.app: Any = request.app.state.house
        self.database: Database = self.app.database

    @property
    def clock(self) -> Any:
        return self.database.clock

    def run(self, work: Callable[[Session], Any], status: int = 200) -> Response:
        with self.database.reading() as session:
            result = work(session)
            body = result if isinstance(result, Answer) else Answer(status, to_json(result))
        return Response(body.body, body.status, media_type=body.media_type)


Reading = Annotated[ReadCall, Depends(ReadCall)]


# --- the guard --------------------------------------------------------------------------------------------------------


class _BodyTooLarge(Exception):
    pass


class RequestGuard:
    """ASGI middleware: a body limit that holds for chunked bodies too, and no NUL character anywhere (PostgreSQL has none).

    `limits_bytes` maps a path to its own limit. Also gives every request an id for the log and the answer.
    """

    def __init__(self, app: ASGIApp, *, limits_bytes: dict[str, int] | None = None) -> None:
        self._app = app
        self._limits = limits_bytes or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refuse_early(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        limit, seen, started, oversize = self._limit(scope), 0, False, False

        async def limited_receive() -> Message:
            nonlocal seen, oversize
            message = await receive()
            if message["type"] == "http.request":
                chunk = message.get("body", b"")
                seen += len(chunk)
                if seen > limit:
                    oversize = True
                    raise _BodyTooLarge
            return message

        async def noted_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                if oversize:
                    raise _BodyTooLarge  # an inner handler turned ours into its own answer; ours is the truth
                started = True
            await send(message)

        try:
            await self._app(scope, limited_receive, noted_send)
        except Exception:
            if not oversize or started:
                raise
            await self._too_large(limit)(scope, receive, send)

    def _limit(self, scope: Scope) -> int:
        return self._limits.get(scope["path"], DEFAULT_BODY_LIMIT_BYTES)

    def _too_large(self, limit: int) -> Response:
        return problem(413, TooLarge.code, f"body: at most {limit} bytes are taken here; send smaller batches", extra={"limit_bytes": limit})

    def _refuse_early(self, scope: Scope) -> Response | None:
        raw = scope.get("raw_path", b"") + b"?" + scope.get("query_string", b"")
        if b"%00" in raw or b"\x00" in raw:
            return problem(422, "invalid", "url: the NUL character is not accepted; take %00 out")
        declared = dict(cast("list[tuple[bytes, bytes]]", scope["headers"])).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._limit(scope):
            return self._too_large(self._limit(scope))
        return None


def refuse_nul(body: bytes) -> None:
    """A JSON string may hold an escaped NUL, which no text column can; refuse it by name."""
    if b"\\u0000" in body or b"\x00" in body:
        raise Invalid.field("body", "the NUL character (\\u0000) is not accepted in text; take it out")


async def no_nul(request: Request) -> None:
    """A dependency for the whole app: see `refuse_nul`. Bodies that are not JSON or forms pass (files, signatures)."""
    if request.method in ("POST", "PUT", "PATCH") and request.headers.get("content-type", "").startswith(("application/json", "application/x-www-form")):
        body = await request.body()
        refuse_nul(body)
        if b"%00" in body and request.headers.get("content-type", "").startswith("application/x-www-form"):
            raise Invalid.field("body", "the NUL character (%00) is not accepted in text; take it out")
