"""The standing of a device as rows tell it, and the evidence it rests on.

Owns the queries. Must not check evidence (attesting.py) and must not judge (standing.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.security.devices.models import AttestationRow
from app.security.devices.standing import Evidence, Level, Standing, judged
from app.security.models import DeviceRow, ShopperRow


def standing(session: Session, device_id: str | None, at: datetime, *, fresh_s: int) -> Standing:
    """How far the device is believed at `at`; a caller without a device is unknown."""
    row = None
    if device_id is not None:
        row = session.execute(
            select(DeviceRow.key_thumbprint, DeviceRow.revoked_at, DeviceRow.frozen_why, ShopperRow.frozen_why, AttestationRow.level, AttestationRow.at)
            .outerjoin(ShopperRow, ShopperRow.id == DeviceRow.shopper_id)
            .outerjoin(AttestationRow, AttestationRow.device_id == DeviceRow.id)
            .where(DeviceRow.id == device_id)
        ).one_or_none()
    if row is None:
        return judged(Evidence(), at, fresh_s)
    key, revoked_at, device_why, shopper_why, level, attested_at = row
    why = device_why or (shopper_why if shopper_why != "device" else None)
    return judged(Evidence(Level(level) if level else None, attested_at, key is not None, revoked_at is not None, why), at, fresh_s)


def shopper_of(session: Session, device_id: str) -> str | None:
    return session.scalars(select(DeviceRow.shopper_id).where(DeviceRow.id == device_id)).one_or_none()


def keep(session: Session, device_id: str, kind: str, level: Level, facts: dict[str, Any], *, at: datetime) -> None:
    """The newest evidence takes the place of what was there."""
    session.merge(AttestationRow(device_id=device_id, kind=kind, level=str(level), facts=facts, at=at))
    session.flush()
