"""How far the collection of an order is, for whoever shows the order.

Owns the view alone.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from geofences import facade as geofences
from storefront.collection import repository
from storefront.contracts import CollectionView


def view(session: Session, order_id: str) -> CollectionView | None:
    """None for an order that is not fetched from a store."""
    row = repository.of_order(session, order_id)
    if row is None:
        return None
    place = geofences.place(session, row.place_id)
    return CollectionView(row.place_id, place.name if place is not None else row.place_id, row.state, row.ready_until, row.arrived_at, row.handed_at)
