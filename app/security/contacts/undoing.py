"""This was not me: the link in a letter to an old contact.

Owns taking a change back: everything that came with it or after it goes, whoever is signed in is signed out. Must not be done by
looking: a GET shows a page with a button (endpoints.py).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.security.accounts import account_of_shopper
from app.security.contacts import losing, repository
from app.security.contacts.errors import UndoSpent, UndoUnknown
from app.security.contacts.models import ContactChangeRow
from app.security.contacts.values import ContactKind
from app.security.links import make_link
from app.security.principals import Role
from app.security.sessions import revoke_shopper
from app.security.tokens import token_hash

_C = ContactChangeRow


def check(session: Session, token: str, *, at: datetime) -> None:
    """Raises UndoUnknown (404) or UndoSpent (410) unless the link can be used; does not use it."""
    row = session.scalars(select(_C).where(_C.undo_hash == token_hash(token))).one_or_none()
    if row is None:
        raise UndoUnknown
    if row.undone_at is not None or row.undo_until is None or row.undo_until <= at:
        raise UndoSpent


def undo(session: Session, token: str, *, at: datetime) -> str | None:
    """Put every contact back to what it was before this change, and sign everybody out. Once: of any number at the same time, one does it.

    The links of later changes go with it: whoever changed it twice holds one. Returns a sign-in link where there is no
    account to sign in to again (else she would have lost everything), otherwise None. Raises UndoUnknown, UndoSpent.
    """
    mine = _C.undo_hash == token_hash(token)
    if not moved(session, update(_C).where(mine, _C.undone_at.is_(None), _C.undo_until > at).values(undone_at=at)):
        check(session, token, at=at)
        raise UndoSpent  # it was good a moment ago, and somebody was faster
    this = session.scalars(select(_C).where(mine)).one()
    from_here = or_(_C.at > this.at, and_(_C.at == this.at, _C.id >= this.id))
    since = session.scalars(select(_C).where(_C.shopper_id == this.shopper_id, from_here).order_by(_C.at, _C.id)).all()
    repository.contacts(session, this.shopper_id, for_change=True)
    first: dict[str, ContactChangeRow] = {}
    for row in since:
        if row.change not in ("undone", losing.LOST):
            first.setdefault(row.kind, row)
    for row in first.values():
        _restore(session, row, at)
    repository.drop_codes(session, this.shopper_id)
    later = update(_C).where(_C.id.in_([row.id for row in since]), _C.undone_at.is_(None)).values(undone_at=at)
    session.execute(later.execution_options(synchronize_session=False))
    repository.note_change(session, this.shopper_id, None, "undone", None, cooling=True, at=at)
    revoke_shopper(session, this.shopper_id, at=at)
    account = account_of_shopper(session, this.shopper_id)
    if account is not None and account.password_hash is not None:
        return None
    return make_link(session, Role.SHOPPER, at=at, shopper_id=this.shopper_id)


def _restore(session: Session, row: ContactChangeRow, at: datetime) -> None:
    """As it was before this change: a contact of its kind, or, without a kind, the word."""
    old = repository.old_value(row)
    if not row.kind:
        if old is None:
            repository.drop_word(session, row.shopper_id)
        else:
            repository.put_word(session, row.shopper_id, old, at)
    elif old is None or losing.nobody_at(session, row.shopper_id, [repository.value_hash(ContactKind(row.kind), old)]):
        repository.drop(session, row.shopper_id, ContactKind(row.kind))  # what the network has taken, no link brings back
    else:
        repository.put(session, row.shopper_id, ContactKind(row.kind), old, row.old_verified_at or at)
