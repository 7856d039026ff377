"""Speaks HTTP to an endpoint: to the very address that was judged, once, within a time, reading little.

Owns the socket. A name is resolved here and every address it leads to is judged (addresses.py); we connect to one of those that
were judged, so that a name which changes its mind in between leads nowhere. TLS and the Host header go by the name. Redirects are not
followed, and the answer's body is read up to a bound and thrown away. Proxies of the environment are not used: they would resolve anew.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from notifications.timed_sockets import TimedSocket, left
from notifications.webhooks import addresses
from notifications.webhooks.ports import WebhookAnswer, WebhookRequest
from notifications.webhooks.reasons import WebhookReason as Reason

ANSWER_MOST_BYTES = 64 * 1024
ADDRESSES_MOST = 4

Resolve = Callable[[str, int], list[str]]


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class _Refused(Exception):
    """The name leads where nothing of ours goes."""


class HttpGateway:
    """`resolve` and `connect` are what tests put in the network's place."""

    def __init__(
        self, *, timeout_s: float, loopback: bool, resolve: Resolve = resolved, tls: ssl.SSLContext | None = None,
        connect: Callable[..., socket.socket] = socket.create_connection,
    ) -> None:  # fmt: skip
        self._timeout_s, self._loopback, self._resolve, self._connect = timeout_s, loopback, resolve, connect
        self._tls = tls or ssl.create_default_context()

    def send(self, request: WebhookRequest) -> WebhookAnswer:
        began = time.monotonic()
        status, retry_after, reason = None, None, None
        try:
            status, retry_after = self._exchange(request, began + self._timeout_s)
        except _Refused:
            reason = Reason.ADDRESS_REFUSED
        except TimeoutError:
            reason = Reason.TIMED_OUT
        except ssl.SSLError:
            reason = Reason.TLS_FAILED
        except OSError:
            reason = Reason.UNREACHABLE
        except (http.client.HTTPException, ValueError):
            reason = Reason.ANSWER_UNREADABLE
        return WebhookAnswer(status, reason, retry_after, int((time.monotonic() - began) * 1000))

    def _exchange(self, request: WebhookRequest, deadline: float) -> tuple[int, str | None]:
        parts = urlsplit(request.url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        judged = self._judged(host, port)
        if not secure and not all(self._loopback and one in ("127.0.0.1", "::1") for one in judged):
            raise _Refused
        sock = self._reached(judged, port, deadline)
        try:
            if secure:
                sock.settimeout(left(deadline))
                sock = self._tls.wrap_socket(sock, server_hostname=host)
            connection = http.client.HTTPConnection(host, port)
            connection.sock = cast("Any", TimedSocket(sock, deadline))
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("host", parts.netloc)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.putheader("content-length", str(len(request.body)))
            connection.putheader("connection", "close")
            connection.endheaders(request.body)
            response = connection.getresponse()
            response.read(ANSWER_MOST_BYTES)
            return response.status, response.headers.get("Retry-After")
        finally:
            sock.close()

    def _judged(self, host: str, port: int) -> list[str]:
        """The addresses of the name; raises `_Refused` when one of them, whichever, is not public."""
        found = self._resolve(host, port)
        if not found or not all(addresses.allowed(one, loopback=self._loopback) for one in found):
            raise _Refused
        return found[:ADDRESSES_MOST]

    def _reached(self, judged: list[str], port: int, deadline: float) -> socket.socket:
        """A connection to the first of them that takes one."""
        for one in judged[:-1]:
            try:
                return self._connect((one, port), timeout=left(deadline) / len(judged))
            except OSError:
                continue
        return self._connect((judged[-1], port), timeout=left(deadline))
