"""The tables of people: who may call, and by what proof.

Owns the shapes. Secrets stand here only as hashes. Must not hold what a shopper does: rooms keep that, by `shopper_id`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class ShopperRow(Base):
    """A shopper, anonymous until a person row points here. `joined_into`: she signed in elsewhere and goes on as that one.
    `frozen_why`: her coupons are good for nothing until that is over (devices/freezing.py)."""

    __tablename__ = "security_shopper"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, info={"person": True})
    created_at: Mapped[datetime] = mapped_column(Instant)
    joined_into_shopper_id: Mapped[str | None] = mapped_column(String(40), index=True)
    frozen_why: Mapped[str | None] = mapped_column(String(40))
    frozen_at: Mapped[datetime | None] = mapped_column(Instant)


class JoinRow(Base):
    """Somebody unknown became somebody with an account. `told`: what of hers went along, in numbers and ids, to be shown to her (joining.py)."""

    __tablename__ = "security_join"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    from_shopper_id: Mapped[str] = mapped_column(String(40))
    told: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class PersonRow(Base):
    """Somebody with a name or an e-mail address: staff (marketer, clerk, operator), or the account of a shopper.

    The address is found by a keyed hash and read from what is sealed, a shopper's with her own key (app/security/accounts.py).
    """

    __tablename__ = "security_person"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120), default="")
    email_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    place_ids: Mapped[list[str]] = mapped_column(Json, default=list)
    shopper_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)


class DeviceRow(Base):
    """One phone, tracker or browser of a shopper. With `key_thumbprint` its token works only together with that key. `password_at`, `passkey_at`: when its token's holder last proved to be her."""

    __tablename__ = "security_device"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    platform: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    tracking_hash: Mapped[str] = mapped_column(String(64), unique=True)
    key_thumbprint: Mapped[str | None] = mapped_column(String(43))
    frozen_why: Mapped[str | None] = mapped_column(String(40))
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    password_at: Mapped[datetime | None] = mapped_column(Instant)
    passkey_at: Mapped[datetime | None] = mapped_column(Instant)


class SessionRow(Base):
    """A signed-in browser or tool. `shopper_id` for a shopper, `person_id` for staff; `password_at`, `passkey_at`: when last proved.
    `key_thumbprint`: the key her browser keeps (browser_keys.py), `key_seen_at` when it was last shown, to some hours."""

    __tablename__ = "security_session"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    shopper_id: Mapped[str | None] = mapped_column(String(40), index=True)
    person_id: Mapped[str | None] = mapped_column(String(40), index=True)
    device_id: Mapped[str | None] = mapped_column(String(40), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    password_at: Mapped[datetime | None] = mapped_column(Instant)
    passkey_at: Mapped[datetime | None] = mapped_column(Instant)
    key_thumbprint: Mapped[str | None] = mapped_column(String(43))
    key_seen_at: Mapped[datetime | None] = mapped_column(Instant)


class ApiKeyRow(Base):
    """A key for a server. `shown` is the beginning of the key, enough to recognise it in a list."""

    __tablename__ = "security_api_key"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    shown: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    scopes: Mapped[list[str]] = mapped_column(Json)
    made_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class LoginLinkRow(Base):
    """A link that signs somebody in exactly once."""

    __tablename__ = "security_login_link"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[str | None] = mapped_column(String(40), index=True)
    shopper_id: Mapped[str | None] = mapped_column(String(40), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class ChallengeRow(Base):
    """Random bytes that were handed out to be signed, by their hash. `bound_to` is a keyed hash of the session or device that asked: it can be compared and names nobody."""

    __tablename__ = "security_challenge"
    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    bound_to: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class SeenRow(Base):
    """A name that counts once (a proof's, a security event's), by its hash, for as long as it could come again."""

    __tablename__ = "security_seen"
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    name_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class LimitRow(Base):
    """The admitted tries of one identity under one rule; `identity_hash` is keyed, so no address can be read off."""

    __tablename__ = "security_limit"
    rule: Mapped[str] = mapped_column(String(40), primary_key=True)
    identity_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    times_ms: Mapped[list[int]] = mapped_column(Json)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (Index("ix_security_limit_updated_at", "updated_at"),)


class KeyChange(Base):
    """Append-only: which signing key was made to end, when, by whom and why. `key_id` is public; no secret is here."""

    __tablename__ = "security_key_change"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(40))
    key_id: Mapped[str] = mapped_column(String(20))
    change: Mapped[str] = mapped_column(String(10))
    by: Mapped[str] = mapped_column(String(120))
    why: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
