"""Which events may change what a pass says: each asks for a look, and the look decides.

Owns the names of the consumers. As long as no wallet holds a pass, nothing is owed to them. Must not speak to the network.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.kernel.outbox import Envelope, Subscriptions
from app.privacy.contracts import ConsentChanged
from app.privacy.purposes import Purpose
from app.security import people
from app.security.devices.contracts import FreezeChanged
from notifications.passes import changes
from notifications.passes.keeping import ANY_HELD
from offers.contracts import CouponMoved

CONSUMER = "notifications.passes"


def subscribe(subscriptions: Subscriptions, wake: Callable[[], None]) -> None:
    """`wake` is called once the look is asked for."""

    def moved(session: Session, event: CouponMoved, _envelope: Envelope) -> None:
        _wake_if(session, changes.ask_of_coupon(session, event.coupon_id, session.info["clock"].now()))

    def agreed(session: Session, event: ConsentChanged, _envelope: Envelope) -> None:
        if Purpose(event.purpose) is Purpose.MARKETING_PUSH:
            _wake_if(session, changes.ask_of_shoppers(session, [event.shopper_id], session.info["clock"].now()))

    def frozen(session: Session, event: FreezeChanged, _envelope: Envelope) -> None:
        hers = {event.shopper_id, *people.same_person(session, event.shopper_id)}
        _wake_if(session, changes.ask_of_shoppers(session, hers, session.info["clock"].now()))

    def _wake_if(session: Session, asked: bool) -> None:
        if asked:
            session.info["after_commit"].append(wake)

    subscriptions.on(CouponMoved, consumer=CONSUMER, handler=moved, only_if=ANY_HELD)
    subscriptions.on(ConsentChanged, consumer=CONSUMER, handler=agreed, only_if=ANY_HELD)
    subscriptions.on(FreezeChanged, consumer=CONSUMER, handler=frozen, only_if=ANY_HELD)
