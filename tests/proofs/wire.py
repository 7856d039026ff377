"""HTTP by hand: a request whose last byte is held back until the word is given, and answers that never came.

Owns one connection. Must not retry or interpret anything: a proof counts what really happened on the wire.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 60.0


class Lost(Exception):
    """No whole answer came: whether anything was done is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code; the status where it is no problem."""
        return str(self.json["code"]) if self.status >= 400 else str(self.status)


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] | None = None

    def raw(self, host: str) -> bytes:
        content = self.body if isinstance(self.body, bytes) else b"" if self.body is None else json.dumps(self.body).encode()
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(content)}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in (self.headers or {}).items()]
        return "\r\n".join((*lines, "", "")).encode() + content


class Wire:
    """A connection that stays open. `hold` sends all but the last byte, `release` that one, `answer` reads."""

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        self._host = where.netloc
        self._socket = socket.create_connection((where.hostname or "", where.port or 80), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = self._socket.makefile("rb")
        self._last = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._read.close()
        self._socket.close()

    def hold(self, asked: Asked) -> None:
        raw = asked.raw(self._host)
        try:
            self._socket.sendall(raw[:-1])
        except OSError as error:
            raise Lost(repr(error)) from error
        self._last = raw[-1:]

    def release(self) -> None:
        try:
            self._socket.sendall(self._last)
        except OSError as error:
            raise Lost(repr(error)) from error

    def answer(self) -> Answer:
        try:
            first = self._read.readline()
            if not first.endswith(b"\r\n"):
                raise Lost(f"the connection ended after {first!r}")
            headers: dict[str, str] = {}
            while (line := self._read.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            length = int(headers.get("content-length", "0"))
            body = self._read.read(length)
        except (OSError, ValueError) as error:
            raise Lost(repr(error)) from error
        if line == b"" or len(body) < length:
            raise Lost("the answer broke off")
        return Answer(int(first.split()[1]), headers, body)

    def ask(self, asked: Asked) -> Answer:
        self.hold(asked)
        self.release()
        return self.answer()


def ask(url: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """One request on a connection of its own."""
    with Wire(url) as wire:
        return wire.ask(Asked(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()}))


def together(url: str | Sequence[str], asked: Sequence[Asked], *, ahead: int = 0, by_s: float = 0.0) -> list[Answer]:
    """All at once: every request is there but for its last byte, then the last bytes go out in one sweep. The first `ahead` of
    them may have a start of `by_s` on the others. With several addresses they go to each in turn."""
    urls = [url] if isinstance(url, str) else url
    wires = [Wire(urls[k % len(urls)]) for k in range(len(asked))]
    try:
        for wire, one in zip(wires, asked, strict=True):
            wire.hold(one)
        for wire in wires[:ahead]:
            wire.release()
        time.sleep(by_s)
        for wire in wires[ahead:]:
            wire.release()
        return [wire.answer() for wire in wires]
    finally:
        for wire in wires:
            wire.close()


def crowd(clients: int, work: Callable[[int], None]) -> None:
    """`work(k)` in so many threads that set off together at a barrier; the first error of any is raised."""
    barrier = threading.Barrier(clients)
    errors: list[BaseException] = []

    def run(k: int) -> None:
        barrier.wait()
        try:
            work(k)
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
