"""Step-up (RFC 9470): what a caller has proved in this session or on this device, and asking for more.

Owns the instants of the proofs on the rows of sessions and devices. Must not decide what an action needs (the policies do)
and must not check a proof (accounts.py, passkeys/).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.security.errors import StepUpNeeded
from app.security.levels import Proven, enough
from app.security.models import DeviceRow, SessionRow
from app.security.policies.contracts import Acr
from app.security.principals import Principal

NEVER = Proven()
_COLUMN = {Acr.PASSWORD: "password_at", Acr.PASSKEY: "passkey_at"}


def proven(session: Session, principal: Principal) -> Proven:
    """What the caller has proved: by her session where she has one, else by the device whose token she shows.

    An API key and a tracking key prove nothing about a person. What was proved with the key her browser keeps counts for nobody without it.
    """
    if principal.session_id is not None:
        s = SessionRow
        row = session.execute(select(s.created_at, s.password_at, s.passkey_at, s.key_seen_at).where(s.id == principal.session_id)).one_or_none()
        if row is not None:
            before = None if principal.holds_key else row.key_seen_at
            return Proven(row.created_at, *(at if at is None or before is None or at > before else None for at in (row.password_at, row.passkey_at)))
    elif principal.device_id is not None and principal.via != "tracking_key":
        row = session.execute(
            select(DeviceRow.created_at, DeviceRow.password_at, DeviceRow.passkey_at).where(DeviceRow.id == principal.device_id)
        ).one_or_none()
    else:
        row = None
    return Proven(*row) if row is not None else NEVER


def satisfied(session: Session, principal: Principal, acr: Acr, max_age_s: int | None, at: datetime) -> bool:
    """Has this caller proved `acr` or better, at most `max_age_s` ago?"""
    return enough(proven(session, principal), acr, max_age_s, at).ok


def require(session: Session, principal: Principal, acr: Acr, max_age_s: int, at: datetime, why: str = "") -> None:
    """Raises StepUpNeeded (401 with the challenge of RFC 9470) unless `satisfied`."""
    if not satisfied(session, principal, acr, max_age_s, at):
        raise StepUpNeeded(acr, max_age_s, why)


def note(session: Session, principal: Principal, acr: Acr, at: datetime) -> bool:
    """The caller has just proved `acr`; True when there is a session or device to remember it on."""
    proved = {_COLUMN[acr]: at}
    if principal.session_id is not None:
        if principal.key_shown:
            proved["key_seen_at"] = at
        return moved(session, update(SessionRow).where(SessionRow.id == principal.session_id).values(**proved))
    if principal.device_id is not None:
        return moved(session, update(DeviceRow).where(DeviceRow.id == principal.device_id).values(**proved))
    return False


def forget(session: Session, *, shopper_id: str | None = None, device_id: str | None = None) -> None:
    """Nothing that was proved before counts any more, for all of a shopper or for one device."""
    for model, key in ((SessionRow, SessionRow.device_id), (DeviceRow, DeviceRow.id)):
        whose = key == device_id if device_id is not None else model.shopper_id == shopper_id
        session.execute(update(model).where(whose).values(password_at=None, passkey_at=None).execution_options(synchronize_session=False))
