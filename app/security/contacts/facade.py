"""The door of contacts for rooms and the roof: how somebody is reached, and the word she knows us by.

Gathers what the modules beside it own. Callers must not read the tables, and must not put a value into a log or an event. In short:

- `contact_of(session, shopper_id, kind)` -> the verified value | None; `views`, `pending`, `word_of`
- `has_had_any(session, shopper_id)`: was there ever a contact that could now be changed
- `recent_contact_change(session, shopper_id, at)` -> seconds | None
- `ask`, `confirm`, `remove`, `set_word`; `undo`; `send_due` (a job)
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.security.contacts import repository
from app.security.contacts.contracts import ContactView, PendingView
from app.security.contacts.letters import send_due
from app.security.contacts.undoing import check as check_undo
from app.security.contacts.undoing import undo
from app.security.contacts.values import ContactKind, accepted
from app.security.contacts.verifying import (
    Post,
    ask,
    confirm,
    pending,
    pending_values,
    recent_contact_change,
    remove,
    set_word,
    views,
    word_of,
)

__all__ = [
    "ContactKind",
    "ContactView",
    "PendingView",
    "Post",
    "accepted",
    "ask",
    "check_undo",
    "confirm",
    "contact_of",
    "has_had_any",
    "pending",
    "pending_values",
    "recent_contact_change",
    "remove",
    "send_due",
    "set_word",
    "undo",
    "views",
    "word_of",
]


def contact_of(session: Session, shopper_id: str, kind: ContactKind) -> str | None:
    """The address or number she has shown to be hers, in its stored form."""
    found = repository.contacts(session, shopper_id).get(kind)
    return found.value if found is not None else None


def has_had_any(session: Session, shopper_id: str) -> bool:
    """Does she have a contact, or has she had one? Where not, the next one is her first and takes nothing away from her."""
    return repository.has_any(session, shopper_id) or repository.changed_before(session, shopper_id)
