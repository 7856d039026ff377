"""What conversations ask of the house: what is known, and that a cart is filled.

Owns the ports. The real knowledge is finding.py, chosen by the bootstrap; tests answer with a made-up shop. A language model is asked by
asking.py alone, and there is none unless one is set up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from notifications.conversations.knowledge import Facts, Known, Understanding, Written
from notifications.conversations.proposing import Line


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a person should see beside a thread, in words."""

    cart: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    visit: str | None = None


class Knowledge(Protocol):
    """Everything is this shopper's own or public; each within the caller's session, and without a network."""

    def known(self, session: Session) -> Known: ...

    def facts(self, session: Session, shopper_id: str, u: Understanding, *, at: datetime) -> Facts: ...

    def written(self, session: Session, text: str, language: str) -> Written | None:
        """What the shop has written in answer to just this question, in this language."""
        ...

    def cared_for(self, session: Session, shopper_id: str, *, at: datetime) -> tuple[str, ...]:
        """Products she has bought lately and that want some care, the newest order first."""
        ...

    def put_in_cart(self, session: Session, shopper_id: str, lines: Sequence[Line], *, at: datetime) -> str | None:
        """All of it or nothing; a sentence why not."""
        ...

    def surroundings(self, session: Session, shopper_id: str, *, at: datetime) -> Surroundings: ...


class LanguageModel(Protocol):
    """Somebody else's program that says which of our questions a message is. It has no tools, sees one message without names and numbers, and
    is believed only as far as suggesting.py checks it."""

    @property
    def name(self) -> str:
        """Which one, for the record."""
        ...

    def choose(self, message: str) -> str | None:
        """Its answer to one fenced message, as it came; None: none in time. Never raises, never waits longer than its settings say."""
        ...

    def close(self) -> None: ...
