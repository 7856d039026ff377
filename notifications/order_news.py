"""How far her order is: said once for each step, in her inbox with the order's page behind it, and on her phones if she wants that.

Owns the step from an event of the storefront to a message. It is no marketing: the inbox shows it as a part of the order, her phones are told by a
consent of its own (*News of your orders*), and no cap counts it. By night it is in the inbox and the phone waits for the morning. What is over by the
time it could be told is not told. Must not send: dispatch does, and asks for that consent again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.kernel import languages
from app.kernel.db import insert_new
from app.kernel.ids import derived_id
from app.kernel.verdict import Fail, Verdict
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import people
from geofences import facade as geofences
from notifications import compose, contents, policy, preferences, queueing, repository, told, weighing
from notifications.composing import Words
from notifications.contracts import ChannelKind
from notifications.models import ORDER, Message
from notifications.phrases import say, titled
from notifications.policy import Rule
from notifications.quiet import quiet_until
from notifications.reasons import NotificationReason as Reason
from notifications.settings import NotificationSettings
from offers.contracts import Way
from storefront import facade as storefront
from storefront.contracts import OrderPicked, OrderState, ShipmentMoved, memberships

LIFE = timedelta(days=30)
"""So long it stays in the inbox, where nothing ends it before."""
MEMBERSHIP = "/m/membership"
TOLD_OF = frozenset({"handed_over", "out_for_delivery", "delivered", "failed"})
"""What she is told of a parcel: not that it is packed, nor that it is back at the store."""


@dataclass(frozen=True, slots=True)
class News:
    """`step` names what has happened to it, once each; `facts` are put into its words. `place_id`: whose clock is asked for quiet hours beside hers. `page`: where it is
    read on; that of orders is followed by the order."""

    shopper_id: str
    order_id: str
    step: str
    key: str
    facts: dict[str, str]
    expires_at: datetime
    place_id: str | None = None
    page: str = "/m/orders/"
    why: Reason = Reason.ORDER_MOVED_ON


@dataclass(frozen=True, slots=True)
class OrderTeller:
    """`channels` can be sent on from here. `wake_streams` and `wake_dispatch` run after the commit."""

    settings: NotificationSettings
    channels: Collection[ChannelKind]
    wake_streams: Callable[[str], None]
    wake_dispatch: Callable[[], None]

    def ready(self, session: Session, event: OrderPicked, at: datetime) -> bool:
        """It waits for her at the store. False: not any more, she is gone, or it was told before."""
        order = storefront.order(session, event.order_id)
        waits = order is not None and order.order.state in (OrderState.PAID, OrderState.CONFIRMED) and not order.refund_due and order.collection is not None and order.collection.state == "ready"
        if order is None or order.collection is None or not waits or event.ready_until <= at:
            return False
        place = geofences.place(session, event.place_id)
        until = event.ready_until.astimezone(ZoneInfo(place.timezone if place is not None else self.settings.default_zone))
        language = preferences.language_of(session, event.shopper_id)
        facts = {"place": order.collection.place_name, "until": languages.date(until.date(), language, "long")}
        return self.tell(session, News(event.shopper_id, event.order_id, "ready", "order.ready", facts, event.ready_until, event.place_id), at)

    def moved(self, session: Session, event: ShipmentMoved, at: datetime) -> bool:
        """A parcel of hers came a step further. False: nothing she is told, it is farther by now, or it was told before."""
        order = storefront.order(session, event.order_id)
        parcel = next((one for one in order.shipments if one.id == event.shipment_id), None) if order is not None else None
        if order is None or order.delivery is None or parcel is None or parcel.state != event.state or event.state not in TOLD_OF:
            return False
        language = preferences.language_of(session, event.shopper_id)
        facts, key = {"carrier": parcel.carrier}, f"order.{event.state}"
        if event.state == "out_for_delivery" and parcel.expected_at is not None:
            when = parcel.expected_at.astimezone(ZoneInfo(order.delivery.timezone))
            facts, key = facts | {"when": f"{languages.date(when.date(), language)}, {languages.time(when, language)}"}, "order.expected"
        if parcel.why is not None and parcel.proof == "left":
            facts, key = facts | {"where": say(f"order.where.{parcel.why}", language)}, "order.left"
        elif parcel.why is not None:
            facts |= {"why": say(f"order.why.{parcel.why}", language)}
        return self.tell(session, News(event.shopper_id, event.order_id, f"{parcel.id}.{event.state}", key, facts, at + LIFE), at)

    def unpaid(self, session: Session, event: memberships.MembershipPaymentFailed, at: datetime) -> bool:
        """A payment of her membership failed. False: it is paid by now or over, or it was told before."""
        found = storefront.memberships(session, event.shopper_id, at=at).membership
        if found is None or found.id != event.membership_id or found.state != "past_due":
            return False
        language = preferences.language_of(session, event.shopper_id)
        until = event.gives_until.astimezone(ZoneInfo(self.settings.default_zone))
        facts = {"plan": found.plan_name, "until": languages.date(until.date(), language, "long")}
        return self.tell(session, News(event.shopper_id, event.membership_id, f"unpaid.{event.invoice_id}", "membership.unpaid", facts, at + LIFE, page=MEMBERSHIP, why=Reason.MEMBERSHIP_TURNED), at)

    def over(self, session: Session, event: memberships.MembershipEnded, at: datetime) -> bool:
        """Her membership ended because it was not paid. False: by her own wish, or it was told before."""
        if event.reason != "membership_unpaid":
            return False
        return self.tell(session, News(event.shopper_id, event.membership_id, "over", "membership.over", {}, at + LIFE, page=MEMBERSHIP, why=Reason.MEMBERSHIP_TURNED), at)

    def tell(self, session: Session, news: News, at: datetime) -> bool:
        """Whether it was said now; a second time it is not."""
        gate.hold(session, (news.shopper_id,))  # before it is asked whether she is here: somebody may be erasing her
        if not people.shopper_exists(session, news.shopper_id):
            return False
        own_zone = repository.take_turn(session, news.shopper_id, at)
        consent = gate.may(session, news.shopper_id, Purpose.ORDER_NEWS, at)
        morning = quiet_until(self.settings.policy().quiet, weighing.zones_of(session, self.settings, news.place_id, own_zone), at)
        row = self._row(news, preferences.language_of(session, news.shopper_id), consent, at)
        if not insert_new(session, Message, row, unique=["id"]):
            return False
        self._queue(session, Message(**row), consent, morning or row["expires_at"], at)
        return True

    def _row(self, news: News, language: str, consent: Verdict, at: datetime) -> dict[str, Any]:
        message_id = message_id_of(news.order_id, news.step)
        title, body = compose.fitted(*titled(news.key, language, **news.facts))
        texts = told.kept(Words(language, title, body), (Way.PUSH,))
        weighed = [Rule(True, news.why.value, {"step": news.step}), policy.rule(Reason.ORDER_NEWS_WELCOME, consent, {})]
        return {
            "id": message_id, "shopper_id": news.shopper_id, "kind": ORDER, "state": "live", "reasons": [], "place_id": news.place_id,
            "sealed": contents.sealed(news.shopper_id, message_id, contents.Content(title, body, _page(news), texts)),
            "collapse_key": compose.collapse_key(news.order_id, message_id), "value_minor": 0, "weighed": repository.recorded(weighed), "kept_from": at,
            "created_at": at, "expires_at": news.expires_at,
        }  # fmt: skip

    def _queue(self, session: Session, message: Message, consent: Verdict, due_at: datetime, at: datetime) -> None:
        """In the inbox now; to each phone and browser that can be reached from here when it is not quiet there, or with the reason why not."""
        queueing.in_inbox(session, message, at)
        if isinstance(consent, Fail):
            queueing.on_phones(session, message, self.channels, at, state="suppressed", reasons=(str(consent.reason),))
        else:
            queueing.on_phones(session, message, self.channels, at, reasons=(Reason.QUIET_HOURS,) if due_at > at else (), due_at=due_at)
        shopper_id = message.shopper_id
        session.info["after_commit"] += [lambda: self.wake_streams(shopper_id), self.wake_dispatch]


def _page(news: News) -> str:
    return news.page if news.page == MEMBERSHIP else f"{news.page}{news.order_id}"


def message_id_of(order_id: str, step: str) -> str:
    """One for each step of an order: it cannot be said twice."""
    return derived_id("msg", ORDER, order_id, step)
