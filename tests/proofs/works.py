"""The pieces of work that are killed: what is done, what must hold afterwards, and what finishes it.

Each is done on things of its own, so that any number of them go on side by side.
"""

from __future__ import annotations

import json
import time
from typing import Any

from sqlalchemy import select

from app.demo.peers.stripe_deliveries import signature_header
from app.kernel.ids import new_id
from app.kernel.outbox import emit
from geofences.contracts import MomentDetected
from offers import facade as offers
from offers.contracts import CouponView
from offers.models import CouponRow, Redemption
from storefront.orders.models import OrderRow
from tests.offers.builders import moment
from tests.proofs.rig import Rig, check_out, lay_in, scan
from tests.proofs.wire import Answer, Asked, Lost, Wire, ask
from tests.storefront.floor import WEBHOOK_SECRET


def try_to(rig: Rig, asked: Asked) -> Answer | None:
    """The answer, or None when none came."""
    try:
        with Wire(rig.url) as wire:
            return wire.ask(asked)
    except (Lost, OSError):
        return None


def state_of(rig: Rig, coupon: CouponView) -> str:
    with rig.database.reading() as session:
        return session.scalars(select(CouponRow.state).where(CouponRow.id == coupon.id)).one()


def redeemable_once(rig: Rig, coupon: CouponView) -> None:
    clerk = rig.clerk()
    with Wire(rig.url) as wire:
        assert [wire.ask(scan(coupon, clerk)).code for _ in range(2)] == ["201", "coupon_already_redeemed"]


