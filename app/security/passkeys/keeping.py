"""The passkeys somebody has: found, listed, added, renamed, removed.

Owns the queries and moves of the table. Must not check a passkey (ceremonies.py) nor ask for a step-up (endpoints.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved, touched
from app.kernel.ids import new_id
from app.security.passkeys.ceremonies import MadePasskey
from app.security.passkeys.errors import NoSuchPasskey, PasskeyKnown, TooManyPasskeys
from app.security.passkeys.models import PasskeyRow
from app.security.principals import Principal, Role
from app.security.sealing import keyed_hash, seal
from app.security.shoppers import known_as, same_person
from app.security.vault import open_each, seal_for

MOST_PASSKEYS = 20
NAME = "passkey_name"


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """One passkey as its owner sees it. `suspect`: it opens nothing any more, because two of it seem to be in use."""

    id: str
    name: str
    synced: bool
    created_at: datetime
    last_used_at: datetime | None
    suspect: bool


def credential_hash(credential_id: bytes) -> str:
    """By what a passkey is found: its own id may have a thousand bytes."""
    return hashlib.sha256(credential_id).hexdigest()


def user_handle(principal: Principal) -> bytes:
    """What an authenticator keeps for an account: 32 bytes that name nobody."""
    return bytes.fromhex(keyed_hash("passkey_user", principal.key))


def of(session: Session, principal: Principal) -> list[PasskeyRow]:
    """Every passkey of the caller, oldest first; also those made before she signed in."""
    return list(session.scalars(select(PasskeyRow).where(_owned(session, principal)).order_by(PasskeyRow.id)))


def views(session: Session, principal: Principal) -> list[PasskeyView]:
    rows = of(session, principal)
    return [_view(row, name) for row, name in zip(rows, names_of(rows), strict=True)]


def view(row: PasskeyRow) -> PasskeyView:
    return _view(row, names_of([row])[0])


def _view(row: PasskeyRow, name: str) -> PasskeyView:
    return PasskeyView(row.id, name, row.synced, row.created_at, row.last_used_at, row.suspect_at is not None)


def names_of(rows: Sequence[PasskeyRow]) -> list[str]:
    """What each is called; nothing where its owner was erased."""
    opened = open_each(NAME, [(row.name_sealed, row.id.encode()) for row in rows if row.name_sealed])
    names = iter(opened)
    return [(next(names) or b"").decode() if row.name_sealed else "" for row in rows]


def _sealed_name(shopper_id: str | None, passkey_id: str, name: str) -> bytes:
    """With her own key; those of staff with the house's."""
    plain, row_id = name.encode(), passkey_id.encode()
    return seal(NAME, plain, row_id) if shopper_id is None else seal_for(shopper_id, NAME, plain, row_id)


def has_any(session: Session, principal: Principal) -> bool:
    return session.scalar(select(PasskeyRow.id).where(_owned(session, principal)).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """What is known of a passkey when one is shown. `owner` is whose it is today: a shopper's goes with her when she signs in
    elsewhere; staff (no role here) have theirs from their person row."""

    id: str
    public_key: bytes
    sign_count: int
    suspect: bool
    owner: Principal


def find(session: Session, credential_id: bytes) -> KnownPasskey | None:
    row = session.scalars(select(PasskeyRow).where(PasskeyRow.credential_hash == credential_hash(credential_id))).one_or_none()
    if row is None:
        return None
    if row.shopper_id is not None:
        owner = Principal(Role.SHOPPER, known_as(session, [row.shopper_id])[row.shopper_id])
    else:
        owner = Principal(None, row.person_id or "")
    return KnownPasskey(row.id, row.public_key, row.sign_count, row.suspect_at is not None, owner)


def add(session: Session, principal: Principal, made: MadePasskey, name: str, *, at: datetime) -> PasskeyView:
    """Keep a passkey that has been checked. Raises PasskeyKnown 409, TooManyPasskeys 409."""
    count = session.scalar(select(func.count()).select_from(PasskeyRow).where(_owned(session, principal))) or 0
    if count >= MOST_PASSKEYS:
        raise TooManyPasskeys
    passkey_id, shopper_id = new_id("psk"), principal.id if principal.kind is Role.SHOPPER else None
    values: dict[str, Any] = {
        "id": passkey_id,
        "credential_hash": credential_hash(made.credential_id),
        "credential_id": made.credential_id,
        "public_key": made.public_key,
        "sign_count": made.sign_count,
        "shopper_id": shopper_id,
        "person_id": None if shopper_id is not None else principal.id,
        "name_sealed": _sealed_name(shopper_id, passkey_id, name),
        "model": made.model,
        "synced": made.synced,
        "transports": list(made.transports),
        "created_at": at,
        "last_used_at": None,
        "suspect_at": None,
    }
    if not insert_new(session, PasskeyRow, values, unique=["credential_hash"]):
        raise PasskeyKnown
    return PasskeyView(passkey_id, name, made.synced, at, None, suspect=False)


def count_up(session: Session, passkey_id: str, seen: int, now_says: int, *, at: datetime) -> bool:
    """Note a use. `seen` is the counter it was checked against, `now_says` what it says now; False: another use came between.

    A counter that never counts (0 both times) is how synced passkeys are; any other must grow.
    """
    grows = now_says > seen or now_says == seen == 0
    if not grows:
        return False
    fresh = update(PasskeyRow).where(PasskeyRow.id == passkey_id, PasskeyRow.sign_count == seen, PasskeyRow.suspect_at.is_(None))
    return moved(session, fresh.values(sign_count=now_says, last_used_at=at))


def suspect(session: Session, passkey_id: str, *, at: datetime) -> None:
    """Its counter went back or stood still: two of it are in use, and nobody can tell which is hers."""
    moved(session, update(PasskeyRow).where(PasskeyRow.id == passkey_id, PasskeyRow.suspect_at.is_(None)).values(suspect_at=at))


def rename(session: Session, principal: Principal, passkey_id: str, name: str) -> PasskeyView:
    """Raises NoSuchPasskey 404, also for one that is another's."""
    row = own(session, principal, passkey_id)
    sealed = _sealed_name(row.shopper_id, passkey_id, name)
    if not moved(session, update(PasskeyRow).where(PasskeyRow.id == passkey_id).values(name_sealed=sealed)):
        raise NoSuchPasskey
    return _view(row, name)


def own(session: Session, principal: Principal, passkey_id: str) -> PasskeyRow:
    """Raises NoSuchPasskey 404, also for one that is another's."""
    row = session.scalars(select(PasskeyRow).where(PasskeyRow.id == passkey_id, _owned(session, principal))).one_or_none()
    if row is None:
        raise NoSuchPasskey
    return row


def remove(session: Session, principal: Principal, passkey_id: str) -> bool:
    return touched(session, delete(PasskeyRow).where(PasskeyRow.id == passkey_id, _owned(session, principal))) == 1


def _owned(session: Session, principal: Principal) -> ColumnElement[bool]:
    if principal.kind is Role.SHOPPER:
        return or_(*(PasskeyRow.shopper_id == one for one in same_person(session, principal.id)))
    return PasskeyRow.person_id == principal.id
