"""What the storefront does when something happened elsewhere: a shopper has come to a place, or it turns out that she had not, or she no longer lets us notice it;
and what follows from what was counted for her.

Owns the subscriptions of the room. Each handler runs in its own transaction beside its inbox row; a repeat does nothing.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kernel.outbox import Envelope, Subscriptions
from app.privacy import gate
from app.privacy.contracts import ConsentChanged
from app.privacy.purposes import Purpose
from app.security import people
from geofences.contracts import MomentDetected, MomentKind, MomentRetracted, VisitConfirmed
from storefront.collection import repository as collections
from storefront.contracts import LoyaltyCounted, OrderPaid
from storefront.loyalty import counting, repository, weighing
from storefront.orders import fetching
from storefront.reviews import repository as reviews
from storefront.settings import StorefrontSettings
from storefront.sharing import links, rewarding
from storefront.wishes import noticing
from storefront.wishes import repository as wishes

COMES = (MomentKind.STORE_VISIT, MomentKind.RETURN_VISIT, MomentKind.DWELL)
"""She is inside; who only passes by has not come."""


def subscribe(subscriptions: Subscriptions, settings: StorefrontSettings) -> None:
    """Called once by bootstrap."""

    def arrived(session: Session, event: MomentDetected, _envelope: Envelope) -> None:
        if event.kind in COMES:
            fetching.arrived(session, event.shopper_id, event.place_id, event.moment_id, at=session.info["clock"].now())

    def was_not(session: Session, event: MomentRetracted, _envelope: Envelope) -> None:
        collections.not_there(session, event.shopper_id, event.moment_id)

    def wished(session: Session, event: MomentDetected, _envelope: Envelope) -> None:
        noticing.came_in(session, event, at=session.info["clock"].now())

    def owed(session: Session, event: OrderPaid, _envelope: Envelope) -> None:
        rewarding.paid(session, event.order_id, settings, at=session.info["clock"].now())

    def unseen(session: Session, event: ConsentChanged, _envelope: Envelope) -> None:
        if event.purpose == Purpose.LOCATION and not event.granted:
            reviews.hide_visits(session, event.shopper_id)

    subscriptions.on(ConsentChanged, consumer="storefront.visits_unseen", handler=unseen, about=lambda event: event.purpose == Purpose.LOCATION and not event.granted)
    def came(session: Session, event: MomentDetected | MomentRetracted | VisitConfirmed, _envelope: Envelope) -> None:
        if _here(session, event.shopper_id):
            counting.visited(session, event.visit_id, event.shopper_id, at=session.info["clock"].now())

    def weigh(session: Session, event: LoyaltyCounted, _envelope: Envelope) -> None:
        if _here(session, event.shopper_id):
            weighing.weigh(session, event.shopper_id, at=session.info["clock"].now())

    subscriptions.on(MomentDetected, consumer="storefront.visited", handler=came, only_if=repository.ANY_PROGRAMME, about=_stayed)
    subscriptions.on(VisitConfirmed, consumer="storefront.visit_confirmed", handler=came, prompt=True, only_if=repository.ANY_PROGRAMME)
    subscriptions.on(MomentRetracted, consumer="storefront.not_visited", handler=came, only_if=repository.ANY_PROGRAMME)
    subscriptions.on(LoyaltyCounted, consumer="storefront.weigh", handler=weigh, prompt=True)
    subscriptions.on(MomentDetected, consumer="storefront.arrival", handler=arrived, prompt=True, only_if=collections.ANY_READY)
    subscriptions.on(MomentDetected, consumer="storefront.wishes", handler=wished, prompt=True, about=lambda event: event.kind in COMES, only_if=wishes.ANY)
    subscriptions.on(OrderPaid, consumer="storefront.referrals", handler=owed, only_if=links.ANY)
    subscriptions.on(MomentRetracted, consumer="storefront.not_arrived", handler=was_not, prompt=True, only_if=collections.ANY_READY)


def _here(session: Session, shopper_id: str) -> bool:
    """Her consents are held before it is asked: somebody may be erasing her."""
    gate.hold(session, (shopper_id,))
    return people.shopper_exists(session, shopper_id)


def _stayed(event: MomentDetected) -> bool:
    """Its end too: by then all that could confirm it has been heard."""
    return event.kind in (*COMES, MomentKind.LEFT)
