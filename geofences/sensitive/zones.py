"""Where no fence may lie, drawn: each sensitive place grown by what must lie between, melted together.

Owns the drawing alone; what is refused is decided by distances (marking.py, refusals.py), never by this picture. It shows no place by
itself: of what lies within a zone nobody can tell which kind it is.
"""

from __future__ import annotations

import json
from typing import Any, cast

import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from geofences.geometry import read_shape
from geofences.sensitive.distance import drawn_around
from geofences.sensitive.kinds import HEALTH, Kind
from geofences.sensitive.models import SensitivePlaceRow
from geofences.sensitive.refusals import chosen, today
from geofences.sensitive.rules import rules_at

MOST_DRAWN = 5_000
_geos = cast("Any", shapely)


def zones_geojson(session: Session) -> dict[str, Any]:
    """A FeatureCollection with one MultiPolygon for health care and one for other places; nothing where there are none."""
    choice, on = chosen(session)[1], today(session)
    p = SensitivePlaceRow
    rows = session.execute(
        select(p.kind, p.jurisdiction, p.geometry, p.radius_m, p.buffer_m).order_by(p.id).limit(MOST_DRAWN)
    )
    grown: dict[bool, list[Any]] = {True: [], False: []}
    for kind, jurisdiction, geometry, radius_m, buffer_m in rows:
        rule = rules_at(jurisdiction or choice.jurisdiction, on, choice)[Kind(kind)]
        shape = read_shape(geometry, {"radius_m": radius_m, "buffer_m": buffer_m})
        grown[Kind(kind) in HEALTH].append(drawn_around(shape, rule.distance_m))
    features = [
        {"type": "Feature", "properties": {"words": "health care" if health else "other sensitive places"}, "geometry": _json(_geos.union_all(zones))}
        for health, zones in grown.items()
        if zones
    ]
    return {"type": "FeatureCollection", "features": features}


def _json(geometry: Any) -> dict[str, Any]:
    return json.loads(_geos.to_geojson(_geos.set_precision(geometry, 1e-6)))
