"""A local stand-in for Firebase Cloud Messaging: the OAuth token endpoint and HTTP v1 `messages:send`.

Owns the two endpoints, the checks a real FCM makes on a message, programmable outcomes per token, and a throw-away
service account that lets the real firebase-admin SDK talk to it. It binds 127.0.0.1 only. It must not import a room:
it is the other side of the wire. The message and error shapes follow the public reference of
`projects.messages` and `FcmError` (FCM HTTP v1).
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import uvicorn
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.kernel.clock import SystemClock, epoch_s

PROJECT_ID = "moments-local"
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_MAX_DATA_BYTES = 4096
_MAX_TTL_S = 2_419_200
_RESERVED = {"from", "message_type", "collapse_key"}


class Outcome(StrEnum):
    """What the stand-in answers for one send to one token."""

    OK = "ok"
    UNREGISTERED = "unregistered"
    SENDER_ID_MISMATCH = "sender_id_mismatch"
    QUOTA_EXCEEDED = "quota_exceeded"
    THIRD_PARTY_AUTH_ERROR = "third_party_auth_error"
    INVALID_ARGUMENT = "invalid_argument"
    UNAVAILABLE = "unavailable"
    UNAVAILABLE_BUT_DELIVERED = "unavailable_but_delivered"
    INTERNAL = "internal"
    TIMEOUT = "timeout"
    TIMEOUT_BUT_DELIVERED = "timeout_but_delivered"
    GARBAGE = "garbage"
    GARBAGE_ERROR = "garbage_error"


_ERRORS: dict[Outcome, tuple[int, str, str | None]] = {
    Outcome.UNREGISTERED: (404, "NOT_FOUND", "UNREGISTERED"),
    Outcome.SENDER_ID_MISMATCH: (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
    Outcome.QUOTA_EXCEEDED: (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    Outcome.THIRD_PARTY_AUTH_ERROR: (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
    Outcome.INVALID_ARGUMENT: (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    Outcome.UNAVAILABLE: (503, "UNAVAILABLE", "UNAVAILABLE"),
    Outcome.UNAVAILABLE_BUT_DELIVERED: (503, "UNAVAILABLE", "UNAVAILABLE"),
    Outcome.INTERNAL: (500, "INTERNAL", "INTERNAL"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One programmed answer. `retry_after` is sent as the header; `hold_s` is how long a time-out hangs."""

    outcome: Outcome
    retry_after: str | None = None
    hold_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that has reached the device behind `token`, as FCM accepted it."""

    token: str
    name: str
    message: dict[str, Any]

    @property
    def data(self) -> dict[str, str]:
        return dict(self.message.get("data", {}))


@dataclass
class _State:
    lock: threading.Lock = field(default_factory=threading.Lock)
    programmed: dict[str, deque[Step]] = field(default_factory=dict)
    standing: dict[str, Step] = field(default_factory=dict)
    attempts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    bearers: dict[str, float] = field(default_factory=dict)
    token_grants: int = 0


class FcmPeer:
    """`with FcmPeer() as peer:` runs the stand-in on a free port of 127.0.0.1 until the block ends."""

    def __init__(self) -> None:
        self._state = _State()
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._released = threading.Event()
        app = Starlette(
            routes=[
                Route("/token", self._grant, methods=["POST"]),
                Route("/v1/projects/{project}/messages:send", self._send, methods=["POST"]),
            ]
        )
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            log_level="error",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="fcm-peer", daemon=True)
        self._port = 0

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> FcmPeer:
        """Serve; returns once the port is known. Raises RuntimeError if that takes more than 10 s."""
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the local FCM stand-in did not start")
            time.sleep(0.005)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        self._released.set()
        self._server.should_exit = True
        self._thread.join(timeout=5)

    def __enter__(self) -> FcmPeer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- what the SDK needs -------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def fcm_url(self) -> str:
        """The value of the setting `fcm_url`: `{0}` is the project id."""
        return self.base_url + "/v1/projects/{0}/messages:send"

    def service_account(self) -> dict[str, str]:
        """A throw-away service account whose `token_uri` is this stand-in."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": PROJECT_ID,
            "private_key_id": "local",
            "private_key": pem.decode(),
            "client_email": f"local@{PROJECT_ID}.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{self.base_url}/token",
        }

    def write_service_account(self, folder: Path) -> Path:
        """Write the account as the file the setting `fcm_service_account_path` names; mode 0600."""
        path = folder / "fcm-service-account.json"
        path.touch(mode=0o600, exist_ok=True)
        path.write_text(json.dumps(self.service_account()), encoding="utf-8")
        return path

    # -- programming and looking ----------------------------------------------------------------------------------

    def program(self, token: str, *steps: Step | Outcome) -> None:
        """The next sends to `token` get these answers in turn, then the standing one (OK unless `always`)."""
        with self._state.lock:
            line = self._state.programmed.setdefault(token, deque())
            line.extend(s if isinstance(s, Step) else Step(s) for s in steps)

    def always(self, token: str, step: Step | Outcome) -> None:
        """Every send to `token` gets this answer once the programmed ones are used up."""
        with self._state.lock:
            self._state.standing[token] = step if isinstance(step, Step) else Step(step)

    def revoke_bearers(self) -> None:
        """Forget all access tokens: the next call must fetch a new one."""
        with self._state.lock:
            self._state.bearers.clear()

    def attempts(self, token: str | None = None) -> list[dict[str, Any]]:
        """The messages of all well-formed, authenticated sends, in order."""
        with self._state.lock:
            return [m for t, m in self._state.attempts if token in (None, t)]

    def delivered(self, token: str | None = None) -> list[Delivered]:
        with self._state.lock:
            return [d for d in self._state.delivered if token in (None, d.token)]

    def forget(self) -> list[dict[str, Any]]:
        """`attempts()`, and from now on they and what was delivered did not happen: for many rounds with one stand-in."""
        with self._state.lock:
            found = [message for _, message in self._state.attempts]
            self._state.attempts.clear()
            self._state.delivered.clear()
        return found

    def rejected(self) -> list[str]:
        """Why malformed messages or bearers were turned away; a healthy adapter leaves this empty."""
        with self._state.lock:
            return list(self._state.rejected)

    @property
    def token_grants(self) -> int:
        with self._state.lock:
            return self._state.token_grants

    # -- the two endpoints ------------------------------------------------------------------------------------------

    async def _grant(self, request: Request) -> Response:
        form = await request.form()
        problem = self._assertion_problem(str(form.get("assertion", "")), str(form.get("grant_type", "")))
        if problem:
            return JSONResponse({"error": "invalid_grant", "error_description": problem}, status_code=400)
        bearer = "local." + secrets.token_urlsafe(24)
        with self._state.lock:
            self._state.bearers[bearer] = _now_s() + 3600
            self._state.token_grants += 1
        return JSONResponse({"access_token": bearer, "expires_in": 3600, "token_type": "Bearer"})

    def _assertion_problem(self, assertion: str, grant_type: str) -> str | None:
        if grant_type != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return "unsupported grant_type"
        try:
            head, body, signature = assertion.split(".")
            signed = f"{head}.{body}".encode()
            public = self._key.public_key()
            public.verify(_unpad(signature), signed, padding.PKCS1v15(), hashes.SHA256())
            claims = json.loads(_unpad(body))
        except (ValueError, InvalidSignature):
            return "the assertion is not signed by this service account"
        # google-auth names Google's own endpoint as the audience, whatever `token_uri` says.
        if claims.get("aud") not in (f"{self.base_url}/token", "https://oauth2.googleapis.com/token"):
            return "wrong audience"
        if claims.get("exp", 0) < _now_s():
            return "expired"
        if "firebase.messaging" not in claims.get("scope", "") and "cloud-platform" not in claims.get("scope", ""):
            return "scope lacks firebase.messaging"
        return None

    async def _send(self, request: Request) -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        with self._state.lock:
            known = self._state.bearers.get(bearer, 0) > _now_s()
        if not known:
            return self._turned_away(401, "UNAUTHENTICATED", "bearer unknown or expired", None)
        if request.path_params["project"] != PROJECT_ID:
            return self._turned_away(403, "PERMISSION_DENIED", "not the project of this account", None)
        try:
            document = await request.json()
        except ValueError:
            return self._turned_away(400, "INVALID_ARGUMENT", "body is not JSON", "INVALID_ARGUMENT")
        problem = message_problem(document)
        if problem:
            return self._turned_away(400, "INVALID_ARGUMENT", problem, "INVALID_ARGUMENT")
        message: dict[str, Any] = document["message"]
        token = str(message.get("fid") or message.get("token"))
        step = self._next_step(token, message)
        return await self._answer(step, token, message)

    def _next_step(self, token: str, message: dict[str, Any]) -> Step:
        with self._state.lock:
            self._state.attempts.append((token, message))
            line = self._state.programmed.get(token)
            if line:
                return line.popleft()
            return self._state.standing.get(token, Step(Outcome.OK))

    async def _answer(self, step: Step, token: str, message: dict[str, Any]) -> Response:
        name = f"projects/{PROJECT_ID}/messages/{secrets.token_hex(8)}"
        if step.outcome in (Outcome.OK, Outcome.UNAVAILABLE_BUT_DELIVERED, Outcome.TIMEOUT_BUT_DELIVERED):
            with self._state.lock:
                self._state.delivered.append(Delivered(token, name, message))
        if step.outcome is Outcome.OK:
            return JSONResponse({"name": name})
        if step.outcome in (Outcome.TIMEOUT, Outcome.TIMEOUT_BUT_DELIVERED):
            await run_in_threadpool(self._released.wait, step.hold_s)
            return JSONResponse({"name": name})
        if step.outcome is Outcome.GARBAGE:
            return Response(b"\xff\xfe<html>not json", media_type="application/json")
        if step.outcome is Outcome.GARBAGE_ERROR:
            return Response(b"\xff\xfe<html>bad gateway", status_code=502, media_type="text/html")
        status, rpc, code = _ERRORS[step.outcome]
        headers = {"Retry-After": step.retry_after} if step.retry_after is not None else None
        return _error(status, rpc, f"programmed {step.outcome}", code, headers)

    def _turned_away(self, status: int, rpc: str, why: str, code: str | None) -> Response:
        with self._state.lock:
            self._state.rejected.append(why)
        return _error(status, rpc, why, code, None)


