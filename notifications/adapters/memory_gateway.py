"""The in-memory twin of a push provider, with devices that show a message once.

Owns the pretended provider and phones, for tests and for a demo without a provider. Must not be used to reach a person.
Passes the same contract tests as the real adapter.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace

from notifications.ports import Outcome, PushReceipt, PushRequest
from notifications.reasons import NotificationReason


class MemoryGateway:
    """`program(address, receipt, ...)` sets the next answers for one device; all others are accepted."""

    channel = "fcm"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._programmed: dict[str, deque[tuple[PushReceipt, bool]]] = {}
        self._dead: set[str] = set()
        self._count = 0
        self.attempts: list[PushRequest] = []
        self.arrived: list[PushRequest] = []

    def program(self, address: str, *receipts: PushReceipt, delivered: bool = False) -> None:
        """`delivered` makes a failing answer arrive at the device all the same, as a 503 may."""
        with self._lock:
            self._programmed.setdefault(address, deque()).extend((r, delivered) for r in receipts)

    def kill(self, address: str) -> None:
        """The app was removed: this address is dead from now on."""
        with self._lock:
            self._dead.add(address)

    def send(self, request: PushRequest) -> PushReceipt:
        with self._lock:
            self.attempts.append(replace(request))
            if request.address in self._dead:
                return PushReceipt(Outcome.DEAD, reason=NotificationReason.TOKEN_DEAD)
            if (
                request.ttl_s <= 0
                or not request.collapse_key
                or any(not isinstance(v, str) for v in request.data.values())
            ):
                return PushReceipt(Outcome.REFUSED, reason=NotificationReason.PROVIDER_REFUSED)
            line = self._programmed.get(request.address)
            receipt, delivered = line.popleft() if line else (None, True)
            if receipt is None:
                self._count += 1
                receipt = PushReceipt(Outcome.ACCEPTED, provider_message_id=f"memory/{self._count}")
            if delivered or receipt.outcome is Outcome.ACCEPTED:
                self.arrived.append(replace(request))
            return receipt

    def shown(self, address: str) -> list[str]:
        """The message ids the device behind `address` has shown: it drops one it has shown before."""
        with self._lock:
            return list(dict.fromkeys(r.message_id for r in self.arrived if r.address == address))

    def close(self) -> None:
        return None
