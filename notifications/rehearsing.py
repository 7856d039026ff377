"""Made-up pushes for a benchmark: phones, and messages that fall due one after the other.

Owns laying them down and reading them back as they would be sent. Must not be used on a house that people use.
"""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.ids import derived_id
from app.privacy.consents import grant
from app.privacy.purposes import Purpose
from app.security import people
from app.security.contacts import facade as contacts
from notifications import compose, deliveries, dispatch, outgoing, tokens
from notifications.addresses import addresses_of
from notifications.contents import Content, contents_of, sealed
from notifications.contracts import ChannelKind
from notifications.models import Delivery, Message
from notifications.ports import PushGateway, PushRequest, TokenKind
from notifications.settings import NotificationSettings

LIFE = timedelta(hours=6)


def lay_down(database: Database, settings: NotificationSettings, *, phones: int, each: int, at: datetime) -> None:
    """`each` messages to every phone; the n-th of them is due n minutes after `at`."""
    for number in range(phones):
        with database.transaction() as session:
            phone = people.register_device(session, "bench", "android", at)
            grant(session, phone.shopper_id, Purpose.MARKETING_PUSH, source="bench", at=at)
            address = f"bench-address-{number:06d}:" + "A" * 140  # as long as those of FCM
            token_id = tokens.register(session, device_id=phone.device_id, shopper_id=phone.shopper_id, token=address, kind=TokenKind.TOKEN, at=at)
            for n in range(each):
                _queue(session, settings, phone, token_id, f"{number}_{n}", at, at + timedelta(minutes=n))


def _queue(session: Session, settings: NotificationSettings, phone: people.NewDevice, token_id: str, name: str, at: datetime, due_at: datetime) -> None:
    coupon_id = f"cpn_bench_{name}"
    message_id, expires_at = derived_id("msg", coupon_id), at + LIFE
    facts = compose.OfferFacts(message_id, coupon_id, f"vis_{name}", "Ooey Gooey Kamppi", "Bonbon of the month", "25 % off, today only", expires_at)
    said = compose.offer_message(facts, link_template=settings.link_template)
    assert isinstance(said, compose.Composed)
    message = Message(
        id=message_id, shopper_id=phone.shopper_id, kind="offer", state="live", reasons=[], coupon_id=coupon_id, campaign_id="cmp_bench", moment_id=f"mom_{name}",
        visit_id=f"vis_{name}", place_id=None, sealed=sealed(phone.shopper_id, message_id, Content(said.title, said.body, said.link)), collapse_key=said.collapse_key, weighed=[], said_at=at,
        created_at=at, expires_at=expires_at,
    )  # fmt: skip
    session.add(message)
    session.add(Delivery(**deliveries.values(message, ChannelKind.FCM, at, device_id=phone.device_id, token_id=token_id, due_at=due_at)))


def due(database: Database, channel: str) -> list[PushRequest]:
    """What would be handed to the provider now, nothing claimed."""
    at = database.clock.now()
    with database.reading() as session:
        waits = select(Delivery, Message).join(Message, Message.id == Delivery.message_id).where(Delivery.channel == channel, Delivery.state == "queued")
        rows = session.execute(waits.where(Delivery.next_attempt_at <= at).order_by(Delivery.id)).all()
        found = addresses_of(session, [delivery for delivery, _ in rows])
        said = contents_of([message for _, message in rows])
        words = contacts.words_of(session, {delivery.shopper_id for delivery, _ in rows})
        return [
            outgoing.request_for(delivery, message, said[message.id], address, words[delivery.shopper_id], at)
            for delivery, message in rows
            if (address := found[delivery.id]) is not None
        ]


def send_due(database: Database, gateway: PushGateway, settings: NotificationSettings, senders: Executor) -> None:
    """As the thread of the house does it, until nothing is due."""
    while dispatch.run_once(database, gateway, settings, senders):
        pass
