"""The in-memory twin of a network operator: swaps are told to it beforehand.

Owns the pretended answers, for tests. Must not be used to learn anything about a person.
"""

from __future__ import annotations

import threading

from app.security.policies.contracts import SimSwap


class MemorySimSwapGateway:
    """`told[number]` is the answer about a number; about any other it is NO. `asked` lists who was asked about."""

    def __init__(self, told: dict[str, SimSwap] | None = None) -> None:
        self._lock = threading.Lock()
        self.told = told or {}
        self.asked: list[str] = []

    def check(self, number: str) -> SimSwap:
        with self._lock:
            self.asked.append(number)
            return self.told.get(number, SimSwap.NO)

    def close(self) -> None:
        return
