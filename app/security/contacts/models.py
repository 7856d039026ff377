"""The tables of contacts: how somebody can be reached, codes on their way, what was changed, and letters to be sent.

Owns the shapes. Addresses, numbers and texts are sealed with the shopper's key, codes and links are hashes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class ContactRow(Base):
    """A contact that was shown to be hers; at most one of each kind. `value_hash` is keyed: it finds, and tells nothing."""

    __tablename__ = "security_contact"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    value_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    value_hash: Mapped[str] = mapped_column(String(64), index=True)
    verified_at: Mapped[datetime] = mapped_column(Instant)


class ContactCodeRow(Base):
    """The newest code sent to a contact that she says is hers; asking again replaces it."""

    __tablename__ = "security_contact_code"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    value_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    value_hash: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    tries_left: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class ContactChangeRow(Base):
    """Append-only but for its link: what happened to a contact, what it was before, and until when a link takes it back.

    `cooling`: it was not her very first contact, so that what is of high value waits.
    """

    __tablename__ = "security_contact_change"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    change: Mapped[str] = mapped_column(String(10))
    old_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_verified_at: Mapped[datetime | None] = mapped_column(Instant)
    cooling: Mapped[bool]
    undo_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    undo_until: Mapped[datetime | None] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (Index("ix_security_contact_change_lately", "shopper_id", "at"),)


class LetterRow(Base):
    """Something to be sent to a contact: `queued`, `claimed`, then `sent`, `failed` or `expired`, when its text goes.

    What is heard of it later moves it on: `nobody` has the mailbox, or it `failed` otherwise; `mail_status` is the code a mail system gave (RFC 3463).
    `to_hash` is keyed: it tells whether a report is of the address it was sent to, and nothing else.
    """

    __tablename__ = "security_letter"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    about: Mapped[str] = mapped_column(String(20))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str | None] = mapped_column(String(40))
    due_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    to_hash: Mapped[str | None] = mapped_column(String(64))
    mail_status: Mapped[str | None] = mapped_column(String(11))
    complained_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (Index("ix_security_letter_due", "state", "due_at"),)


class UnknownCodeRow(Base):
    """She asked whether a message is from us by a code that we never sent: how often, and when last."""

    __tablename__ = "security_unknown_code"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    times: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class FamiliarWordRow(Base):
    """The word she picked; who has none has the one that is given."""

    __tablename__ = "security_familiar_word"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    word_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime] = mapped_column(Instant)
