"""Questions to the room's tables: places, fences, visits, moments, as contracts.

Owns every SELECT that leaves the room. Must not change anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.kernel.db import prepared
from geofences.contracts import MomentKind, MomentView, Place, TrustLevel, VisitView
from geofences.device_plan import Candidate
from geofences.geometry import read_shape
from geofences.models import FenceRow, FenceVersionRow, MomentRow, PlaceRow, VisitRow
from geofences.sensitive.refusals import NONE, Refusals, refusals
from geofences.shapes import Circle, distance_m, haversine_m
from geofences.tiles import tiles_near

_BATCH = 500
_REACHES_M = (1_000.0, 4_000.0, 16_000.0, 64_000.0)
"""Fences near a point are looked for in wider and wider circles."""
_LARGE_M = 1_000.0


def to_place(row: PlaceRow, shut: Refusals = NONE) -> Place:
    return Place(
        row.id, row.name, row.kind, row.chain, row.timezone, tuple(row.tags), row.lat_deg, row.lon_deg, shut.places.get(row.id),
        tuple((row.hours or {}).items()),
    )  # fmt: skip


def to_visit(row: VisitRow) -> VisitView:
    return VisitView(
        row.id, row.shopper_id, row.place_id, row.fence_id, row.started_at, row.ended_at, row.dwell_s, row.confidence, TrustLevel(row.trust), row.parent_id
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
    shut = refusals(session)
    return [to_place(row, shut) for row in session.scalars(select(PlaceRow).order_by(PlaceRow.name, PlaceRow.id))]


def place(session: Session, place_id: str) -> Place | None:
    row = session.get(PlaceRow, place_id)
    return to_place(row, refusals(session)) if row is not None else None


def places_by_ids(session: Session, ids: Collection[str]) -> dict[str, Place]:
    wanted, out = list(dict.fromkeys(ids)), dict[str, Place]()
    shut = refusals(session)
    for start in range(0, len(wanted), _BATCH):
        for row in session.scalars(select(PlaceRow).where(PlaceRow.id.in_(wanted[start : start + _BATCH]))):
            out[row.id] = to_place(row, shut)
    return out


def visit(session: Session, visit_id: str) -> VisitView | None:
    row = session.get(VisitRow, visit_id)
    return to_visit(row) if row is not None else None


def visit_lasts(session: Session, visit_id: str) -> bool:
    return prepared(session, _LASTS, {"visit_id": visit_id}).first() is not None


_LASTS = select(VisitRow.id).where(VisitRow.id == bindparam("visit_id"), VisitRow.ended_at.is_(None))


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


def detected_moments(
    session: Session, kinds: Collection[str], since: datetime, until: datetime, place_ids: Collection[str] | None
) -> Iterator[tuple[datetime, MomentView]]:
    """(when detected, moment) of these kinds, in the order they were detected; `until` is exclusive. None: at every place."""
    m = MomentRow
    there = [m.place_id.in_(list(place_ids))] if place_ids is not None else []
    rows = session.execute(
        select(
            m.detected_at, m.id, m.kind, m.shopper_id, m.device_id, m.place_id, m.visit_id, m.occurred_at, m.dwell_s,
            m.nth_visit, m.confidence, m.trust,
        )
        .where(m.detected_at >= since, m.detected_at < until, m.kind.in_(list(kinds)), *there)
        .order_by(m.detected_at, m.id)
        .execution_options(yield_per=_BATCH)
    )  # fmt: skip
    known, level = {k.value: k for k in MomentKind}, {t.value: t for t in TrustLevel}
    for detected_at, moment_id, kind, shopper, device, place_id, visit, occurred_at, dwell_s, nth, sure, trust in rows:
        yield detected_at, MomentView(moment_id, known[kind], shopper, device, place_id, visit, occurred_at, dwell_s, nth, sure, level[trust], ())


def moments_of_each(session: Session, kinds: Collection[str], since: datetime, until: datetime) -> dict[str, int]:
    """How many of the same each shopper has."""
    m = MomentRow
    told = select(m.shopper_id, func.count()).where(m.detected_at >= since, m.detected_at < until, m.kind.in_(list(kinds)))
    return dict(session.execute(told.group_by(m.shopper_id)).all())


def fence_version(session: Session) -> int:
    return prepared(session, _VERSION, {}).scalar() or 0


_VERSION = select(FenceVersionRow.version).where(FenceVersionRow.id == 1)


def fences_geojson(session: Session) -> dict[str, Any]:
    """A FeatureCollection of all fences for the map; a circle is a Point with `radius_m`, a corridor a line with `buffer_m`."""
    rows: Sequence[Any] = session.execute(
        select(FenceRow, PlaceRow).join(PlaceRow, PlaceRow.id == FenceRow.place_id).order_by(PlaceRow.name, FenceRow.id)
    ).all()
    features: list[dict[str, Any]] = []
    shut = refusals(session).places
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
        if owner.id in shut:
            properties["refused"] = str(shut[owner.id])
        features.append({"type": "Feature", "id": fence.id, "properties": properties, "geometry": fence.geometry})
    return {"type": "FeatureCollection", "features": features}


def fences_near(session: Session, lat_deg: float, lon_deg: float, most: int) -> tuple[list[Candidate], float]:
    """The fences nearest to a point, at most `most`, and how far around the point they are all of them, in metres.

    Negative: even of those that hold the point, some are left out.
    """
    found: list[Candidate] = []
    reach_m = _REACHES_M[0]
    for reach_m in _REACHES_M:
        found = _within(session, lat_deg, lon_deg, reach_m)
        if len(found) >= most:
            break
    found.sort(key=lambda c: (c.distance_m, c.fence_id))
    if len(found) > most:
        reach_m = min(reach_m, found[most].distance_m)
    return found[:most], reach_m


def _within(session: Session, lat_deg: float, lon_deg: float, reach_m: float) -> list[Candidate]:
    ranges = [FenceRow.tile.between(first, last) for first, last in tiles_near(lat_deg, lon_deg, reach_m)]
    columns = (
        FenceRow.id, FenceRow.place_id, FenceRow.name, FenceRow.watch_lat_deg, FenceRow.watch_lon_deg, FenceRow.watch_radius_m
    )  # fmt: skip
    found: dict[str, Candidate] = {}
    large: list[str] = []
    shut = refusals(session).fences
    for fence_id, place_id, name, lat, lon, radius_m in session.execute(select(*columns).where(or_(*ranges))):
        distance = haversine_m(lat_deg, lon_deg, lat, lon) - radius_m
        if distance > reach_m or fence_id in shut:
            continue
        found[fence_id] = Candidate(fence_id, place_id, name, Circle(lat, lon, radius_m), distance)
        if radius_m > _LARGE_M:
            large.append(fence_id)
    # Of a large fence the circle around it says little: how far it is itself is asked of its outline.
    for start in range(0, len(large), _BATCH):
        for row in session.scalars(select(FenceRow).where(FenceRow.id.in_(large[start : start + _BATCH]))):
            shape = read_shape(row.geometry, {"radius_m": row.radius_m, "buffer_m": row.buffer_m})
            distance = distance_m(shape, lat_deg, lon_deg)
            if distance > reach_m:
                del found[row.id]
            else:
                found[row.id] = replace(found[row.id], distance_m=distance)
    return list(found.values())
