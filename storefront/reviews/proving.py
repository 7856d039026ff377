"""What can be proved of who writes a review: that she has the product, that she was in one of our stores.

Owns the two questions. Purchases are asked of orders, visits of `geofences`, and only when she has said that this visit may be shown and still lets us notice
visits. What is answered is a yes or a no; which order or which visit is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from app.privacy import gate
from app.privacy.purposes import Purpose
from geofences import facade as geofences
from geofences.contracts import TrustLevel
from storefront.bookings.models import BookingRow
from storefront.bookings.repository import ATTENDED
from storefront.catalog.models import ProductRow
from storefront.collection.models import CollectionRow
from storefront.collection.repository import HANDED_OVER
from storefront.contracts import OrderState
from storefront.delivery.models import DeliveryBookingRow
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.shipments.models import ShipmentLineRow, ShipmentRow
from storefront.shipments.states import ShipmentState

VISITS_LOOKED_AT = 50


def has_it(session: Session, shopper_ids: Collection[str], product_id: str) -> bool:
    """She paid for it (or for a variant), holds it by now, and has not given all of it back.

    What is fetched counts when it was handed over, what is brought when a parcel with it was delivered, what is given at a time
    when she was there; what is none of these, when it is paid.
    """
    o, line, p = OrderRow, OrderLineRow, ProductRow
    fetched, brought, parcel, inside, booked = CollectionRow, DeliveryBookingRow, ShipmentRow, ShipmentLineRow, BookingRow
    here = or_(
        exists().where(fetched.order_id == o.id, fetched.state == HANDED_OVER),
        exists().where(parcel.order_id == o.id, parcel.state == ShipmentState.DELIVERED, inside.shipment_id == parcel.id, inside.line_no == line.line_no),
        and_(~exists().where(fetched.order_id == o.id), ~exists().where(brought.order_id == o.id)),
    )
    at_a_time = exists().where(booked.order_id == o.id, booked.line_no == line.line_no)
    here = or_(at_a_time.where(booked.state == ATTENDED), and_(~at_a_time, here))
    of_it = or_(line.product_id == product_id, line.product_id.in_(select(p.id).where(p.head_id == product_id)))
    hers = (o.shopper_id.in_(shopper_ids), o.state == OrderState.PAID, o.refund_state == "none")
    found = select(o.id).join(line, line.order_id == o.id).where(*hers, of_it, line.returned < line.quantity, here)
    return session.scalar(found.limit(1)) is not None


def was_there(session: Session, shopper_ids: Collection[str], *, at: datetime) -> bool:
    """One of her visits of late is believed by more than her phone's word."""
    for shopper_id in shopper_ids:
        if gate.may(session, shopper_id, Purpose.LOCATION, at).ok:
            seen = geofences.recent_visits(session, shopper_id, VISITS_LOOKED_AT)
            if any(visit.trust is not TrustLevel.CLAIMED for visit in seen):
                return True
    return False
