"""The in-memory twin of whoever carries letters: mailboxes one can look into.

Owns the pretended mailboxes, for tests and for the demo, where nothing leaves the house. Must not be used to reach a person.
"""

from __future__ import annotations

import threading
from collections import deque

from app.security.contacts.ports import Letter, Receipt, Sent
from app.security.contacts.values import ContactKind

MOST_KEPT = 200
NO_MAILBOX = "5.1.1"


class MemoryContactGateway:
    """`program(Sent.RETRY, ...)` sets the next answers, `nobody_at` holds the addresses that nobody has; all others are accepted. `letters_to` is a mailbox."""

    kinds = frozenset(ContactKind)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._programmed: deque[Sent] = deque()
        self._arrived: deque[Letter] = deque(maxlen=MOST_KEPT)
        self.nobody_at: set[str] = set()

    def program(self, *answers: Sent) -> None:
        with self._lock:
            self._programmed.extend(answers)

    def send(self, letter: Letter) -> Receipt:
        with self._lock:
            if letter.to in self.nobody_at:
                return Receipt(Sent.NOBODY, NO_MAILBOX)
            answer = self._programmed.popleft() if self._programmed else Sent.ACCEPTED
            if answer is Sent.ACCEPTED and all(letter.id != one.id for one in self._arrived):
                self._arrived.append(letter)
            return Receipt(answer)

    def letters_to(self, address: str) -> list[Letter]:
        """What lies in a mailbox, oldest first."""
        with self._lock:
            return [letter for letter in self._arrived if letter.to == address]
