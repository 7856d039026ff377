"""Questions to the tables of beacons.

Owns the SELECTs. Must not change anything, and opens an identity key only for the table of passing ids in memory.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.security.sealing import open_sealed
from geofences.beacons.ephemeral import sends
from geofences.beacons.models import BeaconRow, BeaconVersionRow, ZoneRow
from geofences.beacons.rotation import DriftRules, EphemeralTable, Rotation
from geofences.beacons.transmitters import Beacon, Registry, Zone

KEY_PURPOSE = "beacon_identity_key"


def version(session: Session) -> int:
    return session.scalar(select(BeaconVersionRow.version).where(BeaconVersionRow.id == 1)) or 0


def registry(session: Session, rules: DriftRules) -> Registry:
    """A snapshot of all zones and beacons, with the table of passing ids."""
    now = version(session)
    zones = [Zone(r.id, r.place_id, r.name, r.floor, r.within_place_id or "") for r in session.scalars(select(ZoneRow))]
    rows = list(session.scalars(select(BeaconRow)))
    rotations = [found for row in rows if (found := _rotation(row)) is not None]
    return Registry(zones, [_beacon(row) for row in rows], EphemeralTable(rotations, sends, rules), now)


def _beacon(row: BeaconRow) -> Beacon:
    return Beacon(row.id, row.zone_id, row.kind, row.identity, row.address, row.power_dbm, row.lat_deg, row.lon_deg)


def _rotation(row: BeaconRow) -> Rotation | None:
    if row.identity_key is None or row.exponent is None or row.set_at is None or row.set_clock_s is None:
        return None
    key = open_sealed(KEY_PURPOSE, row.identity_key, row.id.encode())
    return Rotation(row.id, key, row.exponent, row.set_at.timestamp(), row.set_clock_s)


def listing(session: Session, limit: int = 10_000) -> dict[str, Any]:
    """Zones and beacons for an operator; keys stay where they are."""
    zones = session.scalars(select(ZoneRow).order_by(ZoneRow.id).limit(limit))
    beacons = session.scalars(select(BeaconRow).order_by(BeaconRow.zone_id, BeaconRow.id).limit(limit))
    return {
        "zones": [
            {"id": z.id, "place_id": z.place_id, "name": z.name, "floor": z.floor, "within_place_id": z.within_place_id}
            for z in zones
        ],
        "beacons": [
            {
                "id": b.id,
                "zone_id": b.zone_id,
                "kind": b.kind,
                "identity": b.identity or None,
                "address": b.address or None,
                "tx_power_dbm": b.power_dbm,
                "rotating": b.identity_key is not None,
            }
            for b in beacons
        ],
        "beacons_total": session.scalar(select(func.count()).select_from(BeaconRow)) or 0,
    }
