"""Which events analytics counts, and for whom: only those who agreed to be counted.

Owns the names of the consumers and the question of consent. Events may come in any order and twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.analytics import count
from app.analytics.count import Spot, Step
from app.kernel.outbox import Envelope, Subscriptions
from app.privacy import gate
from app.privacy.purposes import Purpose
from geofences.contracts import MomentDetected, MomentRetracted
from notifications.contracts import MessageAnswered, PushSent, PushSuppressed
from offers import facade as offers
from offers.contracts import CouponIssued, CouponRedeemed, CouponReleased, DecisionRecorded, MomentDecided
from storefront.contracts import OrderClosed, OrderPaid, OrderState

Note = Callable[[Session, Any, datetime], object]
Steps = Callable[[Session, Sequence[Any]], list[Step]]


def subscribe(subscriptions: Subscriptions) -> None:
    """Register every consumer of analytics."""
    by_the_hundred: tuple[tuple[type[Any], Steps], ...] = (
        (MomentDetected, _detected),
        (MomentDecided, _decided),
        (DecisionRecorded, _decided_alone),
        (CouponIssued, _issued),
        (PushSent, _pushed),
        (PushSuppressed, _suppressed),
        (MessageAnswered, _answered),
    )
    notes: tuple[tuple[type[Any], Note], ...] = (
        (MomentRetracted, _retracted),
        (CouponRedeemed, _redeemed),
        (CouponReleased, _released),
        (OrderPaid, _paid),
        (OrderClosed, _closed),
    )
    for event_class, steps in by_the_hundred:
        subscriptions.on_many(event_class, consumer="analytics.count", handler=_counting(steps))
    for event_class, note in notes:
        subscriptions.on(event_class, consumer="analytics.count", handler=_with_consent(note))


def _with_consent(note: Note) -> Callable[[Session, Any, Envelope], None]:
    def handle(session: Session, event: Any, _envelope: Envelope) -> None:
        now = session.info["clock"].now()
        if gate.may(session, event.shopper_id, Purpose.ANALYTICS, now).ok:
            note(session, event, now)

    return handle


def _counting(steps: Steps) -> Callable[[Session, Sequence[tuple[Any, Envelope]]], None]:
    """As `_with_consent`, for many at once."""

    def handle(session: Session, told: Sequence[tuple[Any, Envelope]]) -> None:
        verdicts = gate.may_many(session, {event.shopper_id for event, _ in told}, Purpose.ANALYTICS, session.info["clock"].now())
        count.reached_all(session, steps(session, [event for event, _ in told if verdicts[event.shopper_id].ok]))

    return handle


def _spot(session: Session, coupon_id: str | None, shopper_id: str) -> Spot | None:
    """Which moment and campaign a coupon came from: asked of offers, so that no order of events matters."""
    return _spots(session, [(coupon_id, shopper_id)])[0]


def _spots(session: Session, whose: Sequence[tuple[str | None, str]]) -> list[Spot | None]:
    """`_spot` of each (coupon, shopper)."""
    wanted = {coupon_id for coupon_id, _ in whose if coupon_id}
    found = offers.coupon_origins(session, wanted) if wanted else {}
    return [Spot(*found[coupon_id], shopper_id) if coupon_id in found else None for coupon_id, shopper_id in whose]


def _steps(session: Session, events: Sequence[Any], stage: str, at: Callable[[Any], datetime]) -> list[Step]:
    spots = _spots(session, [(event.coupon_id, event.shopper_id) for event in events])
    return [Step(spot, stage, at(event)) for event, spot in zip(events, spots, strict=True) if spot is not None]


def _detected(_session: Session, events: Sequence[MomentDetected]) -> list[Step]:
    return [Step(Spot(event.moment_id, "", event.shopper_id, event.place_id), "detected", event.detected_at) for event in events]


def _retracted(session: Session, event: MomentRetracted, _now: datetime) -> None:
    count.forget_moment(session, event.moment_id)


def _decided(session: Session, events: Sequence[MomentDecided]) -> list[Step]:
    return _decided_alone(session, [one for event in events for one in event.each()])


def _decided_alone(_session: Session, events: Sequence[DecisionRecorded]) -> list[Step]:
    """Also as releases before 0.2 left it in the outbox."""
    spots = [Spot(event.moment_id, event.campaign_id, event.shopper_id, event.place_id) for event in events]
    stages = ["offered" if event.outcome == "offer" else "withheld" for event in events]
    return [Step(spot, each, event.decided_at) for event, spot, stage in zip(events, spots, stages, strict=True) for each in ("detected", stage)]


def _issued(_session: Session, events: Sequence[CouponIssued]) -> list[Step]:
    return [Step(Spot(event.moment_id, event.campaign_id, event.shopper_id, event.place_id), "offered", event.issued_at) for event in events]


def _pushed(session: Session, events: Sequence[PushSent]) -> list[Step]:
    return _steps(session, events, "pushed", lambda event: event.sent_at)


def _suppressed(session: Session, events: Sequence[PushSuppressed]) -> list[Step]:
    return _steps(session, events, "suppressed", lambda event: event.decided_at)


def _answered(session: Session, events: Sequence[MessageAnswered]) -> list[Step]:
    return _steps(session, [event for event in events if event.kind == "seen"], "seen", lambda event: event.answered_at)


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
