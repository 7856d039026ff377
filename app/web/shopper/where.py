"""Where we saw you: every point, cell and visit that is held, on a map and in words, and when each will vanish.

Owns the page. Must not show what is held as exact where only a cell is, and must not show anybody else's.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.security.people import same_person
from app.web import rendering
from app.web.shopper.frame import frame
from geofences import facade as geofences

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]


@router.get("/m/me/where")
def where(request: Request, caller: Shopper, call: Reading) -> Response:
    """What is held of where she was."""
    with call.database.reading() as session:
        held = geofences.held(session, same_person(session, caller.id))
        context = frame(session, caller.id, "me", call.clock.now()) | {"held": held, "drawn": _drawn(held)}
    response = rendering.page(request, "shopper/where.html", context, frame_self=True)
    response.headers["Cache-Control"] = "no-store"
    return response


def _drawn(held: Any) -> dict[str, list[dict[str, Any]]]:
    """What the map draws: GeoJSON features, a cell as its outline."""
    cells = [_feature("Polygon", [[*cell.corners, cell.corners[0]]]) for cell in held.cells]
    points = [_feature("Point", (point.lon_deg, point.lat_deg)) for point in held.points]
    visits = [_feature("Point", (visit.lon_deg, visit.lat_deg), name=visit.place_name) for visit in held.visits]
    return {"cells": cells, "points": points, "visits": visits}


def _feature(kind: str, coordinates: object, **properties: str) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}
