"""A small HTTP server of this machine whose answers are told beforehand: what the stand-ins for push services and Twilio stand on.

Owns the listening, the lines of answers and what was heard. It binds 127.0.0.1 only and must not import a room: it is the other side
of the wire.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`garbage`: bytes that are no HTTP, or a connection that ends. `hold_s` before it is given. `takes`: what was sent arrives."""

    status: int = 201
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    garbage: bool = False
    hold_s: float = 0.0
    takes: bool = False


@dataclass(frozen=True)
class Heard:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no news; anything else is ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)



class ScriptedPeer:
    """`program(key, ...)` sets the next answers to whatever `key_of` calls by this key; all else is taken."""

    def __init__(self) -> None:
        self.attempts: dict[str, list[Heard]] = {}
        self._lines: dict[str, deque[Answer]] = {}
        self._lock = threading.Lock()

    def program(self, key: str, *answers: Answer) -> None:
        with self._lock:
            self._lines.setdefault(key, deque()).extend(answers)

    def key_of(self, heard: Heard) -> str:
        """Whom a request is for."""
        return heard.path

    def take(self, key: str, heard: Heard) -> Answer:
        """What a request that nothing else was told for is answered; it has arrived."""
        raise NotImplementedError

    def __enter__(self):
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self._heard()

            def do_PATCH(self) -> None:
                self._heard()

            def _heard(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._say(peer.answer(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body)))

            def do_GET(self) -> None:
                self._say(peer.answer(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, b"")))

            def _say(self, answer: Answer) -> None:
                time.sleep(answer.hold_s)
                if answer.garbage:
                    self.wfile.write(b"\x00no HTTP at all\r\n\r\n")
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
                return

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, heard: Heard) -> Answer:
        key = self.key_of(heard)
        with self._lock:
            self.attempts.setdefault(key, []).append(heard)
            line = self._lines.get(key)
            told = line.popleft() if line else None
        if told is None:
            return self.take(key, heard)
        if told.takes:
            self.take(key, heard)
        return told
