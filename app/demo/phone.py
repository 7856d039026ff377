"""A phone that speaks HTTP: what Jane's device does, through the public addresses and nothing else.

Owns one device's requests and its open inbox stream. Must not import a room: it is as foreign to the house as a real phone.
"""

from __future__ import annotations

import json
import queue
import ssl
import threading
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import httpx2 as httpx

from app.demo.walkers import SimFix
from app.kernel.clock import utc_text

PURPOSES = ("location", "personalisation", "marketing_push", "analytics")

Answer = dict[str, Any]


class Refusal(RuntimeError):
    """The house has answered with a problem: the text says to what and why, `code` is the problem's own."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


@cache
def _trusted() -> ssl.SSLContext:
    """Whom a phone believes, read once: reading it for each costs more than all it asks for."""
    return ssl.create_default_context()


class Phone:
    """`with Phone(url, "Jane's phone") as phone:` registers a device and forgets the connection at the end."""

    def __init__(self, url: str, name: str, known: Mapping[str, str] | None = None) -> None:
        """`known`: what a device was told that has been registered before, ids and token."""
        self._http = httpx.Client(base_url=url, timeout=15.0, verify=_trusted())
        made = known or self._ask("POST", "/v1/devices", {"name": name, "platform": "android"}, key=uuid.uuid4().hex)
        self.shopper_id: str = made["shopper_id"]
        self.device_id: str = made["device_id"]
        self._http.headers["Authorization"] = f"Bearer {made['token']}"
        self._stream: threading.Thread | None = None
        self._closing = threading.Event()
        self.inbox: queue.Queue[Answer] = queue.Queue()

    def __enter__(self) -> Phone:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._http.close()

    # -- requests ----------------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        answer = self._http.request(method, path, json=body, headers=headers)
        if answer.status_code >= 400:
            is_json = answer.headers.get("content-type", "").startswith(("application/json", "application/problem+json"))
            code = str(answer.json().get("code", "")) if is_json else ""
            raise Refusal(f"{method} {path.partition('?')[0]}: {answer.status_code} {answer.text[:300]}", code)
        return answer.json() if answer.content else {}

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def put(self, path: str, body: Any) -> Answer:
        return self._ask("PUT", path, body, key=str(uuid.uuid4()))

    def post(self, path: str, body: Any, *, key: str | None = None) -> Answer:
        return self._ask("POST", path, body, key=key or str(uuid.uuid4()))

    # -- what a phone does -------------------------------------------------------------------------------------

    def consent(self, *purposes: str) -> None:
        for purpose in purposes or PURPOSES:
            self.put(f"/v1/consents/{purpose}", {"granted": True})

    def register_push(self, token: str) -> None:
        self.post("/v1/devices/me/push-token", {"token": token, "kind": "fid", "timezone": "Europe/Helsinki"})

    def report(self, fixes: Iterable[tuple[datetime, SimFix]]) -> Answer:
        """Send positions in one batch, as a phone does that was in a pocket."""
        return self.post("/v1/fixes", {"fixes": [fix_document(at, fix) for at, fix in fixes]})

    def listen(self) -> None:
        """Open the inbox as a stream of server-sent events; what comes lands in `inbox`."""
        opened = threading.Event()
        self._stream = threading.Thread(target=self._follow, args=(opened,), name="jane-inbox", daemon=True)
        self._stream.start()
        opened.wait(5)

    def _follow(self, opened: threading.Event) -> None:
        try:
            with self._http.stream("GET", "/v1/inbox/stream", timeout=httpx.Timeout(15.0, read=60.0)) as answer:
                opened.set()
                for line in answer.iter_lines():
                    if self._closing.is_set():
                        return
                    if line.startswith("data:"):
                        self.inbox.put(json.loads(line.removeprefix("data:")))
        except (httpx.HTTPError, httpx.StreamError, RuntimeError):
            return  # the server, or we, have gone; whoever waits for a message says that none came


def fix_document(at: datetime, fix: SimFix) -> Answer:
    """A fix as `POST /v1/fixes` takes it."""
    return {
        "occurred_at": utc_text(at),
        "lat": round(fix.lat_deg, 7),
        "lon": round(fix.lon_deg, 7),
        "accuracy_m": fix.accuracy_m,
        "speed_mps": fix.speed_mps,
    }
