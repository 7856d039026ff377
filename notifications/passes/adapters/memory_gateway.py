"""A wallet's maker in memory: keeps what it was told and answers as programmed. The twin of the real ones for tests."""

from __future__ import annotations

import threading
from collections import deque

from notifications.passes.ports import PassUpdate, Wallet
from notifications.ports import Outcome, PushReceipt


class MemoryGateway:
    """`program(address, ...)` sets the next answers there; all else is accepted. `sent` is every update in the order it came."""

    def __init__(self, wallet: Wallet = Wallet.APPLE) -> None:
        self.wallet = wallet
        self.sent: list[PassUpdate] = []
        self._lines: dict[str, deque[PushReceipt]] = {}
        self._lock = threading.Lock()

    def program(self, address: str, *receipts: PushReceipt) -> None:
        with self._lock:
            self._lines.setdefault(address, deque()).extend(receipts)

    def send(self, update: PassUpdate) -> PushReceipt:
        with self._lock:
            self.sent.append(update)
            line = self._lines.get(update.address)
            return line.popleft() if line else PushReceipt(Outcome.ACCEPTED, provider_message_id=f"memory {len(self.sent)}")

    def close(self) -> None:
        return
