"""What follows from a warning: standing falls, sessions end, coupons freeze; or all is well again.

Owns the table from CAEP's events to what is done. A warning counts once, however often it is delivered, and an older one does not undo
a newer. Everything is read from rows by whoever asks, so it is in force with the commit, in every process.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.security import once, stepup
from app.security.devices import freezing
from app.security.models import DeviceRow, SessionRow, ShopperRow
from app.security.sessions import end_session, revoke_device, revoke_shopper
from app.security.signals.sets import SecurityEvents, Warned


def take(session: Session, told: SecurityEvents, *, at: datetime, keep_s: int) -> tuple[str, ...]:
    """Act on every event of a token; what was done, in order. Nothing for a token that was taken before."""
    if not once.first_time(session, "set", told.issuer, told.jti, until=at + timedelta(seconds=keep_s)):
        return ()
    return tuple(done for event in told.events for done in _act(session, event, at))


def _act(session: Session, event: Warned, at: datetime) -> list[str]:
    device_id, shopper_id, session_id = _subject(session, event)
    match event.kind:
        case "session-revoked":
            return _end(session, device_id, shopper_id, session_id, event, at)
        case "device-compliance-change" if device_id is not None:
            return _comply(session, device_id, event)
        case "credential-change" if shopper_id is not None and event.said.get("change_type") in ("revoke", "delete", "update"):
            return _doubt(session, shopper_id, "credential_changed", event)
        case "assurance-level-change" if shopper_id is not None and event.said.get("change_direction") == "decrease":
            return _doubt(session, shopper_id, "assurance_fell", event)
        case _:
            return []


def _subject(session: Session, event: Warned) -> tuple[str | None, str | None, str | None]:
    """The device, shopper and session that are meant, as far as we know them."""
    named = set(event.ids.values())
    device = session.execute(select(DeviceRow.id, DeviceRow.shopper_id).where(DeviceRow.id.in_(named))).first()
    opened = session.execute(
        select(SessionRow.id, func.coalesce(DeviceRow.shopper_id, SessionRow.shopper_id).label("shopper_id"))
        .outerjoin(DeviceRow, DeviceRow.id == SessionRow.device_id)
        .where(SessionRow.id.in_(named))
    ).first()
    shopper_id = session.scalars(select(ShopperRow.id).where(ShopperRow.id.in_(named))).first()
    owner = shopper_id or (device.shopper_id if device else None) or (opened.shopper_id if opened else None)
    return device.id if device else None, owner, opened.id if opened else None


def _end(session: Session, device_id: str | None, shopper_id: str | None, session_id: str | None, event: Warned, at: datetime) -> list[str]:
    """Only what is named ends: a session, a device with its sessions, or all of hers. Her coupons wait until she comes in again."""
    if session_id is not None:
        end_session(session, session_id, at=at)
    elif device_id is not None:
        revoke_device(session, device_id, at=at)
    elif shopper_id is not None:
        revoke_shopper(session, shopper_id, at=at)
    if shopper_id is None:
        return []
    stepup.forget(session, shopper_id=shopper_id)
    freezing.freeze_shopper(session, shopper_id, "session_ended", told_at=event.at)
    return ["sessions_ended", "frozen"]


def _comply(session: Session, device_id: str, event: Warned) -> list[str]:
    if event.said.get("current_status") == "compliant":
        return ["thawed"] if freezing.thaw_device(session, device_id, told_at=event.at) else []
    if not freezing.freeze_device(session, device_id, "not_compliant", told_at=event.at):
        return []
    stepup.forget(session, device_id=device_id)
    return ["frozen"]


def _doubt(session: Session, shopper_id: str, why: str, event: Warned) -> list[str]:
    stepup.forget(session, shopper_id=shopper_id)
    freezing.freeze_shopper(session, shopper_id, why, told_at=event.at)
    return ["frozen"]
