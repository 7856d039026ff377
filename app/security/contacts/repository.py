"""The rows of contacts, read and written; values are sealed with the shopper's key, each bound to its row.

Owns the queries. Must not decide anything.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved, prepared
from app.kernel.ids import new_id
from app.security.contacts.models import ContactChangeRow, ContactCodeRow, ContactRow, FamiliarWordRow
from app.security.contacts.values import ContactKind
from app.security.sealing import keyed_hash
from app.security.vault import open_for, seal_for

CONTACT, CODE, OLD, WORD = "contact", "contact_code", "contact_old", "familiar_word"
"""What is sealed: a value opens for its purpose and its row alone."""


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    kind: ContactKind
    value: str
    value_hash: str
    verified_at: datetime


def value_hash(kind: ContactKind, value: str) -> str:
    return keyed_hash("contact", f"{kind}:{value}")


def contacts(session: Session, shopper_id: str, *, for_change: bool = False) -> dict[ContactKind, Contact]:
    """By kind. `for_change` queues on the rows, so that of two changes at once each sees what the other left."""
    rows = select(ContactRow).where(ContactRow.shopper_id == shopper_id).order_by(ContactRow.kind).execution_options(populate_existing=True)
    found = session.scalars(rows.with_for_update() if for_change else rows)
    return {ContactKind(r.kind): Contact(ContactKind(r.kind), open_for(CONTACT, r.value_sealed, r.id.encode()).decode(), r.value_hash, r.verified_at) for r in found}


def owners(session: Session, kind: ContactKind, value: str) -> list[str]:
    """Who has shown that this is theirs, the latest first."""
    c = ContactRow
    return list(session.scalars(select(c.shopper_id).where(c.value_hash == value_hash(kind, value), c.kind == kind.value).order_by(c.verified_at.desc(), c.shopper_id)))


def put(session: Session, shopper_id: str, kind: ContactKind, value: str, verified_at: datetime) -> None:
    """She is reached there from now on, and nowhere else by this kind."""
    row_id = new_id("ctc")
    key = {"shopper_id": shopper_id, "kind": kind.value}
    values = {"id": row_id, "value_sealed": seal_for(shopper_id, CONTACT, value.encode(), row_id.encode()), "value_hash": value_hash(kind, value), "verified_at": verified_at}
    if not insert_new(session, ContactRow, {**key, **values}, unique=list(key)):
        moved(session, update(ContactRow).where(ContactRow.shopper_id == shopper_id, ContactRow.kind == kind.value).values(**values))


def drop(session: Session, shopper_id: str, kind: ContactKind) -> None:
    row = delete(ContactRow).where(ContactRow.shopper_id == shopper_id, ContactRow.kind == kind.value)
    session.execute(row.execution_options(synchronize_session=False))


# --- codes ------------------------------------------------------------------------------------------------------------


def code_hash(row_id: str, digits: str) -> str:
    return keyed_hash("contact_code", f"{row_id}:{digits}")


def put_code(session: Session, shopper_id: str, kind: ContactKind, value: str, digits: str, *, tries: int, expires_at: datetime) -> None:
    """The newest code; one that was sent before is worth nothing from now on."""
    row_id = new_id("ccd")
    key = {"shopper_id": shopper_id, "kind": kind.value}
    values = {
        "id": row_id,
        "value_sealed": seal_for(shopper_id, CODE, value.encode(), row_id.encode()),
        "value_hash": value_hash(kind, value),
        "code_hash": code_hash(row_id, digits),
        "tries_left": tries,
        "expires_at": expires_at,
        "used_at": None,
    }
    if not insert_new(session, ContactCodeRow, {**key, **values}, unique=list(key)):
        mine = update(ContactCodeRow).where(ContactCodeRow.shopper_id == shopper_id, ContactCodeRow.kind == kind.value)
        moved(session, mine.values(**values))


def code_row(session: Session, shopper_id: str, kind: ContactKind) -> ContactCodeRow | None:
    """The newest code; tries at it queue on its row."""
    rows = select(ContactCodeRow).where(ContactCodeRow.shopper_id == shopper_id, ContactCodeRow.kind == kind.value)
    return session.scalars(rows.with_for_update().execution_options(populate_existing=True)).one_or_none()


def waiting_codes(session: Session, shopper_id: str, at: datetime) -> list[ContactCodeRow]:
    c = ContactCodeRow
    return list(session.scalars(select(c).where(c.shopper_id == shopper_id, c.used_at.is_(None), c.expires_at > at, c.tries_left > 0).order_by(c.kind)))


def pending_value(row: ContactCodeRow) -> str:
    return open_for(CODE, row.value_sealed, row.id.encode()).decode()


def drop_codes(session: Session, shopper_id: str) -> None:
    session.execute(delete(ContactCodeRow).where(ContactCodeRow.shopper_id == shopper_id).execution_options(synchronize_session=False))


# --- what was changed -------------------------------------------------------------------------------------------------


def note_change(
    session: Session,
    shopper_id: str,
    kind: ContactKind | None,
    change: str,
    old: str | None,
    *,
    cooling: bool,
    at: datetime,
    old_verified_at: datetime | None = None,
    undo_hash: str | None = None,
    undo_until: datetime | None = None,
) -> None:
    """`old` is what there was before, of this kind; without a kind, the word."""
    row_id = new_id("cch")
    session.add(
        ContactChangeRow(
            id=row_id,
            shopper_id=shopper_id,
            kind=kind.value if kind else "",
            change=change,
            old_sealed=seal_for(shopper_id, OLD, old.encode(), row_id.encode()) if old is not None else None,
            old_verified_at=old_verified_at,
            cooling=cooling,
            undo_hash=undo_hash,
            undo_until=undo_until,
            at=at,
        )
    )
    session.flush()


def changed_before(session: Session, shopper_id: str) -> bool:
    return session.scalar(select(ContactChangeRow.id).where(ContactChangeRow.shopper_id == shopper_id).limit(1)) is not None


def old_value(row: ContactChangeRow) -> str | None:
    return open_for(OLD, row.old_sealed, row.id.encode()).decode() if row.old_sealed is not None else None


# --- the familiar word ------------------------------------------------------------------------------------------------


def picked_word(session: Session, shopper_id: str) -> str | None:
    return picked_words(session, (shopper_id,)).get(shopper_id)


def picked_words(session: Session, shopper_ids: Collection[str]) -> dict[str, str]:
    """The word of each who has picked one."""
    rows = prepared(session, _WORDS, {"ids": list(shopper_ids)})
    return {row.shopper_id: open_for(WORD, row.word_sealed, row.shopper_id.encode()).decode() for row in rows}


_WORDS = select(FamiliarWordRow.shopper_id, FamiliarWordRow.word_sealed).where(FamiliarWordRow.shopper_id.in_(bindparam("ids", expanding=True)))


def put_word(session: Session, shopper_id: str, word: str, at: datetime) -> None:
    values = {"word_sealed": seal_for(shopper_id, WORD, word.encode(), shopper_id.encode()), "set_at": at}
    if not insert_new(session, FamiliarWordRow, {"shopper_id": shopper_id, **values}, unique=["shopper_id"]):
        moved(session, update(FamiliarWordRow).where(FamiliarWordRow.shopper_id == shopper_id).values(**values))


def drop_word(session: Session, shopper_id: str) -> None:
    session.execute(delete(FamiliarWordRow).where(FamiliarWordRow.shopper_id == shopper_id).execution_options(synchronize_session=False))
