"""Use is counted from events: each once, by its id (the inbox), on the day it happened.

Owns which event is which unit, and adding up. Reads nothing of an event but that there is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.outbox import Envelope, Subscriptions
from geofences.contracts import MomentDetected
from notifications.contracts import PushSent
from notifications.metering.contracts import Unit
from notifications.metering.models import UsageReportRow, UsageRow
from offers.contracts import CouponRedeemed
from storefront.contracts import OrderPaid

CONSUMER = "metering.count"
COUNTED: tuple[tuple[type[Any], Unit], ...] = (
    (MomentDetected, Unit.MOMENTS_DETECTED),
    (CouponRedeemed, Unit.COUPONS_REDEEMED),
    (PushSent, Unit.MESSAGES_SENT),
    (OrderPaid, Unit.ORDERS_PAID),
)


def subscribe(subscriptions: Subscriptions) -> None:
    for event_class, unit in COUNTED:
        subscriptions.on_many(event_class, consumer=CONSUMER, handler=_counting(unit))


def _counting(unit: Unit) -> Callable[[Session, Sequence[tuple[Any, Envelope]]], None]:
    def count(session: Session, told: Sequence[tuple[Any, Envelope]]) -> None:
        today = session.info["clock"].now().date().isoformat()
        by_day = Counter(envelope.created_at.date().isoformat() for _, envelope in told)
        closed = set(session.scalars(select(UsageReportRow.day).where(UsageReportRow.day.in_(sorted(by_day)))))
        open_days = Counter[str]()
        for day, units in by_day.items():
            open_days[today if day in closed else day] += units
        for day, units in sorted(open_days.items()):
            _add(session, day, unit, units)

    return count


def _add(session: Session, day: str, unit: Unit, units: int) -> None:
    u = UsageRow
    insert_new(session, u, {"day": day, "unit": unit.value, "units": 0}, unique=["day", "unit"])
    moved(session, update(u).where(u.day == day, u.unit == unit.value).values(units=u.units + units))
