"""What is held about how a shopper is reached.

Owns export and erasure of its own tables, and for how long they keep their rows. app/privacy/privacy.py registers them: this floor may
not import that one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.security.contacts import repository
from app.security.contacts.models import (
    ContactChangeRow,
    ContactCodeRow,
    ContactRow,
    FamiliarWordRow,
    LetterRow,
    UnknownCodeRow,
)

MODELS = (ContactRow, ContactCodeRow, ContactChangeRow, LetterRow, FamiliarWordRow, UnknownCodeRow)
TABLES = tuple(model.__tablename__ for model in MODELS)

DAY_S = 86_400

RETENTION: tuple[tuple[str, str, int | None, str], ...] = (
    ("security_contact", "verified_at", None, "The address and number you have shown to be yours; kept until you remove them or delete your data."),
    ("security_contact_code", "expires_at", DAY_S, "Codes that were sent to you, as hashes; kept a day after they have expired."),
    ("security_contact_change", "at", 90 * DAY_S, "When how we reach you was changed and what it was before, sealed; kept ninety days, to look into misuse."),
    ("security_letter", "created_at", 7 * DAY_S, "That we wrote to you and why, and what a mail server said of it; kept a week. What it said goes when it is sent."),
    ("security_unknown_code", "at", 7 * DAY_S, "That you asked about a message by a code we never sent, and when; kept a week, to look out for whoever writes in our name."),
    ("security_familiar_word", "set_at", None, "The word you know us by; kept until you delete your data."),
)
"""(table, column, seconds kept or None, why)."""


def export_contacts(session: Session, shopper_id: str) -> dict[str, Any]:
    """Contacts, changes, codes (never the digits) and letters of one shopper id, as plain JSON values."""
    changes = session.scalars(select(ContactChangeRow).where(ContactChangeRow.shopper_id == shopper_id).order_by(ContactChangeRow.at, ContactChangeRow.id))
    codes = session.scalars(select(ContactCodeRow).where(ContactCodeRow.shopper_id == shopper_id).order_by(ContactCodeRow.kind))
    letters = session.scalars(select(LetterRow).where(LetterRow.shopper_id == shopper_id).order_by(LetterRow.id))
    return {
        "contacts": [{"kind": c.kind, "value": c.value, "verified_at": c.verified_at} for c in repository.contacts(session, shopper_id).values()],
        "changes": [
            {"id": c.id, "kind": c.kind, "change": c.change, "before": repository.old_value(c), "at": c.at, "undo_until": c.undo_until, "undone_at": c.undone_at}
            for c in changes
        ],
        "codes": [{"id": c.id, "kind": c.kind, "value": repository.pending_value(c), "expires_at": c.expires_at, "used_at": c.used_at} for c in codes],
        "letters": [{"id": letter.id, "kind": letter.kind, "about": letter.about, "state": letter.state, "created_at": letter.created_at, "sent_at": letter.sent_at, "mail_status": letter.mail_status, "complained_at": letter.complained_at} for letter in letters],
        "unknown_codes": [{"times": asked.times, "at": asked.at} for asked in session.scalars(select(UnknownCodeRow).where(UnknownCodeRow.shopper_id == shopper_id))],
        "familiar_word": repository.picked_word(session, shopper_id),
    }


def erase_contacts(session: Session, shopper_id: str) -> int:
    """Everything of one shopper id; letters that wait are not sent any more."""
    gone = 0
    for model in MODELS:
        gone += touched(session, delete(model).where(model.shopper_id == shopper_id))
    return gone