class Work:
    """`do` may be killed; `after` holds as soon as a server runs again, `again` finishes it.

    `scopes` are what it sets in motion, the first of them the work itself: in each the process is killed at every point.
    """

    scopes: tuple[str, ...] = ()
    campaigns: tuple[dict[str, Any], ...] = ({},)
    """What it needs to be live, as `Rig.campaign` and `Rig.beside` take it."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.key = rig, new_id("key")
        self.answer: Answer | None = None

    def asked(self) -> Asked:
        raise NotImplementedError

    def do(self) -> None:
        self.answer = try_to(self.rig, self.asked())

    def after(self) -> None:
        raise NotImplementedError

    def again(self) -> None:
        raise NotImplementedError


class Redeem(Work):
    scopes = ("POST /v1/till/redemptions", "claim", "analytics.count coupon.redeemed")

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self.coupon, self.clerk = rig.coupon(), rig.clerk()

    def asked(self) -> Asked:
        return scan(self.coupon, self.clerk, self.key)

    def after(self) -> None:
        assert state_of(self.rig, self.coupon) in (("redeemed",) if self.answer else ("issued", "redeemed"))

    def again(self) -> None:
        with Wire(self.rig.url) as wire:
            repeated, other = wire.ask(self.asked()), wire.ask(scan(self.coupon, self.clerk))
        assert (repeated.code, other.code) == ("201", "coupon_already_redeemed")
        if self.answer is not None:
            assert repeated.json == self.answer.json


class Undo(Work):
    scopes = ("POST /v1/till/redemptions/red", "claim", "analytics.count coupon.released")

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self.coupon, self.clerk = rig.coupon(), rig.clerk(new_id("Maria"))  # another each time: nobody undoes sixty times an hour
        with Wire(rig.url) as wire:
            self.redemption_id = wire.ask(scan(self.coupon, self.clerk)).json["redemption_id"]

    def asked(self) -> Asked:
        return Asked("POST", f"/v1/till/redemptions/{self.redemption_id}/undo", None, self.clerk | {"Idempotency-Key": self.key})

    def after(self) -> None:
        assert state_of(self.rig, self.coupon) in (("issued",) if self.answer else ("issued", "redeemed"))

    def again(self) -> None:
        with Wire(self.rig.url) as wire:
            assert wire.ask(self.asked()).status == 200
        redeemable_once(self.rig, self.coupon)


class Order(Work):
    """What checkout and webhook have in common: a shopper with coupons in her cart, and her one order."""

    paid_minor = 720

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self.shopper_id, self.shopper = rig.shopper()
        self.coupons = self.given()
        lay_in(rig, self.shopper, *self.coupons)

    def given(self) -> list[CouponView]:
        return [self.rig.coupon(self.shopper_id)]

    def orders(self) -> list[tuple[str, str]]:
        with self.rig.database.reading() as session:
            rows = session.execute(select(OrderRow.id, OrderRow.state).where(OrderRow.shopper_id == self.shopper_id)).all()
        return [(row.id, row.state) for row in rows]

    def paid_once(self) -> None:
        [(order_id, state)] = self.orders()
        assert state == "paid"
        charged = [i["amount_received"] for i in self.rig.peer.books.intents.values() if i["metadata"].get("order_id") == order_id]
        assert sum(charged) == self.paid_minor
        for coupon in self.coupons:
            with self.rig.database.reading() as session:
                assert len(session.scalars(select(Redemption).where(Redemption.coupon_id == coupon.id)).all()) == 1
            assert state_of(self.rig, coupon) == "redeemed"
            assert ask(self.rig.url, "POST", "/v1/till/redemptions", {"code": coupon.code}, **self.rig.clerk()).code == "coupon_already_redeemed"


class Checkout(Order):
    scopes = ("POST /v1/checkout", "claim", "analytics.count order.paid", "analytics.count coupon.redeemed")

    def asked(self) -> Asked:
        return check_out(self.shopper, self.key, "pm_card_visa")

    def after(self) -> None:
        orders = self.orders()
        assert len(orders) <= 1
        if self.answer is not None:
            assert orders == [(self.answer.json["detail"]["order"]["id"], "paid")]

    def again(self) -> None:
        """At once: nobody waits for the lease of a process that is dead."""
        with Wire(self.rig.url) as wire:
            assert wire.ask(self.asked()).status == 201
        self.paid_once()


class CheckoutOfTwo(Checkout):
    """Two coupons that lie on one cart, each of a campaign of its own: both are used, or neither."""

    campaigns = ({"stacking": {"combinable": True}}, {"stacking": {"combinable": True}, "caps": {"per_shopper": 1}, "priority": 1, "benefit": {"kind": "amount", "amount_minor": 100}})
    paid_minor = 620

    def given(self) -> list[CouponView]:
        return [self.rig.coupon(self.shopper_id), self.rig.coupon(self.shopper_id)]

    def after(self) -> None:
        super().after()
        assert len({state_of(self.rig, coupon) for coupon in self.coupons}) == 1


class Webhook(Order):
    scopes = ("POST /v1/webhooks/stripe", "claim", "analytics.count order.paid", "analytics.count coupon.redeemed")

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        with Wire(rig.url) as wire:
            payment_id = wire.ask(check_out(self.shopper, self.key)).json["payment"]["payment_id"]
        rig.peer.books.confirm(payment_id, {"payment_method": "pm_card_visa"})
        self.event = next(e for e in rig.peer.books.events if e["type"] == "payment_intent.succeeded" and e["data"]["object"]["id"] == payment_id)

    def asked(self) -> Asked:
        body = json.dumps(self.event).encode()
        return Asked("POST", "/v1/webhooks/stripe", body, {"Stripe-Signature": signature_header(body, WEBHOOK_SECRET, int(time.time()))})

    def after(self) -> None:
        [(_, state)] = self.orders()
        assert state in (("paid",) if self.answer else ("pending", "paid"))

    def again(self) -> None:
        with Wire(self.rig.url) as wire:
            assert [wire.ask(self.asked()).status for _ in range(2)] == [200, 200]  # the provider tells it again, and again
        self.paid_once()


class Issue(Work):
    scopes = ("offers.decide moment.detected", "claim", "notifications.announce coupon.issued", "analytics.count coupon.issued")

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self.shopper_id, _ = rig.shopper()
        self.moment = moment(new_id("mom"), self.shopper_id, at=rig.now)

    def do(self) -> None:
        m = self.moment
        event = MomentDetected(m.id, str(m.kind), m.shopper_id, m.device_id, m.place_id, m.visit_id, m.occurred_at, m.occurred_at, 0, 1, 0.9, str(m.trust))
        with self.rig.database.transaction() as session:
            emit(session, event, subject=m.shopper_id)

    def after(self) -> None:
        """Nobody does anything: what the dead process had claimed has been taken up by the next."""
        with self.rig.database.reading() as session:
            [self.coupon] = [c for c in offers.wallet(session, self.shopper_id, self.rig.now) if c.moment_id == self.moment.id]

    def again(self) -> None:
        redeemable_once(self.rig, self.coupon)


WORKS: tuple[type[Work], ...] = (Redeem, Undo, Checkout, CheckoutOfTwo, Webhook, Issue)
