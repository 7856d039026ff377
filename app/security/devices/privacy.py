"""What is held about a shopper's phones beyond that they are hers: what they proved about themselves.

Owns export and erasure of its tables, and for how long they keep their rows. app/privacy/privacy.py registers them, before the devices
themselves, by which the rows are found.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.security.devices.models import AppAttestKeyRow, AttestationRow
from app.security.models import DeviceRow

TABLES = ("security_attestation", "security_app_attest_key")
YEAR_S = 366 * 86_400

RETENTION: tuple[tuple[str, str, int | None, str], ...] = (
    ("security_attestation", "at", YEAR_S, "What your phone proved about itself is kept a year after it last did."),
    ("security_app_attest_key", "used_at", YEAR_S, "The public key of your phone is kept a year after it was last used."),
)


def export_shopper(session: Session, shopper_id: str) -> dict[str, Any]:
    mine = select(DeviceRow.id).where(DeviceRow.shopper_id == shopper_id)
    shown = session.scalars(select(AttestationRow).where(AttestationRow.device_id.in_(mine)).order_by(AttestationRow.device_id))
    keys = session.scalars(select(AppAttestKeyRow).where(AppAttestKeyRow.device_id.in_(mine)).order_by(AppAttestKeyRow.key_id))
    return {
        "attestations": [{"device_id": a.device_id, "kind": a.kind, "level": a.level, "facts": a.facts, "at": a.at} for a in shown],
        "keys": [{"device_id": k.device_id, "level": k.level, "uses": k.counter, "created_at": k.created_at, "used_at": k.used_at} for k in keys],
    }


def erase_shopper(session: Session, shopper_id: str) -> int:
    mine = select(DeviceRow.id).where(DeviceRow.shopper_id == shopper_id)
    gone = 0
    for model in (AttestationRow, AppAttestKeyRow):
        gone += touched(session, delete(model).where(model.device_id.in_(mine)))
    return gone
