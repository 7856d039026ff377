"""What may leave app/security/contacts: the event that a contact was verified, and the shapes shown to its owner.

Owns shapes only. An event names the kind and never the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ContactVerified:
    """Event `contact.verified`: a shopper has shown that an address or number is hers; which one is asked of the facade."""

    TYPE: ClassVar[str] = "contact.verified"

    shopper_id: str
    kind: str
    verified_at: datetime


@dataclass(frozen=True, slots=True)
class RecentChanges:
    """Whole seconds since how somebody is reached was last changed (`changed_s`), since there first was a way (`added_s`), and since she asked by a
    code that we never sent (`unknown_code_s`); None: never."""

    changed_s: int | None
    added_s: int | None
    unknown_code_s: int | None = None


@dataclass(frozen=True, slots=True)
class ContactView:
    """One contact as its owner sees it: `shown` hides most of it."""

    kind: str
    shown: str
    verified_at: datetime


@dataclass(frozen=True, slots=True)
class CameBackView:
    """Where nobody could be reached: a contact of hers that is not written to any more (`was_hers`), or one she has only named, whose code came back."""

    kind: str
    shown: str
    at: datetime
    was_hers: bool


@dataclass(frozen=True, slots=True)
class LetterView:
    """What is known of a letter to a shopper: never where it went nor what it said. `status` is the code of a mail system (RFC 3463), if one spoke."""

    id: str
    shopper_id: str
    kind: str
    about: str
    state: str
    status: str | None
    created_at: datetime
    sent_at: datetime | None
    complained_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingView:
    """A contact a code was sent to; it must be typed in before `expires_at`."""

    kind: str
    shown: str
    expires_at: datetime
    tries_left: int
