"""What she is told of a time she has booked: that it is booked or moved, and the day before that it is near.

Owns the words' facts and when they still hold. It is said as news of her orders are (order_news.py): in the inbox as a part of the order, on her phones by the
consent of its own, by night not before the morning, and not once it has begun. What was moved or given up meanwhile is not told.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.kernel import languages
from notifications import preferences
from notifications.order_news import News, OrderTeller
from storefront import facade as storefront
from storefront.contracts import bookings


def booked(teller: OrderTeller, session: Session, event: bookings.BookingConfirmed, at: datetime) -> bool:
    """False: it is not as it was then, has begun, or was told before."""
    step = f"{event.booking_id}.booked.{event.moves}"
    return _tell(teller, session, event.order_id, event.booking_id, event.starts_at, step, "booking.moved" if event.moves else "booking.booked", at)


def near(teller: OrderTeller, session: Session, event: bookings.BookingNeared, at: datetime) -> bool:
    """The same, a day before."""
    return _tell(teller, session, event.order_id, event.booking_id, event.starts_at, f"{event.booking_id}.near.{event.starts_at:%Y%m%d%H%M}", "booking.near", at)


def _tell(teller: OrderTeller, session: Session, order_id: str, booking_id: str, starts_at: datetime, step: str, key: str, at: datetime) -> bool:
    order = storefront.order(session, order_id)
    found = next((one for one in order.bookings if one.id == booking_id), None) if order is not None else None
    if order is None or found is None or found.state != "booked" or found.starts_at != starts_at or starts_at <= at:
        return False
    language = preferences.language_of(session, order.order.shopper_id)
    when = found.starts_at.astimezone(ZoneInfo(found.timezone))
    facts = {"what": found.name, "when": f"{languages.date(when.date(), language)}, {languages.time(when, language)}", "place": found.place_name}
    return teller.tell(session, News(order.order.shopper_id, order_id, step, key, facts, found.starts_at, found.place_id), at)
