"""What the storefront does when something happened elsewhere: a shopper has come to a place, or it turns out that she had not, or she no longer lets us notice it.

Owns the subscriptions of the room. Each handler runs in its own transaction beside its inbox row; a repeat does nothing.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kernel.outbox import Envelope, Subscriptions
from app.privacy.contracts import ConsentChanged
from app.privacy.purposes import Purpose
from geofences.contracts import MomentDetected, MomentKind, MomentRetracted
from offers import facade as offers
from storefront.bookings import repository as bookings
from storefront.cash import claims
from storefront.collection import repository as collections
from storefront.contracts import OrderPaid, ShipmentMoved
from storefront.loyalty import handlers as loyalty
from storefront.orders import appointments, cash_taking, fetching
from storefront.reviews import repository as reviews
from storefront.settings import StorefrontSettings
from storefront.sharing import links, rewarding
from storefront.shipments import repository as shipments
from storefront.shipments.states import Failure, ShipmentState
from storefront.wishes import noticing
from storefront.wishes import repository as wishes

COMES = (MomentKind.STORE_VISIT, MomentKind.RETURN_VISIT, MomentKind.DWELL)
"""She is inside; who only passes by has not come."""


def subscribe(subscriptions: Subscriptions, settings: StorefrontSettings) -> None:
    """Called once by bootstrap."""

    def arrived(session: Session, event: MomentDetected, _envelope: Envelope) -> None:
        if event.kind in COMES:
            fetching.arrived(session, event.shopper_id, event.place_id, event.moment_id, at=session.info["clock"].now())

    def came(session: Session, event: MomentDetected, _envelope: Envelope) -> None:
        appointments.arrived(session, event.shopper_id, event.place_id, event.moment_id, at=session.info["clock"].now())

    def was_not(session: Session, event: MomentRetracted, _envelope: Envelope) -> None:
        collections.not_there(session, event.shopper_id, event.moment_id)

    def did_not_come(session: Session, event: MomentRetracted, _envelope: Envelope) -> None:
        bookings.not_there(session, event.shopper_id, event.moment_id)

    def wished(session: Session, event: MomentDetected, _envelope: Envelope) -> None:
        noticing.came_in(session, event, at=session.info["clock"].now())

    def owed(session: Session, event: OrderPaid, _envelope: Envelope) -> None:
        rewarding.paid(session, event.order_id, settings, at=session.info["clock"].now())

    def refused(session: Session, event: ShipmentMoved, _envelope: Envelope) -> None:
        parcel = shipments.found(session, event.shipment_id)
        if parcel is not None and parcel.why == Failure.REFUSED:
            cash_taking.refuse(session, offers, event.order_id, places=None, at=session.info["clock"].now())

    def unseen(session: Session, event: ConsentChanged, _envelope: Envelope) -> None:
        if event.purpose == Purpose.LOCATION and not event.granted:
            reviews.hide_visits(session, event.shopper_id)

    subscriptions.on(ConsentChanged, consumer="storefront.visits_unseen", handler=unseen, about=lambda event: event.purpose == Purpose.LOCATION and not event.granted)
    loyalty.subscribe(subscriptions)
    subscriptions.on(MomentDetected, consumer="storefront.arrival", handler=arrived, prompt=True, only_if=collections.ANY_READY)
    subscriptions.on(MomentDetected, consumer="storefront.booked_arrival", handler=came, prompt=True, about=lambda event: event.kind in COMES, only_if=bookings.ANY_BOOKED)
    subscriptions.on(MomentRetracted, consumer="storefront.booked_not_arrived", handler=did_not_come, prompt=True, only_if=bookings.ANY_BOOKED)
    subscriptions.on(MomentDetected, consumer="storefront.wishes", handler=wished, prompt=True, about=lambda event: event.kind in COMES, only_if=wishes.ANY)
    subscriptions.on(OrderPaid, consumer="storefront.referrals", handler=owed, only_if=links.ANY)
    subscriptions.on(ShipmentMoved, consumer="storefront.refused_at_door", handler=refused, prompt=True, about=lambda event: event.state == ShipmentState.FAILED, only_if=claims.ANY_OPEN)
    subscriptions.on(MomentRetracted, consumer="storefront.not_arrived", handler=was_not, prompt=True, only_if=collections.ANY_READY)
