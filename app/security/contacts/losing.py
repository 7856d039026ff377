"""A contact at which nobody can be reached, the network says: forgotten until she shows once more that it is hers.

Owns forgetting it, what that stops, and what she is told of it. She may not know of it, so her page says so with what to do. Must not lock anybody
out: whatever else she has shown to be hers stays, and the same address can be shown again at once. Must not send anything.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.security.audit import journal
from app.security.contacts import repository
from app.security.contacts.contracts import CameBackView
from app.security.contacts.models import ContactChangeRow, ContactCodeRow, LetterRow
from app.security.contacts.values import ContactKind, masked

LOST = "lost"
NOBODY = "nobody"
"""The end of a letter to a mailbox that nobody has."""


def lose(session: Session, shopper_id: str, kind: ContactKind, at: datetime, *, told_of: str, shown_before: datetime | None = None, value_hash: str | None = None) -> bool:
    """It is not written to again until she shows once more that it is hers. Nothing is told and nothing cools down: she has not changed anything.

    `told_of`: the message or letter the network spoke of. False if there is none, if it is another than that of `value_hash`, or if she has shown
    hers to be hers since `shown_before`: what was said then was said of another.
    """
    known = repository.contacts(session, shopper_id, for_change=True).get(kind)
    if known is None or (shown_before is not None and known.verified_at > shown_before) or value_hash not in (None, known.value_hash):
        return False
    repository.drop(session, shopper_id, kind)
    repository.note_change(session, shopper_id, kind, LOST, known.value, cooling=False, at=at, old_verified_at=known.verified_at)
    waits = update(LetterRow).where(LetterRow.shopper_id == shopper_id, LetterRow.to_hash == known.value_hash, LetterRow.state.in_(("queued", "claimed")))
    session.execute(waits.values(state="failed", sealed=None, claim=None).execution_options(synchronize_session=False))
    journal.note(session, "contact.lost", by="house", about=shopper_id, detail={"kind": kind.value, "of": told_of}, at=at)
    return True


def was_lost(session: Session, shopper_id: str, kind: ContactKind) -> bool:
    """Whether the last that happened to it was that nobody could be reached there (`lose`)."""
    last = _last_change(session, shopper_id, kind)
    return last is not None and last.change == LOST


def nobody_at(session: Session, shopper_id: str, value_hashes: Collection[str]) -> dict[str, datetime]:
    """Of these addresses those whose newest letter could not be brought because nobody has the mailbox, and when it was written."""
    row = LetterRow
    letters = select(row.to_hash, row.state, row.created_at).where(row.shopper_id == shopper_id, row.to_hash.in_(value_hashes)).order_by(row.created_at, row.id)
    newest = {letter.to_hash: letter for letter in session.execute(letters)}
    return {found: letter.created_at for found, letter in newest.items() if letter.state == NOBODY}


def came_back(session: Session, shopper_id: str) -> list[CameBackView]:
    """Where she is no longer written to, and where a code could not be brought, by kind: what she can do something about."""
    here = repository.contacts(session, shopper_id)
    found: list[CameBackView] = []
    for kind in ContactKind:
        code = session.get(ContactCodeRow, (shopper_id, kind.value))
        nobody = nobody_at(session, shopper_id, [code.value_hash]) if code is not None and code.used_at is None else {}
        last = _last_change(session, shopper_id, kind) if kind not in here else None
        lost = repository.old_value(last) if last is not None and last.change == LOST else None
        if last is not None and lost is not None and repository.value_hash(kind, lost) not in nobody:
            found.append(CameBackView(kind.value, masked(kind, lost), last.at, was_hers=True))
        if code is not None and nobody:
            found.append(CameBackView(kind.value, masked(kind, repository.pending_value(code)), nobody[code.value_hash], was_hers=False))
    return found


def _last_change(session: Session, shopper_id: str, kind: ContactKind) -> ContactChangeRow | None:
    c = ContactChangeRow
    return session.scalars(select(c).where(c.shopper_id == shopper_id, c.kind == kind.value).order_by(c.at.desc(), c.id.desc()).limit(1)).one_or_none()
