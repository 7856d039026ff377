"""What we say to whoever carries letters, and what we hear back.

Owns the port: one verb. Must not know a vendor. Every adapter passes tests/app/security/contacts/test_gateway_contract.py.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.security.contacts.values import ContactKind


class Sent(StrEnum):
    ACCEPTED = "accepted"
    RETRY = "retry"
    """Not taken, or perhaps taken; the same letter may be sent again."""
    REFUSED = "refused"
    """This letter will never be taken."""
    NOBODY = "nobody"
    """Nor any other: nobody has this mailbox."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`status` is the code the mail server gave for it (RFC 3463), if it gave one."""

    sent: Sent
    status: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """`id` is the same at every attempt, so that a mailbox shows it once. It holds an address and perhaps a code, so it has no repr.

    A text message is the text alone.
    """

    id: str
    kind: ContactKind
    to: str
    subject: str
    text: str


class ContactGateway(Protocol):
    """Blocking; `send` never raises and never sleeps to retry."""

    @property
    def kinds(self) -> Collection[ContactKind]: ...

    def send(self, letter: Letter) -> Receipt: ...
