"""What surveys do when something happens: a visit has ended, an order is paid, she agrees no more. Owns the subscriptions."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kernel.outbox import Envelope, Subscriptions
from app.privacy.contracts import ConsentChanged
from geofences.contracts import MomentDetected, MomentKind
from notifications.conversations import needs
from notifications.surveys import replying
from notifications.surveys.contracts import ShownAfter
from notifications.surveys.inviting import Inviter
from storefront.contracts import OrderPaid


def subscribe(subscriptions: Subscriptions, inviter: Inviter) -> None:
    """Called once by bootstrap."""

    def visited(session: Session, event: MomentDetected, _envelope: Envelope) -> None:
        inviter.invite(session, event.shopper_id, ShownAfter.VISIT, event.place_id, session.info["clock"].now())

    def bought(session: Session, event: OrderPaid, _envelope: Envelope) -> None:
        inviter.invite(session, event.shopper_id, ShownAfter.PURCHASE, None, session.info["clock"].now())

    def obey(session: Session, event: ConsentChanged, _envelope: Envelope) -> None:
        if event.purpose == needs.PURPOSE and not event.granted:
            replying.forget(session, event.shopper_id)

    subscriptions.on(MomentDetected, consumer="surveys.visited", handler=visited, about=lambda event: event.kind == MomentKind.LEFT)
    subscriptions.on(OrderPaid, consumer="surveys.bought", handler=bought)
    subscriptions.on(ConsentChanged, consumer="surveys.obey", handler=obey)
