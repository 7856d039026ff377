"""A language model behind an address that speaks the widespread "chat completions" JSON, here or elsewhere.

Owns the words of that interface. Must not log what was asked or answered, must not raise, and must not hold a caller longer than the
settings say: that time is for the whole, from the name of the host to the last byte. It is given no tools; redirects are not followed and
proxies of the environment not used. Source: the interface's public description (OpenAI API, `POST /chat/completions`).
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, cast
from urllib.parse import urlsplit

from app.kernel.logs import get_logger
from notifications.conversations.settings import ConversationSettings
from notifications.conversations.suggesting import INSTRUCTIONS
from notifications.timed_sockets import TimedSocket, left

log = get_logger(__name__)

ANSWER_MOST_BYTES = 64 * 1024
ANSWER_MOST_TOKENS = 120
ADDRESSES_MOST = 4

Resolve = Callable[[str, int], list[str]]


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system knows them."""
    return list(dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


class ChatCompletionsGateway:
    """One connection a question: they are few. `resolve` is what tests put in the place of the system's names."""

    def __init__(self, settings: ConversationSettings, *, resolve: Resolve = resolved) -> None:
        self.name = settings.language_model
        self._timeout_s, self._resolve = settings.language_model_timeout_s, resolve
        parts = urlsplit(settings.language_model_url.rstrip("/") + "/chat/completions")
        self._host, self._path, secure = parts.hostname or "", parts.path, parts.scheme == "https"
        self._port = parts.port or (443 if secure else 80)
        self._tls = ssl.create_default_context() if secure else None
        key = settings.language_model_key.get_secret_value()
        self._headers = {"Content-Type": "application/json", "Connection": "close"} | ({"Authorization": f"Bearer {key}"} if key else {})

    def choose(self, message: str) -> str | None:
        asked = {
            "model": self.name,
            "messages": [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": message}],
            "temperature": 0,
            "max_tokens": ANSWER_MOST_TOKENS,
            "response_format": {"type": "json_object"},
        }
        try:
            return self._answer(json.dumps(asked).encode(), time.monotonic() + self._timeout_s)
        except Exception as error:  # noqa: BLE001 - its trouble must never be hers, and its text may hold her words
            log.warning("language_model_gave_no_answer", why=type(error).__name__)
            return None

    def close(self) -> None:
        return None

    def _answer(self, asked: bytes, deadline: float) -> str | None:
        sock = self._reached(deadline)
        try:
            if self._tls is not None:
                sock.settimeout(left(deadline))
                sock = self._tls.wrap_socket(sock, server_hostname=self._host)
            connection = http.client.HTTPConnection(self._host, self._port)
            connection.sock = cast("Any", TimedSocket(sock, deadline))
            connection.request("POST", self._path, asked, self._headers)
            answer = connection.getresponse()
            body = answer.read(ANSWER_MOST_BYTES + 1)
        finally:
            sock.close()
        if answer.status != 200:
            log.warning("language_model_gave_no_answer", why=str(answer.status))
            return None
        said = json.loads(body)["choices"][0]["message"]["content"] if len(body) <= ANSWER_MOST_BYTES else None
        return said if isinstance(said, str) else None

    def _reached(self, deadline: float) -> socket.socket:
        """A connection to the first of its addresses that takes one."""
        found = self._named(deadline)[:ADDRESSES_MOST]
        for one in found[:-1]:
            try:
                return socket.create_connection((one, self._port), timeout=left(deadline) / len(found))
            except OSError:
                continue
        return socket.create_connection((found[-1], self._port), timeout=left(deadline))

    def _named(self, deadline: float) -> list[str]:
        """The system gives no time for a name: it is asked aside, and waited for no longer than is left."""
        heard: SimpleQueue[list[str]] = SimpleQueue()

        def ask() -> None:
            try:
                heard.put(self._resolve(self._host, self._port))
            except (OSError, ValueError):
                heard.put([])

        threading.Thread(target=ask, daemon=True, name="language-model-name").start()
        try:
            found = heard.get(timeout=left(deadline))
        except Empty:
            raise TimeoutError from None
        if not found:
            raise ConnectionError
        return found
