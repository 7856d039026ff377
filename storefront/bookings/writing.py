"""Writing when a store gives a service: what the document itself cannot say about the house is looked up here, then it is kept whole.

Owns that there is such a service and such a store, and its zone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from geofences import facade as geofences
from storefront.bookings import repository
from storefront.bookings.choosing import SERVICE
from storefront.bookings.schemas import ServiceIn, stored
from storefront.catalog.models import ProductRow


def write_service(session: Session, product_id: str, place_id: str, document: ServiceIn, *, at: datetime) -> dict[str, Any]:
    """Raises Invalid naming the field. What is booked stays booked, also where fewer fit in from now on."""
    kind, is_head = session.execute(select(ProductRow.kind, ProductRow.is_head).where(ProductRow.id == product_id)).first() or (None, False)
    if kind != SERVICE or is_head:
        raise Invalid.field("product_id", f"{product_id} is no service; import it with `kind` service, and name the variant where it has some")
    place = geofences.place(session, place_id)
    if place is None:
        raise Invalid.field("place_id", "there is no such place; name one of GET /v1/places")
    timezone = document.timezone or place.timezone
    if not timezone:
        raise Invalid.field("timezone", "the name of a time zone, such as Europe/Helsinki; this place has none")
    kept = stored(document, timezone)
    repository.put(session, product_id, place_id, kept, at)
    return {"product_id": product_id, "place_id": place_id, **kept}
