"""What the loyalty programme does when something happened elsewhere: a visit is told of, confirmed or taken back; something was counted; she agreed to be chosen for.

Owns its subscriptions. Nothing is owed to it while there is no programme.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kernel.outbox import Envelope, Subscriptions
from app.privacy import gate
from app.privacy.contracts import ConsentChanged
from app.privacy.purposes import Purpose
from app.security import people
from geofences.contracts import MomentDetected, MomentKind, MomentRetracted, TrustLevel, VisitConfirmed
from storefront.contracts import LoyaltyCounted
from storefront.loyalty import counting, weighing
from storefront.loyalty.repository import ANY_PROGRAMME

STAYED = (MomentKind.STORE_VISIT, MomentKind.RETURN_VISIT, MomentKind.DWELL, MomentKind.LEFT)
"""The end of a visit too: by then all that could confirm it has been heard."""
TIER_TOLD_BY = (Purpose.PERSONALISATION, Purpose.ANALYTICS)
"""With one of these her tier is told to those who choose offers."""


def may_count(event: MomentDetected) -> bool:
    """What nothing confirms counts for nothing, and a visit that is confirmed later says so itself; its end is looked at in any case, for what has counted and should not have."""
    return event.kind == MomentKind.LEFT or (event.kind in STAYED and event.trust != TrustLevel.CLAIMED)


def subscribe(subscriptions: Subscriptions) -> None:
    """Called once by the room's own."""

    def came(session: Session, event: MomentDetected | MomentRetracted | VisitConfirmed, _envelope: Envelope) -> None:
        if _here(session, event.shopper_id):
            counting.visited(session, event.visit_id, event.shopper_id, at=session.info["clock"].now())

    def weigh(session: Session, event: LoyaltyCounted, _envelope: Envelope) -> None:
        if _here(session, event.shopper_id):
            weighing.weigh(session, event.shopper_id, at=session.info["clock"].now())

    def agreed(session: Session, event: ConsentChanged, _envelope: Envelope) -> None:
        weighing.weigh_known(session, event.shopper_id, at=session.info["clock"].now())

    subscriptions.on(MomentDetected, consumer="storefront.visited", handler=came, only_if=ANY_PROGRAMME, about=may_count)
    subscriptions.on(VisitConfirmed, consumer="storefront.visit_confirmed", handler=came, prompt=True, only_if=ANY_PROGRAMME)
    subscriptions.on(MomentRetracted, consumer="storefront.not_visited", handler=came, only_if=ANY_PROGRAMME)
    subscriptions.on(LoyaltyCounted, consumer="storefront.weigh", handler=weigh, prompt=True)
    subscriptions.on(ConsentChanged, consumer="storefront.tell_tier", handler=agreed, only_if=ANY_PROGRAMME, about=lambda event: event.purpose in TIER_TOLD_BY)


def _here(session: Session, shopper_id: str) -> bool:
    """Her consents are held before it is asked: somebody may be erasing her."""
    gate.hold(session, (shopper_id,))
    return people.shopper_exists(session, shopper_id)
