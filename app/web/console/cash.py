"""A day's cash as operators see it: each drawer with what went through it, expected and counted, what is still owed, and the books.

Owns this page. Must not reckon: the storefront does.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from geofences import facade as geofences
from storefront.facade import at_drawer

router = APIRouter(include_in_schema=False)

Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
WHY = {
    "wrong_change": "wrong change", "wrong_float": "another float", "not_recorded": "not recorded", "counterfeit": "counterfeit", "stolen": "stolen", "unknown": "nobody knows",
}  # fmt: skip


@router.get("/console/cash")
def cash(request: Request, _caller: Operator, call: Reading, day: date | None = None, place: Annotated[str, Query(max_length=60)] = "") -> Response:
    """Today's, of all stores, unless another is named."""
    with call.database.reading() as session:
        found = at_drawer.report(session, call.app.settings.storefront, day, place or None, at=call.clock.now())
        named = geofences.places_by_ids(session, sorted({one.drawer.place_id for one in found.report.drawers} | ({place} if place else set())))
    names = {place_id: one.name for place_id, one in named.items()}
    one_day = timedelta(days=1)
    days = {"before": found.report.day - one_day, "after": found.report.day + one_day}
    return rendering.page(request, "console/cash.html", {"here": "orders", "found": found, "names": names, "place": place, "why": WHY} | days)
