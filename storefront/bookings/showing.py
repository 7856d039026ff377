"""What of an order is given at a time, for whoever shows the order.

Owns the view alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from geofences import facade as geofences
from storefront.booking_contracts import BookingView
from storefront.bookings import repository
from storefront.bookings.models import BookingRow


def views(session: Session, rows: Sequence[BookingRow], names: Mapping[int, str]) -> tuple[BookingView, ...]:
    """`names`: line -> what it is called."""
    known = geofences.places_by_ids(session, sorted({row.place_id for row in rows})) if rows else {}
    return tuple(
        BookingView(
            row.id, row.order_id, row.line_no, row.product_id, names[row.line_no], row.place_id, known[row.place_id].name if row.place_id in known else row.place_id,
            row.slot_id, row.places, row.state, row.starts_at, row.ends_at, row.timezone, row.free_until, row.arrived_at,
        )
        for row in rows
    )  # fmt: skip


def of_order(session: Session, order_id: str, names: Mapping[int, str]) -> tuple[BookingView, ...]:
    return views(session, repository.of_order(session, order_id), names)
