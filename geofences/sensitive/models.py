"""The tables of sensitive places: where they are, which fences are near them, and what this house keeps.

Owns the shapes. No names: what kind of place it is and where suffices. Nobody's data is in here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class SensitivePlaceRow(Base):
    """`geometry` is GeoJSON; a point has `radius_m`, a line `buffer_m`. `jurisdiction` is empty where nobody told it. `source` says who
    brought it, `reference` what it is called there (an OpenStreetMap id). The `watch_` circle holds it."""

    __tablename__ = "geofences_sensitive_place"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    jurisdiction: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(40), index=True)
    reference: Mapped[str | None] = mapped_column(String(200))
    geometry: Mapped[dict[str, Any]] = mapped_column(Json)
    radius_m: Mapped[float | None] = mapped_column(Float(53))
    buffer_m: Mapped[float | None] = mapped_column(Float(53))
    watch_lat_deg: Mapped[float] = mapped_column(Float(53))
    watch_lon_deg: Mapped[float] = mapped_column(Float(53))
    watch_radius_m: Mapped[float] = mapped_column(Float(53))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class NearSensitiveRow(Base):
    """The sensitive place of a kind and jurisdiction that is nearest to a fence, up to `rules.REACH_M` away. Which of them refuse the
    fence is asked anew each day: laws begin and end."""

    __tablename__ = "geofences_near_sensitive"
    fence_id: Mapped[str] = mapped_column(ForeignKey("geofences_fence.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    jurisdiction: Mapped[str] = mapped_column(String(10), primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40))
    sensitive_id: Mapped[str] = mapped_column(
        ForeignKey("geofences_sensitive_place.id", ondelete="CASCADE"), index=True
    )
    distance_m: Mapped[float] = mapped_column(Float(53))


class SensitiveHeadRow(Base):
    """One row: counts up with every change of sensitive places, and holds what the house has chosen (`rules.Choice`)."""

    __tablename__ = "geofences_sensitive_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    jurisdiction: Mapped[str] = mapped_column(String(10))
    health_m: Mapped[float] = mapped_column(Float(53))
    other_m: Mapped[float] = mapped_column(Float(53))
    changed_at: Mapped[datetime] = mapped_column(Instant)
