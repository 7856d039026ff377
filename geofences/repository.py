"""Questions to the room's tables: places, fences, visits, moments, as contracts.

Owns every SELECT that leaves the room. Must not change anything.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from geofences.contracts import MomentKind, MomentView, Place, TrustLevel, VisitView
from geofences.geometry import area_m2, haversine_m, read_shape
from geofences.index import Fence, FenceIndex
from geofences.models import FenceRow, FenceVersionRow, MomentRow, PlaceRow, VisitRow

_BATCH = 500


def to_place(row: PlaceRow) -> Place:
    return Place(row.id, row.name, row.kind, row.chain, row.timezone, tuple(row.tags), row.lat_deg, row.lon_deg)


def to_visit(row: VisitRow) -> VisitView:
    return VisitView(
        row.id, row.shopper_id, row.place_id, row.fence_id, row.started_at, row.ended_at, row.dwell_s, row.confidence, TrustLevel(row.trust)
    )  # fmt: skip


def to_moment(row: MomentRow) -> MomentView:
    return MomentView(
        id=row.id,
        kind=MomentKind(row.kind),
        shopper_id=row.shopper_id,
        device_id=row.device_id,
        place_id=row.place_id,
        visit_id=row.visit_id,
        occurred_at=row.occurred_at,
        dwell_s=row.dwell_s,
        nth_visit=row.nth_visit,
        confidence=row.confidence,
        trust=TrustLevel(row.trust),
        trust_reasons=tuple(row.doubts),
    )


def places(session: Session) -> list[Place]:
    return [to_place(row) for row in session.scalars(select(PlaceRow).order_by(PlaceRow.name, PlaceRow.id))]


def place(session: Session, place_id: str) -> Place | None:
    row = session.get(PlaceRow, place_id)
    return to_place(row) if row is not None else None


def places_by_ids(session: Session, ids: Collection[str]) -> dict[str, Place]:
    wanted, out = list(dict.fromkeys(ids)), dict[str, Place]()
    for start in range(0, len(wanted), _BATCH):
        for row in session.scalars(select(PlaceRow).where(PlaceRow.id.in_(wanted[start : start + _BATCH]))):
            out[row.id] = to_place(row)
    return out


def visit(session: Session, visit_id: str) -> VisitView | None:
    row = session.get(VisitRow, visit_id)
    return to_visit(row) if row is not None else None


def open_visit(session: Session, shopper_id: str, place_id: str) -> VisitView | None:
    """The shopper's newest visit at the place that has not ended."""
    found = select(VisitRow).where(
        VisitRow.shopper_id == shopper_id, VisitRow.place_id == place_id, VisitRow.ended_at.is_(None)
    )
    row = session.scalars(found.order_by(VisitRow.started_at.desc(), VisitRow.id).limit(1)).first()
    return to_visit(row) if row is not None else None


def recent_visits(session: Session, shopper_id: str, limit: int) -> list[VisitView]:
    found = select(VisitRow).where(VisitRow.shopper_id == shopper_id)
    return [
        to_visit(row) for row in session.scalars(found.order_by(VisitRow.started_at.desc(), VisitRow.id).limit(limit))
    ]


def moment(session: Session, moment_id: str) -> MomentView | None:
    row = session.get(MomentRow, moment_id)
    return to_moment(row) if row is not None else None


def recent_moments(session: Session, *, since: datetime, limit: int) -> list[MomentView]:
    """The newest by detection, newest first."""
    found = select(MomentRow).where(MomentRow.detected_at >= since)
    return [
        to_moment(row)
        for row in session.scalars(found.order_by(MomentRow.detected_at.desc(), MomentRow.id).limit(limit))
    ]


def fence_version(session: Session) -> int:
    return session.scalar(select(FenceVersionRow.version).where(FenceVersionRow.id == 1)) or 0


def fence_index(session: Session) -> FenceIndex:
    """A snapshot of all fences."""
    version = fence_version(session)
    rows = session.scalars(select(FenceRow).order_by(FenceRow.id))
    return FenceIndex(
        [
            Fence(r.id, r.place_id, r.name, read_shape(r.geometry, {"radius_m": r.radius_m, "buffer_m": r.buffer_m}))
            for r in rows
        ],
        version,
    )


def fences_geojson(session: Session) -> dict[str, Any]:
    """A FeatureCollection of all fences for the map; a circle is a Point with `radius_m`, a corridor a line with `buffer_m`."""
    rows: Sequence[Any] = session.execute(
        select(FenceRow, PlaceRow).join(PlaceRow, PlaceRow.id == FenceRow.place_id).order_by(PlaceRow.name, FenceRow.id)
    ).all()
    features: list[dict[str, Any]] = []
    for fence, owner in rows:
        properties = {
            "place_id": owner.id,
            "name": owner.name,
            "kind": owner.kind,
            "chain": owner.chain,
            "tags": owner.tags,
            "radius_m": fence.radius_m,
            "buffer_m": fence.buffer_m,
        }
        features.append({"type": "Feature", "id": fence.id, "properties": properties, "geometry": fence.geometry})
    return {"type": "FeatureCollection", "features": features}


def fences_near(session: Session, lat_deg: float, lon_deg: float, limit: int) -> list[tuple[Place, float, int]]:
    """The places nearest to a point (within about 30 km): each with the radius in metres of a circle for a phone to watch
    and the time of its last change (epoch seconds)."""
    wide = 0.3 / max(0.05, math.cos(math.radians(lat_deg)))
    here = (
        PlaceRow.lat_deg.between(lat_deg - 0.3, lat_deg + 0.3),
        PlaceRow.lon_deg.between(lon_deg - wide, lon_deg + wide),
    )
    found = select(FenceRow, PlaceRow).join(PlaceRow, PlaceRow.id == FenceRow.place_id).where(*here)
    rows: Sequence[Any] = session.execute(found).all()
    near = sorted(rows, key=lambda r: (haversine_m(lat_deg, lon_deg, r[1].lat_deg, r[1].lon_deg), r[0].id))[:limit]
    out: list[tuple[Place, float, int]] = []
    for fence, owner in near:
        radius_m = fence.radius_m
        if radius_m is None:
            radius_m = 1.2 * math.sqrt(area_m2(read_shape(fence.geometry)) / math.pi)
        out.append((to_place(owner), radius_m, int(fence.changed_at.timestamp())))
    return out
