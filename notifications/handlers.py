"""Which events notifications listens to, and what it does then.

Owns the names of the consumers. Each handler runs in the relay's transaction, with the inbox row that keeps it from happening
twice. Must not speak to the network.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.kernel.outbox import Envelope, Subscriptions
from app.privacy.contracts import ConsentChanged
from app.privacy.purposes import Purpose, no_consent
from geofences.contracts import MomentDetected, MomentKind, MomentRetracted
from notifications import booking_news, cancel
from notifications.announce import Announcer
from notifications.contracts import ChannelKind
from notifications.models import SERVICE
from notifications.order_news import TOLD_OF, OrderTeller
from notifications.settings import NotificationSettings
from notifications.wish_news import WishTeller
from offers.contracts import CouponIssued
from storefront.contracts import OrderPicked, ShipmentMoved, WishMatched, bookings, memberships


def subscribe(subscriptions: Subscriptions, announcer: Announcer, teller: OrderTeller, wishes: WishTeller, settings: NotificationSettings) -> None:
    """Register every consumer of this room."""

    def announce(session: Session, told: Sequence[tuple[CouponIssued, Envelope]]) -> None:
        announcer.announce(session, [event for event, _ in told], session.info["clock"].now())

    def ready(session: Session, event: OrderPicked, _envelope: Envelope) -> None:
        teller.ready(session, event, session.info["clock"].now())

    def shipped(session: Session, event: ShipmentMoved, _envelope: Envelope) -> None:
        teller.moved(session, event, session.info["clock"].now())

    def found(session: Session, event: WishMatched, _envelope: Envelope) -> None:
        wishes.tell(session, event, session.info["clock"].now())

    def leave(session: Session, event: MomentDetected, _envelope: Envelope) -> None:
        if event.kind == MomentKind.LEFT and settings.cancel_on_exit:
            cancel.on_exit(session, event.visit_id, session.info["clock"].now())

    def retract(session: Session, event: MomentRetracted, _envelope: Envelope) -> None:
        cancel.on_retraction(session, event.moment_id, session.info["clock"].now())

    def obey(session: Session, event: ConsentChanged, _envelope: Envelope) -> None:
        purpose = Purpose(event.purpose)
        if not event.granted and (kinds := [kind for kind, its in SERVICE.items() if its is purpose]):
            cancel.on_service_declined(session, event.shopper_id, kinds, no_consent(purpose), session.info["clock"].now())
        if not event.granted and (channels := [kind.value for kind in ChannelKind if kind.purpose is purpose]):
            cancel.on_consent_withdrawn(session, event.shopper_id, channels, no_consent(purpose), session.info["clock"].now())

    subscriptions.on_few(CouponIssued, consumer="notifications.announce", handler=announce)
    subscriptions.on(OrderPicked, consumer="notifications.order_news", handler=ready, prompt=True)
    subscriptions.on(ShipmentMoved, consumer="notifications.parcel_news", handler=shipped, prompt=True, about=lambda event: event.state in TOLD_OF)
    _of_memberships(subscriptions, teller)
    _of_bookings(subscriptions, teller)
    subscriptions.on(WishMatched, consumer="notifications.wish_news", handler=found, prompt=True)
    subscriptions.on(MomentDetected, consumer="notifications.leave", handler=leave, about=lambda event: event.kind == MomentKind.LEFT)
    subscriptions.on(MomentRetracted, consumer="notifications.retract", handler=retract, prompt=True)
    subscriptions.on(ConsentChanged, consumer="notifications.obey", handler=obey)


def _of_bookings(subscriptions: Subscriptions, teller: OrderTeller) -> None:
    def booked(session: Session, event: bookings.BookingConfirmed, _envelope: Envelope) -> None:
        booking_news.booked(teller, session, event, session.info["clock"].now())

    def near(session: Session, event: bookings.BookingNeared, _envelope: Envelope) -> None:
        booking_news.near(teller, session, event, session.info["clock"].now())

    subscriptions.on(bookings.BookingConfirmed, consumer="notifications.booked", handler=booked, prompt=True)
    subscriptions.on(bookings.BookingNeared, consumer="notifications.booking_near", handler=near)


def _of_memberships(subscriptions: Subscriptions, teller: OrderTeller) -> None:
    def unpaid(session: Session, event: memberships.MembershipPaymentFailed, _envelope: Envelope) -> None:
        teller.unpaid(session, event, session.info["clock"].now())

    def over(session: Session, event: memberships.MembershipEnded, _envelope: Envelope) -> None:
        teller.over(session, event, session.info["clock"].now())

    subscriptions.on(memberships.MembershipPaymentFailed, consumer="notifications.membership_unpaid", handler=unpaid)
    subscriptions.on(memberships.MembershipEnded, consumer="notifications.membership_over", handler=over)
