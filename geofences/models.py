"""The tables of the room: places and fences, the fix log, states of tracks, visits and moments.

Owns the shapes. Precise positions exist only sealed, in `geofences_fix_log.payload` until they are processed and in
`geofences_track_state.payload` while a visit is open or undecided; both are deleted as soon as they have been used.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class PlaceRow(Base):
    __tablename__ = "geofences_place"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    chain: Mapped[str | None] = mapped_column(String(200), index=True)
    timezone: Mapped[str] = mapped_column(String(64))
    tags: Mapped[list[str]] = mapped_column(Json)
    hours: Mapped[dict[str, str] | None] = mapped_column(Json)
    lat_deg: Mapped[float] = mapped_column(Float(53))
    lon_deg: Mapped[float] = mapped_column(Float(53))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class FenceRow(Base):
    """`geometry` is GeoJSON as it was imported, or as it was mended; `radius_m` is set for circles, `buffer_m` for corridors.

    The `watch_` circle holds the whole fence; `tile` (geofences.tiles) finds the fences near a point. `level` orders places within
    places (geofences.levels).
    """

    __tablename__ = "geofences_fence"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    place_id: Mapped[str] = mapped_column(ForeignKey("geofences_place.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    geometry: Mapped[dict[str, Any]] = mapped_column(Json)
    radius_m: Mapped[float | None] = mapped_column(Float(53))
    buffer_m: Mapped[float | None] = mapped_column(Float(53))
    watch_lat_deg: Mapped[float] = mapped_column(Float(53))
    watch_lon_deg: Mapped[float] = mapped_column(Float(53))
    watch_radius_m: Mapped[float] = mapped_column(Float(53))
    tile: Mapped[int] = mapped_column(BigInteger, index=True)
    level: Mapped[int] = mapped_column(server_default="0")
    changed_at: Mapped[datetime] = mapped_column(Instant)


class FenceVersionRow(Base):
    """One row: counts up with every change of places and fences, so that whoever remembers them knows that it is old."""

    __tablename__ = "geofences_fence_version"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)


class LogHeadRow(Base):
    """The next position of each partition. Appending locks this row, so positions become visible in order."""

    __tablename__ = "geofences_log_head"
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    head: Mapped[int] = mapped_column(BigInteger)


class LogPartitionRow(Base):
    """How far a partition is processed, and by whom: `epoch` counts its owners, and only the newest can write. All up to `position` is; of
    the batches after it, up to `read`, what is not later than `watermark_at`. Of a shared log, what is kept of all up to `kept` is in the
    table, and nothing after it was received much before `kept_at`."""

    __tablename__ = "geofences_log_partition"
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(BigInteger)
    read: Mapped[int] = mapped_column(BigInteger, server_default="0")
    watermark_at: Mapped[datetime | None] = mapped_column(Instant)
    owner: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    kept: Mapped[int] = mapped_column(BigInteger, server_default="0")
    kept_at: Mapped[datetime | None] = mapped_column(Instant)


class SharedLogRow(Base):
    """The topic in which this database's fixes arrive, if they do not arrive in its own table; what was received before
    `unreadable_before` cannot be opened there any more. `name` is for its keys: no other log has the same."""

    __tablename__ = "geofences_shared_log"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(40))
    topic: Mapped[str] = mapped_column(String(300))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    unreadable_before: Mapped[datetime] = mapped_column(Instant)


class DeadLetterRow(Base):
    """A place in a log of which something could not be worked in, and why: a record that cannot be read, or (size 0) fixes over which the
    rules failed, of one device or more. What it said is not kept."""

    __tablename__ = "geofences_dead_letter"
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(40))
    size_bytes: Mapped[int]
    found_at: Mapped[datetime] = mapped_column(Instant)


class WorkerRow(Base):
    """A process that works on partitions: it lives until `until`, which it moves on while it does."""

    __tablename__ = "geofences_worker"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    until: Mapped[datetime] = mapped_column(Instant)


class FixLogRow(Base):
    """One batch of one device, or of several. `payload` is sealed; seconds after it was processed, what lies outside every fence is
    only a cell in it (`coarse`), and at `forget_at` it goes. `digest` finds the same batch sent again."""

    __tablename__ = "geofences_fix_log"
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    device_id: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    fixes: Mapped[int]
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    coarse: Mapped[bool] = mapped_column(server_default=false())
    forget_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    __table_args__ = (UniqueConstraint("device_id", "digest"),)


class TrackStateRow(Base):
    """What the detector remembers of one device between flushes, sealed; no row when there is nothing to remember."""

    __tablename__ = "geofences_track_state"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    partition: Mapped[int] = mapped_column(index=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    wake_at: Mapped[datetime | None] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)


class VisitRow(Base):
    """`decided_at` is event time: a fix from before that comes late may change the visit. `parent_id`: the visit of the mall it is in."""

    __tablename__ = "geofences_visit"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    device_id: Mapped[str] = mapped_column(String(40))
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    fence_id: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    parent_id: Mapped[str | None] = mapped_column(String(40))
    dwell_s: Mapped[int]
    nth_visit: Mapped[int]
    confidence: Mapped[float] = mapped_column(Float(53))
    trust: Mapped[str] = mapped_column(String(20))
    doubts: Mapped[list[str]] = mapped_column(Json)
    __table_args__ = (Index("ix_geofences_visit_shopper_place", "shopper_id", "place_id", "started_at"),)


class MomentRow(Base):
    __tablename__ = "geofences_moment"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    device_id: Mapped[str] = mapped_column(String(40))
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    fence_id: Mapped[str] = mapped_column(String(40))
    visit_id: Mapped[str] = mapped_column(String(40), index=True)
    occurred_at: Mapped[datetime] = mapped_column(Instant)
    detected_at: Mapped[datetime] = mapped_column(Instant, index=True)
    dwell_s: Mapped[int]
    nth_visit: Mapped[int]
    confidence: Mapped[float] = mapped_column(Float(53))
    trust: Mapped[str] = mapped_column(String(20))
    doubts: Mapped[list[str]] = mapped_column(Json)


class MomentRetractedRow(Base):
    """A moment that late truth took back. It is no longer in `geofences_moment`; should it turn out true again, it returns there."""

    __tablename__ = "geofences_moment_retracted"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    place_id: Mapped[str] = mapped_column(String(40))
    visit_id: Mapped[str] = mapped_column(String(40))
    occurred_at: Mapped[datetime] = mapped_column(Instant)
    detected_at: Mapped[datetime] = mapped_column(Instant)
    retracted_at: Mapped[datetime] = mapped_column(Instant, index=True)