def _error(status: int, rpc: str, why: str, code: str | None, headers: dict[str, str] | None) -> Response:
    details = [{"@type": _FCM_ERROR, "errorCode": code}] if code else []
    body = {"error": {"code": status, "message": why, "status": rpc, "details": details}}
    return JSONResponse(body, status_code=status, headers=headers)


def _now_s() -> float:
    return epoch_s(SystemClock().now())


def _unpad(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


# -- what FCM accepts -----------------------------------------------------------------------------------------------


def message_problem(document: object) -> str | None:
    """Why FCM would turn this request body away with INVALID_ARGUMENT, or None if it would take it."""
    if not isinstance(document, dict) or not isinstance(document.get("message"), dict):
        return "message is missing"
    message: dict[str, Any] = document["message"]
    targets = [k for k in ("fid", "token", "topic", "condition") if message.get(k)]
    if len(targets) != 1 or targets[0] not in ("fid", "token") or not isinstance(message[targets[0]], str):
        return "exactly one of fid and token is needed"
    unknown = set(message) - {"fid", "token", "data", "notification", "android", "apns", "webpush", "fcm_options"}
    if unknown:
        return f"unknown field {min(unknown)}"
    return (
        _data_problem(message.get("data", {}))
        or _android_problem(message.get("android", {}))
        or _apns_problem(message.get("apns", {}))
    )


def _data_problem(data: object) -> str | None:
    if not isinstance(data, dict):
        return "data must be a map"
    for key, value in data.items():
        if not isinstance(value, str):
            return f"data.{key} must be a string"
        if key in _RESERVED or key.startswith(("google.", "gcm.")):
            return f"data.{key} is reserved"
    if sum(len(k.encode()) + len(v.encode()) for k, v in data.items()) > _MAX_DATA_BYTES:
        return "data is larger than 4096 bytes"
    return None


def _android_problem(android: object) -> str | None:
    if not isinstance(android, dict):
        return "android must be a map"
    ttl = android.get("ttl")
    if ttl is not None:
        if not isinstance(ttl, str) or not ttl.endswith("s"):
            return "android.ttl must be a duration such as 3.5s"
        try:
            seconds = float(ttl[:-1])
        except ValueError:
            return "android.ttl must be a duration such as 3.5s"
        if not 0 <= seconds <= _MAX_TTL_S:
            return "android.ttl must be between 0 and 4 weeks"
    if android.get("priority", "normal") not in ("normal", "high"):
        return "android.priority must be normal or high"
    key = android.get("collapse_key")
    return None if key is None or isinstance(key, str) else "android.collapse_key must be a string"


def _apns_problem(apns: object) -> str | None:
    if not isinstance(apns, dict):
        return "apns must be a map"
    headers = apns.get("headers", {})
    if not isinstance(headers, dict) or any(not isinstance(v, str) for v in headers.values()):
        return "apns.headers must be a map of strings"
    if len(headers.get("apns-collapse-id", "").encode()) > 64:
        return "apns-collapse-id is longer than 64 bytes"
    if not headers.get("apns-expiration", "0").isdigit():
        return "apns-expiration must be epoch seconds"
    if headers.get("apns-priority", "10") not in ("1", "5", "10"):
        return "apns-priority must be 1, 5 or 10"
    return None
