"""A local stand-in for Apple's push service: HTTP/2 over TLS, with the certificate of a pass type asked of whoever calls.

Owns the frames (by h2), the checks Apple makes of a request for a pass (certificate, topic, an object as body) and answers that are told
beforehand. It binds 127.0.0.1 only and must not import a room. Source: Apple, "Sending notification requests to APNs".
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from app.demo.peers.scripted_peer import Answer, Heard


def refusal(status: int, reason: str, **headers: str) -> Answer:
    """As Apple writes it."""
    return Answer(status, json.dumps({"reason": reason}).encode(), {name.lower().replace("_", "-"): value for name, value in headers.items()})


class ApnsPeer:
    """`certificate` is a PEM file with the peer's own certificate and key, `callers` one with the certificates that may call (none: anybody may);
    `topic` is the pass type they are for. `program(token, ...)` sets the next answers to a token; all else is taken."""

    def __init__(self, certificate: Path, callers: Path | None, topic: str) -> None:
        self.attempts: dict[str, list[Heard]] = {}
        self.connections = 0
        self._topic, self._lines, self._lock = topic, dict[str, deque[Answer]](), threading.Lock()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._tls.set_alpn_protocols(["h2"])
        if callers is not None:
            self._tls.verify_mode = ssl.CERT_REQUIRED
            self._tls.load_verify_locations(callers)
        self._open: set[socket.socket] = set()

    def program(self, token: str, *answers: Answer) -> None:
        with self._lock:
            self._lines.setdefault(token, deque()).extend(answers)

    def __enter__(self) -> ApnsPeer:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Ends every line, whatever is still to be said on it."""
        with self._lock:
            still_open = list(self._open)
        for one in still_open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        with suppress(OSError, ProtocolError), caller, self._tls.wrap_socket(caller, server_side=True) as line:
            with self._lock:
                self.connections += 1
                self._open.add(line)
            try:
                _Conversation(self, line).run()
            finally:
                with self._lock:
                    self._open.discard(line)

    def answer(self, heard: Heard) -> Answer:
        token = heard.path.rpartition("/")[2]
        with self._lock:
            self.attempts.setdefault(token, []).append(heard)
            line = self._lines.get(token)
            told = line.popleft() if line else None
        if heard.headers.get(":method") != "POST" or not heard.path.startswith("/3/device/"):
            return refusal(404, "BadPath")
        if heard.headers.get("apns-topic") != self._topic:
            return refusal(400, "TopicDisallowed")
        if heard.body != b"{}":
            return refusal(400, "PayloadEmpty")
        return told or Answer(200, headers={"apns-id": f"00000000-0000-0000-0000-{sum(map(len, self.attempts.values())):012d}"})


class _Conversation:
    """One connection. Answers that are held are given by a timer, so that other requests on it go on meanwhile."""

    def __init__(self, peer: ApnsPeer, line: ssl.SSLSocket) -> None:
        self._peer, self._line, self._lock = peer, line, threading.Lock()
        self._h2 = H2Connection(config=H2Configuration(client_side=False, header_encoding="utf-8"))
        self._coming: dict[int, tuple[dict[str, str], bytearray]] = {}

    def run(self) -> None:
        self._h2.initiate_connection()
        self._flush()
        while data := self._line.recv(65536):
            with self._lock:
                events = self._h2.receive_data(data)
            for event in events:
                if isinstance(event, RequestReceived) and event.headers is not None:
                    self._coming[event.stream_id or 0] = {str(k): str(v) for k, v in event.headers}, bytearray()
                elif isinstance(event, DataReceived):
                    self._coming[event.stream_id or 0][1].extend(event.data or b"")
                elif isinstance(event, StreamEnded):
                    self._heard(event.stream_id or 0)
            self._flush()

    def _heard(self, stream: int) -> None:
        headers, body = self._coming.pop(stream)
        told = self._peer.answer(Heard(headers.get(":path", ""), headers, bytes(body)))
        if told.garbage:
            self._line.sendall(b"no HTTP/2 at all" * 8)
            raise ConnectionResetError
        if told.hold_s:
            later = threading.Timer(told.hold_s, self._say, (stream, told))
            later.daemon = True
            later.start()
            return
        self._say(stream, told)

    def _say(self, stream: int, told: Answer) -> None:
        with suppress(OSError, ProtocolError):
            with self._lock:
                self._h2.send_headers(stream, [(":status", str(told.status)), *told.headers.items()], end_stream=not told.body)
                if told.body:
                    self._h2.send_data(stream, told.body, end_stream=True)
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            if data := self._h2.data_to_send():
                self._line.sendall(data)
