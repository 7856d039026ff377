"""How the local Stripe peer sends its webhooks: signed, at least once, in whatever order its knobs say.

Owns the queue, the signature and the retries. Must not know what an event means. The real sender promises neither
order nor single delivery, so every knob here (hold, release shuffled, copies, delay) is something it may do.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

Doc = dict[str, Any]
Sender = Callable[[bytes, dict[str, str]], int]
"""Takes the raw body and the headers, returns the HTTP status; tests may pass a function instead of a URL."""

MAX_TRIES = 6


def signature_header(body: bytes, secret: str, at_s: int) -> str:
    """`t=...,v1=...`: HMAC-SHA256 over `<t>.<raw body>`, Stripe's documented scheme."""
    mac = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={mac}"


def _post(url: str) -> Sender:
    def send(body: bytes, headers: dict[str, str]) -> int:
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - our own URL
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return int(refused.code)
        except OSError:
            return 0

    return send


class Deliveries:
    """One background sender. `tell(event)` never blocks; `drain()` waits until everything due has been tried."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._queue: queue.Queue[tuple[Doc, int] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._send: Sender | None = None
        self._secret = ""
        self._held: list[Doc] = []
        self.holding = False
        self.copies = 1
        self.delay_s = 0.0
        self.retry_pause_s = 0.05
        self.log: list[tuple[str, int]] = []
        """(event type, status) of every try, in order."""

    def send_to(self, target: str | Sender, secret: str) -> None:
        """From now on events go to `target`, a URL or a function, signed with `secret`."""
        self._send = _post(target) if isinstance(target, str) else target
        self._secret = secret

    def tell(self, event: Doc) -> None:
        if self._send is None:
            return
        if self.holding:
            self._held.append(event)
            return
        for _ in range(self.copies):
            self._queue.put((event, 1))
        self._start()

    def hold(self) -> None:
        """Late: keep events back until `release`."""
        self.holding = True

    @property
    def held(self) -> Sequence[Doc]:
        return tuple(self._held)

    def release(self, *, order: Callable[[list[Doc]], Sequence[Doc]] = list, copies: int | None = None) -> None:
        """Send what was held, in `order` (e.g. `reversed`), each `copies` times."""
        self.holding = False
        waiting, self._held = self._held, []
        for event in order(waiting):
            for _ in range(self.copies if copies is None else copies):
                self._queue.put((event, 1))
        self._start()

    def drain(self, timeout_s: float = 15.0) -> None:
        """Wait until the queue is empty; raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while self._queue.unfinished_tasks:
            if time.monotonic() > deadline:
                raise TimeoutError("webhooks are still being sent")
            time.sleep(0.005)

    def stop(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=5)
            self._thread = None

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="stripe-peer-webhooks", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            try:
                if item is None:
                    return
                self._try(*item)
            finally:
                self._queue.task_done()

    def _try(self, event: Doc, attempt: int) -> None:
        if self.delay_s:
            time.sleep(self.delay_s)
        body = json.dumps(event, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature_header(body, self._secret, int(self._now_s())),
            "User-Agent": "Stripe/1.0 (local peer)",
        }
        send = self._send
        status = send(body, headers) if send else 0
        self.log.append((event["type"], status))
        if not 200 <= status < 300 and attempt < MAX_TRIES:
            time.sleep(self.retry_pause_s * attempt)
            self._queue.put((event, attempt + 1))
