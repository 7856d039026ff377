"""Writing an area: what the document itself cannot say about the house is looked up here, then it is kept whole.

Owns that the way exists and that there is a zone, the document's own or its store's.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from geofences import facade as geofences
from storefront.delivery import repository
from storefront.delivery.schemas import AreaIn, stored


def write_area(session: Session, area_id: str, area: AreaIn, *, ways: Collection[str], at: datetime) -> dict[str, Any]:
    """`ways`: the ids of those there are. Raises Invalid naming the field. What is booked stays booked, also where fewer fit in from now on."""
    if area.way not in ways:
        raise Invalid.field("way", f"one of {', '.join(ways)}")
    place = geofences.place(session, area.place_id) if area.place_id is not None else None
    if area.place_id is not None and place is None:
        raise Invalid.field("place_id", "there is no such place; leave it out, or name one of GET /v1/places")
    timezone = area.timezone or (place.timezone if place is not None else "")
    if not timezone:
        raise Invalid.field("timezone", "the name of a time zone, such as Europe/Helsinki; or name a place, whose zone it takes")
    document = stored(area, timezone)
    repository.put_area(session, area_id, document, at)
    return {"id": area_id, **document}
