"""Accounts: an e-mail address and a password, so that a person is known again on another device.

Owns claiming an account and signing in. Must not hash or check passwords inside a transaction: callers do that before
and hand over the result (app/security/passwords.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.errors import Invalid
from app.kernel.ids import new_id
from app.security.errors import AccountExists, EmailTaken
from app.security.models import PersonRow
from app.security.principals import Principal, Role
from app.security.sealing import keyed_hash, seal
from app.security.vault import open_each, seal_for

_EMAIL = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[^\s@<>(),;:\\\"\[\]]+\.[^\s@.<>(),;:\\\"\[\]]{2,63}")
MAX_EMAIL_CHARS = 254
EMAIL_SEALED_AS = "email"


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A person as sign-in sees one. `password_hash` None: comes in by links only."""

    person_id: str
    role: Role
    name: str
    email: str | None
    password_hash: str | None
    shopper_id: str | None
    place_ids: tuple[str, ...]


def accepted_email(text: str) -> str:
    """The address in the form that is stored (trimmed, lower case); raises `Invalid` when it is none."""
    email = text.strip().lower()
    if len(email) > MAX_EMAIL_CHARS or not _EMAIL.fullmatch(email) or not email.isprintable():
        raise Invalid.field("email", "an e-mail address such as jane@example.org")
    return email


def email_hash(email: str) -> str:
    """By what an accepted address is found."""
    return keyed_hash(EMAIL_SEALED_AS, email)


def sealed_email(row: PersonRow, email: str) -> bytes:
    """A shopper's address with her own key, that of staff with the house's."""
    if row.shopper_id is None:
        return seal(EMAIL_SEALED_AS, email.encode(), row.id.encode())
    return seal_for(row.shopper_id, EMAIL_SEALED_AS, email.encode(), row.id.encode())


def email_of(row: PersonRow) -> str | None:
    """The address, None where there is none (any more)."""
    if row.email_sealed is None:
        return None
    (opened,) = open_each(EMAIL_SEALED_AS, [(row.email_sealed, row.id.encode())])
    return opened.decode() if opened is not None else None


def account_by_email(session: Session, email: str) -> Account | None:
    """By the accepted form of the address; disabled people are not found."""
    return _account(session.scalars(select(PersonRow).where(PersonRow.email_hash == email_hash(email), PersonRow.disabled_at.is_(None))).one_or_none())


def account_of_shopper(session: Session, shopper_id: str) -> Account | None:
    return _account(session.scalars(select(PersonRow).where(PersonRow.shopper_id == shopper_id)).one_or_none())


def person(session: Session, person_id: str) -> Account | None:
    """Staff or the account of a shopper; None when unknown or disabled."""
    return _account(session.scalars(select(PersonRow).where(PersonRow.id == person_id, PersonRow.disabled_at.is_(None))).one_or_none())


def claim_account(session: Session, principal: Principal, email: str, password_hash: str, *, at: datetime) -> Account:
    """Give the calling shopper, or member of staff, an e-mail address and a password.

    `email` in its accepted form. Raises EmailTaken (409) when somebody has it, AccountExists (409) when this caller has
    an account with another address. For the same address the password is replaced.
    """
    if principal.kind is Role.SHOPPER:
        own = PersonRow.shopper_id == principal.id
        fresh = {"id": new_id("per"), "role": Role.SHOPPER.value, "shopper_id": principal.id, "place_ids": [], "name": "", "created_at": at}
        insert_new(session, PersonRow, fresh, unique=["shopper_id"])
    else:
        own = PersonRow.id == principal.id
    row = session.scalars(select(PersonRow).where(own).with_for_update()).one()
    hashed = email_hash(email)
    if row.email_hash is not None and row.email_hash != hashed:
        raise AccountExists
    taken = session.scalar(select(PersonRow.id).where(PersonRow.email_hash == hashed, PersonRow.id != row.id))
    if taken is not None:
        raise EmailTaken
    try:
        moved(session, update(PersonRow).where(PersonRow.id == row.id).values(email_hash=hashed, email_sealed=sealed_email(row, email), password_hash=password_hash))
    except IntegrityError:  # two callers claimed one address at the same instant: the unique column decides
        raise EmailTaken from None
    session.refresh(row)
    account = _account(row)
    assert account is not None
    return account


def _account(row: PersonRow | None) -> Account | None:
    if row is None:
        return None
    return Account(row.id, Role(row.role), row.name, email_of(row), row.password_hash, row.shopper_id, tuple(row.place_ids))
