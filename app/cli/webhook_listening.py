"""A receiver of webhooks for whoever writes one: verifies what comes in, shows it, and knows a repeat.

Owns a small server on 127.0.0.1. Must not be reachable from elsewhere, and stores nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.kernel.clock import SystemClock
from app.kernel.verdict import Fail
from app.security.inbound.standard_webhooks import verify

BODY_MOST_BYTES = 1_000_000


def listen_on(port: int, secrets: Sequence[str], *, status: int, most: int) -> None:
    """Serve until `most` requests have come (0: until it is interrupted)."""
    server = Listener(port, secrets, status)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        while not most or server.received < most:
            server.handle_request()
    finally:
        server.server_close()


class Listener(ThreadingHTTPServer):
    """`received` counts what has come, `seen` the ids of what was genuine."""

    daemon_threads = False  # the last request is answered before the process ends
    timeout = 0.2

    def __init__(self, port: int, secrets: Sequence[str], status: int) -> None:
        self.secrets, self.status = secrets, status
        self.received = 0
        self.seen: set[str] = set()
        super().__init__(("127.0.0.1", port), _Request)


class _Request(BaseHTTPRequestHandler):
    server: Listener  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout = 10

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > BODY_MOST_BYTES:
            self._answer(413, f"refused: at most {BODY_MOST_BYTES} bytes, with a content-length")
            return
        body = self.rfile.read(int(length))
        verdict = verify(dict(self.headers.items()), body, self.server.secrets, now_s=SystemClock().now().timestamp())
        if isinstance(verdict, Fail):
            self._answer(401, f"refused: {verdict.reason}")
            return
        webhook_id = self.headers["webhook-id"]
        again = webhook_id in self.server.seen
        self.server.seen.add(webhook_id)
        self._answer(self.server.status, f"{'again' if again else 'genuine'}: {_shown(body)}")

    def _answer(self, status: int, line: str) -> None:
        print(line, flush=True)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
        self.server.received += 1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """What is worth saying is said in `_answer`."""


def _shown(body: bytes) -> str:
    """On one line, and no character of it moves the terminal's cursor."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=True)
    except ValueError:
        return f"{len(body)} bytes that are no JSON"
