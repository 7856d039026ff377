"""The tables of beacons: zones, beacons, the log of sightings, what the detector remembers, and what a beacon has confirmed.

Owns the shapes. An identity key exists only sealed, in `geofences_beacon.identity_key`; sightings only sealed, until they are processed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class ZoneRow(Base):
    """A part of a place told by beacons. `place_id` is what a visit of it is a visit of; `within_place_id` the store or mall around it."""

    __tablename__ = "geofences_beacon_zone"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    place_id: Mapped[str] = mapped_column(ForeignKey("geofences_place.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    floor: Mapped[str] = mapped_column(String(40))
    within_place_id: Mapped[str | None] = mapped_column(String(40), index=True)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class BeaconRow(Base):
    """`identity` is empty for a rotating beacon, which has `identity_key` (sealed), `exponent` and when its clock showed what."""

    __tablename__ = "geofences_beacon"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    zone_id: Mapped[str] = mapped_column(ForeignKey("geofences_beacon_zone.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    identity: Mapped[str] = mapped_column(String(80), index=True)
    address: Mapped[str] = mapped_column(String(17))
    power_dbm: Mapped[float | None] = mapped_column(Float(53))
    lat_deg: Mapped[float | None] = mapped_column(Float(53))
    lon_deg: Mapped[float | None] = mapped_column(Float(53))
    identity_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    exponent: Mapped[int | None]
    set_at: Mapped[datetime | None] = mapped_column(Instant)
    set_clock_s: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class BeaconVersionRow(Base):
    """One row: counts up with every change of beacons or zones, so that a runner knows its snapshot is old."""

    __tablename__ = "geofences_beacon_version"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)


class SightingLogRow(Base):
    """One batch of one device. `payload` is sealed and gone once processed; `digest` finds the same batch sent again."""

    __tablename__ = "geofences_sighting_log"
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    device_id: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    sightings: Mapped[int]
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (UniqueConstraint("device_id", "digest"),)


class HearingStateRow(Base):
    """What the detector remembers of what one device hears, sealed; no row when there is nothing to remember."""

    __tablename__ = "geofences_hearing_state"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    partition: Mapped[int] = mapped_column(index=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)


class CorroborationRow(Base):
    """A visit told by positions at a place whose beacons were heard meanwhile (`by_visit_id`). `kind`: beacon or rotating_beacon."""

    __tablename__ = "geofences_corroboration"
    visit_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    by_visit_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    noted_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (Index("ix_geofences_corroboration_shopper", "shopper_id"),)
