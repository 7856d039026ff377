"""Which events analytics counts, and for whom: only those who agreed to be counted.

Owns the names of the consumers and the question of consent. Events may come in any order and twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.analytics import count
from app.analytics.count import Spot
from app.kernel.outbox import Envelope, Subscriptions
from app.privacy import gate
from app.privacy.purposes import Purpose
from geofences.contracts import MomentDetected, MomentRetracted
from notifications.contracts import MessageAnswered, PushSent, PushSuppressed
from offers import facade as offers
from offers.contracts import CouponIssued, CouponRedeemed, CouponReleased, DecisionRecorded
from storefront.contracts import OrderClosed, OrderPaid, OrderState

Note = Callable[[Session, Any, datetime], object]


def subscribe(subscriptions: Subscriptions) -> None:
    """Register every consumer of analytics."""
    notes: tuple[tuple[type[Any], Note], ...] = (
        (MomentDetected, _detected),
        (MomentRetracted, _retracted),
        (DecisionRecorded, _decided),
        (CouponIssued, _issued),
        (PushSent, _pushed),
        (PushSuppressed, _suppressed),
        (MessageAnswered, _answered),
        (CouponRedeemed, _redeemed),
        (CouponReleased, _released),
        (OrderPaid, _paid),
        (OrderClosed, _closed),
    )
    for event_class, note in notes:
        subscriptions.on(event_class, consumer="analytics.count", handler=_with_consent(note))


def _with_consent(note: Note) -> Callable[[Session, Any, Envelope], None]:
    def handle(session: Session, event: Any, _envelope: Envelope) -> None:
        now = session.info["clock"].now()
        if gate.may(session, event.shopper_id, Purpose.ANALYTICS, now).ok:
            note(session, event, now)

    return handle


def _spot(session: Session, coupon_id: str | None, shopper_id: str) -> Spot | None:
    """Which moment and campaign a coupon came from: asked of offers, so that no order of events matters."""
    found = offers.coupon(session, coupon_id, with_code=False) if coupon_id else None
    return Spot(found.moment_id, found.campaign_id, shopper_id) if found else None


def _detected(session: Session, event: MomentDetected, _now: datetime) -> None:
    count.reached(session, Spot(event.moment_id, "", event.shopper_id, event.place_id), "detected", event.detected_at)


def _retracted(session: Session, event: MomentRetracted, _now: datetime) -> None:
    count.forget_moment(session, event.moment_id)


def _decided(session: Session, event: DecisionRecorded, _now: datetime) -> None:
    spot = Spot(event.moment_id, event.campaign_id, event.shopper_id, event.place_id)
    count.reached(session, spot, "detected", event.decided_at)
    count.reached(session, spot, "offered" if event.outcome == "offer" else "withheld", event.decided_at)


def _issued(session: Session, event: CouponIssued, _now: datetime) -> None:
    count.reached(
        session, Spot(event.moment_id, event.campaign_id, event.shopper_id, event.place_id), "offered", event.issued_at
    )


def _pushed(session: Session, event: PushSent, _now: datetime) -> None:
    if spot := _spot(session, event.coupon_id, event.shopper_id):
        count.reached(session, spot, "pushed", event.sent_at)


def _suppressed(session: Session, event: PushSuppressed, _now: datetime) -> None:
    if spot := _spot(session, event.coupon_id, event.shopper_id):
        count.reached(session, spot, "suppressed", event.decided_at)


def _answered(session: Session, event: MessageAnswered, _now: datetime) -> None:
    if event.kind == "seen" and (spot := _spot(session, event.coupon_id, event.shopper_id)):
        count.reached(session, spot, "seen", event.answered_at)


def _redeemed(session: Session, event: CouponRedeemed, _now: datetime) -> None:
    if spot := _spot(session, event.coupon_id, event.shopper_id):
        count.redeemed(session, spot, event.redeemed_at, discount_minor=event.discount_minor, currency=event.currency)


def _released(session: Session, event: CouponReleased, _now: datetime) -> None:
    if spot := _spot(session, event.coupon_id, event.shopper_id):
        count.released(session, spot, event.released_at)


def _paid(session: Session, event: OrderPaid, _now: datetime) -> None:
    if spot := _spot(session, event.coupon_id, event.shopper_id):
        count.ordered(session, spot, event.paid_at, total_minor=event.total_minor, currency=event.currency)


def _closed(session: Session, event: OrderClosed, _now: datetime) -> None:
    if event.state == OrderState.REFUNDED and (spot := _spot(session, event.coupon_id, event.shopper_id)):
        count.refunded(session, spot, event.closed_at)
