"""One exchange over a socket within a time: every step gets only what is left of the whole, so that who drips a byte a second wins nothing.

Owns the clock of a connection, for the standard library's HTTP. Must not resolve, connect or know what is said.
"""

from __future__ import annotations

import io
import socket
import time
from typing import Any


def left(deadline: float) -> float:
    """Seconds until then, on the monotonic clock. Raises TimeoutError when it has passed."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


class TimedSocket:
    """What `http.client` needs of a socket. Whoever made the socket closes it."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(left(self._deadline))
        self._sock.sendall(data)

    def makefile(self, _mode: str = "rb", *_rest: Any, **_more: Any) -> io.BufferedReader:
        return io.BufferedReader(_TimedReading(self._sock, self._deadline))

    def close(self) -> None:
        """The owner closes it."""


class _TimedReading(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(left(self._deadline))
        return self._sock.recv_into(buffer)
