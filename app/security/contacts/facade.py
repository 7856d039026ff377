"""The door of contacts for rooms and the roof: how somebody is reached, and the word she knows us by.

Gathers what the modules beside it own. Callers must not read the tables, and must not put a value into a log or an event. In short:

- `contact_of(session, shopper_id, kind)` -> the verified value | None; `views`, `pending`, `word_of`, `words_of`
- `owners_of(session, kind, value)` -> shopper ids, the latest first; `number_hash(number)`
- `recent_changes(session, shopper_id, at)` -> seconds since the last change, and since the very first contact
- `ask`, `confirm`, `remove`, `set_word`; `undo`; `note_unknown_code`; `send_due` (a job)
- `lose`, `was_lost`, `came_back`: addresses that are nobody's; `returning`: what became of a letter
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.security.contacts import repository, returning
from app.security.contacts.contracts import CameBackView, ContactView, LetterView, PendingView
from app.security.contacts.doubts import note_unknown_code
from app.security.contacts.letters import send_due
from app.security.contacts.losing import came_back, lose, was_lost
from app.security.contacts.undoing import check as check_undo
from app.security.contacts.undoing import undo
from app.security.contacts.values import ContactKind, accepted
from app.security.contacts.verifying import (
    Post,
    ask,
    confirm,
    pending,
    pending_values,
    recent_changes,
    remove,
    set_word,
    views,
    word_of,
    words_of,
)

__all__ = [
    "CameBackView",
    "ContactKind",
    "ContactView",
    "LetterView",
    "PendingView",
    "Post",
    "accepted",
    "ask",
    "came_back",
    "check_undo",
    "confirm",
    "contact_of",
    "lose",
    "note_unknown_code",
    "number_hash",
    "owners_of",
    "pending",
    "pending_values",
    "recent_changes",
    "remove",
    "returning",
    "send_due",
    "set_word",
    "undo",
    "views",
    "was_lost",
    "word_of",
    "words_of",
]


def contact_of(session: Session, shopper_id: str, kind: ContactKind) -> str | None:
    """The address or number she has shown to be hers, in its stored form."""
    found = repository.contacts(session, shopper_id).get(kind)
    return found.value if found is not None else None


def owners_of(session: Session, kind: ContactKind, value: str) -> list[str]:
    """Who has shown that this address or number is theirs, the latest first: usually one, or nobody."""
    return repository.owners(session, kind, value)


def number_hash(number: str) -> str:
    """A number as a keyed hash: it finds, and tells nothing."""
    return repository.value_hash(ContactKind.PHONE, number)
