"""Sessions: opened after a proof, ended by time or by hand.

Owns the table of sessions. Must not check the proof (accounts, links) nor set cookies (app/security/cookies.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.ids import new_id
from app.security.models import DeviceRow, SessionRow
from app.security.principals import Role
from app.security.tokens import TokenKind, new_token


@dataclass(frozen=True, slots=True, repr=False)
class NewSession:
    """`token` is told once: as a cookie, or as a bearer token to a tool."""

    id: str
    role: Role
    token: str
    expires_at: datetime


def open_session(
    session: Session,
    role: Role,
    *,
    at: datetime,
    ttl_s: int,
    shopper_id: str | None = None,
    person_id: str | None = None,
    device_id: str | None = None,
) -> NewSession:
    """Exactly one of `shopper_id` (role shopper) and `person_id` (staff) says whose it is."""
    if (role is Role.SHOPPER) != (shopper_id is not None) or (role is Role.SHOPPER) == (person_id is not None):
        raise ValueError("a shopper's session names a shopper, a staff session a person")
    token = new_token(TokenKind.SESSION)
    made = NewSession(new_id("ses"), role, token.text, at + timedelta(seconds=ttl_s))
    session.add(
        SessionRow(
            id=made.id,
            token_hash=token.hash,
            role=role.value,
            shopper_id=shopper_id,
            person_id=person_id,
            device_id=device_id,
            created_at=at,
            expires_at=made.expires_at,
        ),
    )
    session.flush()
    return made


def end_session(session: Session, session_id: str, *, at: datetime) -> bool:
    """True when it was live until now; effective with the next request in every process."""
    return moved(session, update(SessionRow).where(SessionRow.id == session_id, SessionRow.revoked_at.is_(None)).values(revoked_at=at))


def revoke_shopper(session: Session, shopper_id: str, *, at: datetime) -> None:
    """Every device and session of the shopper stops working."""
    session.execute(update(DeviceRow).where(DeviceRow.shopper_id == shopper_id, DeviceRow.revoked_at.is_(None)).values(revoked_at=at))
    session.execute(update(SessionRow).where(SessionRow.shopper_id == shopper_id, SessionRow.revoked_at.is_(None)).values(revoked_at=at))


def revoke_person(session: Session, person_id: str, *, at: datetime) -> None:
    """Every session of a member of staff stops working."""
    session.execute(update(SessionRow).where(SessionRow.person_id == person_id, SessionRow.revoked_at.is_(None)).values(revoked_at=at))


def revoke_device(session: Session, device_id: str, *, at: datetime) -> bool:
    """The device's token, tracking key and browser sessions stop working. True when it was live until now."""
    session.execute(update(SessionRow).where(SessionRow.device_id == device_id, SessionRow.revoked_at.is_(None)).values(revoked_at=at))
    return moved(session, update(DeviceRow).where(DeviceRow.id == device_id, DeviceRow.revoked_at.is_(None)).values(revoked_at=at))
