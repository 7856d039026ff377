"""Where we saw her, as far as it is still known, and when each piece of it goes: for her own page.

Owns the picture of what is held. Must not be shown to anybody but the shopper herself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import from_epoch_s
from geofences.adapters.table_log import fixes_of
from geofences.coarsening import cell_of
from geofences.models import PlaceRow, VisitRow
from geofences.privacy import VISITS_KEPT_S
from geofences.thinning import PRECISE_S


@dataclass(frozen=True, slots=True)
class HeldPoint:
    """A position in or around a store, as it was reported. `gone_at`: by then it has vanished."""

    lat_deg: float
    lon_deg: float
    at: datetime
    gone_at: datetime


@dataclass(frozen=True, slots=True)
class HeldCell:
    """Somewhere in an area of some five square kilometres, `times` often; `corners` are (lon, lat)."""

    cell: str
    corners: tuple[tuple[float, float], ...]
    times: int
    first_at: datetime
    last_at: datetime
    gone_at: datetime


@dataclass(frozen=True, slots=True)
class HeldVisit:
    """A stay at a place; `lat_deg` and `lon_deg` are those of the place."""

    id: str
    place_name: str
    lat_deg: float
    lon_deg: float
    started_at: datetime
    ended_at: datetime | None
    gone_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Each in order of time."""

    points: tuple[HeldPoint, ...]
    cells: tuple[HeldCell, ...]
    visits: tuple[HeldVisit, ...]


def held_of(session: Session, shopper_ids: Sequence[str]) -> Held:
    """All that is held of one person, who may have several ids."""
    import h3

    fixes = sorted((fix for shopper_id in shopper_ids for _, fix in fixes_of(session, shopper_id)), key=lambda fix: fix.at_s)
    day = timedelta(seconds=PRECISE_S)
    points: list[HeldPoint] = []
    times: dict[str, list[datetime]] = {}
    for fix in fixes:
        at = from_epoch_s(fix.at_s)
        if fix.coarse:
            times.setdefault(cell_of(fix.lat_deg, fix.lon_deg), []).append(at)
        else:
            points.append(HeldPoint(fix.lat_deg, fix.lon_deg, at, at + day))
    cells = [
        HeldCell(cell, tuple((lon, lat) for lat, lon in h3.cell_to_boundary(cell)), len(seen), seen[0], seen[-1], seen[-1] + day)
        for cell, seen in times.items()
    ]
    rows = session.execute(
        select(VisitRow.id, PlaceRow.name, PlaceRow.lat_deg, PlaceRow.lon_deg, VisitRow.started_at, VisitRow.ended_at)
        .join(PlaceRow, PlaceRow.id == VisitRow.place_id)
        .where(VisitRow.shopper_id.in_(shopper_ids))
        .order_by(VisitRow.started_at, VisitRow.id)
    )
    kept = timedelta(seconds=VISITS_KEPT_S)
    visits = tuple(HeldVisit(visit_id, name, lat, lon, began, ended, began + kept) for visit_id, name, lat, lon, began, ended in rows)
    return Held(tuple(points), tuple(cells), visits)
