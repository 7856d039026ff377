"""The door of contacts for rooms and the roof: how somebody is reached, and the word she knows us by.

Gathers what the modules beside it own. Callers must not read the tables, and must not put a value into a log or an event. In short:

- `contact_of(session, shopper_id, kind)` -> the verified value | None; `views`, `pending`, `word_of`
- `recent_contact_change(session, shopper_id, at)` -> seconds | None
- `ask`, `confirm`, `remove`, `set_word`; `undo`; `send_due` (a job)
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.security.contacts import repository
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
    "Post",
    "accepted",
    "ask",
    "check_undo",
    "confirm",
    "contact_of",
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
