"""Payments' whole lives, told shuffled, three times and up to three days late: the end is that of the same life told in order.

And with the shop's own clockwork running in between (holds that run out, looks at the provider, money sent back): whatever is lost or late,
in the end no order without money, and no money without an order or its way back.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import select, update

from app.demo.peers.stripe_books import Books, Doc
from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from offers.models import CouponRow
from storefront.balance import books
from storefront.catalog.models import ProductRow
from storefront.disputes.repository import lost_minor, of_order
from storefront.facade import Shop
from storefront.jobs import reconcile_orders
from storefront.payments.webhooks import receive
from storefront.points import ledger
from tests.conftest import START
from tests.storefront.floor import coupon, fill, lay_in, order, row, shelf, signed
from tests.storefront.payments.provider_stories import come_to_rest, kept_minor, live

Told = Callable[[str, object], None]
PIECES = 100_000
LATE_S = 3 * 86_400
FORWARD = {"pending": 0, "paid": 1, "refunded": 2, "cancelled": 1, "payment_failed": 1}
KINDS = {
    "payment_intent.created", "payment_intent.requires_action", "payment_intent.processing", "payment_intent.payment_failed", "payment_intent.succeeded",
    "payment_intent.canceled", "payment_intent.amount_capturable_updated", "charge.pending", "charge.succeeded", "charge.failed", "charge.captured",
    "charge.refunded", "refund.created", "charge.dispute.created", "charge.dispute.updated", "charge.dispute.funds_withdrawn", "charge.dispute.closed",
    "charge.dispute.funds_reinstated",
}  # fmt: skip


class Life:
    """One order and its payment, and what was told of them so far."""

    def __init__(self, shop: Shop, peer: StripePeer, number: int, who: str) -> None:
        assert isinstance(shop.database.clock, ManualClock)
        shop.database.clock.set_to(START)  # when coupons are good; those before it are at rest
        self.shop, self.peer, self.seen = shop, peer, ["pending"]
        shopper_id = f"shp_{who}_{number}"
        fill(shop, shopper_id, prd_bonbon=1 + number % 3)
        self.coupon_id = coupon(shop, shopper_id, f"mom_{who}_{number}", caps={"per_shopper": 1}) if number % 4 == 0 else None
        if self.coupon_id:
            lay_in(shop, self.coupon_id, shopper_id)
        self.order_id, payment = order(shop, f"{who}_{number}", shopper_id=shopper_id)
        assert payment is not None
        self.payment_id = payment.id

    def events(self) -> list[Doc]:
        """All that was told of this payment since the last time."""
        found, others = list[Doc](), list[Doc]()
        for event in self.peer.books.events:
            about = event["data"]["object"]
            (found if about.get("payment_intent", about["id"]) == self.payment_id else others).append(event)
        self.peer.books.events[:] = others
        return found

    def hear(self, event: Doc, at_s: float) -> None:
        """One delivery, signed then; the order has not gone backwards by it."""
        body, headers = signed(event, int(at_s))
        receive(self.shop, body, headers["Stripe-Signature"])
        self.look()

    def look(self) -> None:
        now = row(self.shop, self.order_id).state
        if now != self.seen[-1]:
            assert FORWARD[now] > FORWARD[self.seen[-1]], (*self.seen, now)
            assert self.seen[-1] not in ("cancelled", "payment_failed"), (*self.seen, now)
            self.seen.append(now)

    def end(self) -> tuple[object, ...]:
        found = row(self.shop, self.order_id)
        with self.shop.database.reading() as session:
            held = session.scalar(select(CouponRow.state).where(CouponRow.id == self.coupon_id))
        held = "hers" if held in ("issued", "expired") else held  # given back three days later it is over
        with self.shop.database.reading() as session:
            disputed = [(one.state, one.amount_minor) for one in of_order(session, self.order_id)]
            points = ledger.of_cause(session, self.order_id)
            assert books.drift(session) == {}
        return (found.state, found.close_reason, found.refund_state, found.refunded_minor, held, disputed, points)


@pytest.fixture
def big_shop(stripe_shop: Shop) -> Shop:
    with stripe_shop.database.transaction() as session:
        session.execute(update(ProductRow).where(ProductRow.id == "prd_bonbon").values(stock_units=PIECES))
    return stripe_shop


def shuffled(events: Sequence[Doc], chance: random.Random) -> Iterator[tuple[Doc, float]]:
    """Each three times, in any order, with how much later than the one before: three days in all."""
    tripled = [event for event in events for _ in range(3)]
    chance.shuffle(tripled)
    for event in tripled:
        yield event, chance.random() * LATE_S / max(1, len(tripled))


def disputes_of(provider: Books, payment_id: str) -> list[tuple[str, int]]:
    words = {"won": "won", "lost": "lost", "warning_closed": "closed"}
    return [(words[one["status"]], one["amount"]) for one in provider.disputes.values() if one["payment_intent"] == payment_id]


SIZES = [50, pytest.param(5_000, marks=[pytest.mark.full, pytest.mark.timeout(7200)])]


class TestHistories:
    @pytest.mark.parametrize("lives", SIZES)
    def test_told_anyhow_they_end_as_told_in_order(self, big_shop: Shop, peer: StripePeer, clock: ManualClock, lives: int, record_property: Told) -> None:
        """Found so, and each a bug that this fails on: an order that ended as failed or as cancelled depending on whether an earlier decline had
        been heard; money of a closed order that was owed back once more after it was back, because that it had come was heard later."""
        shop, kinds, ends = big_shop, Counter[str](), Counter[str]()
        for number in range(lives):
            orderly, anyhow = Life(shop, peer, number, "orderly"), Life(shop, peer, number, "anyhow")
            for one in (orderly, anyhow):
                live(peer.books, one.payment_id, number, steps=8)
            for event in orderly.events():
                orderly.hear(event, clock.now().timestamp())
                kinds[event["type"]] += 1
            for event, later_s in shuffled(anyhow.events(), random.Random(number)):
                clock.advance(later_s)
                anyhow.hear(event, clock.now().timestamp())
            assert anyhow.end() == orderly.end(), (number, orderly.seen, anyhow.seen)
            ends[orderly.seen[-1]] += 1
        assert lives < 100 or kinds.keys() >= KINDS
        record_property("proved", f"{lives} lives, {kinds.total()} events of {len(kinds)} kinds; ends {dict(ends)}")

    @pytest.mark.parametrize("lives", SIZES)
    def test_with_the_clockwork_running_money_and_orders_agree(self, big_shop: Shop, peer: StripePeer, clock: ManualClock, lives: int, record_property: Told) -> None:
        """Planted bugs this was seen to fail on: an order given up without asking the provider to refuse the money; stray money noted and never sent back."""
        shop, ends, lost, sold = big_shop, Counter[str](), 0, 0
        for number in range(lives):
            chance, one = random.Random(number), Life(shop, peer, number, "clockwork")
            for _ in range(4):  # it lives on while it is told
                live(peer.books, one.payment_id, chance.randrange(10**9), steps=2)
                told = list(shuffled(one.events(), chance))
                for n, (event, later_s) in enumerate(told):
                    clock.advance(later_s / 4)
                    if chance.random() < 0.5 and any(event is again for again, _ in told[n + 1 :]):  # it is told until it has been heard once
                        lost += 1
                    else:
                        one.hear(event, clock.now().timestamp())
                    if chance.random() < 0.2:
                        reconcile_orders(shop)
                        one.look()
            come_to_rest(peer.books, one.payment_id, number)
            for event in [e for e in one.events() if e["type"].startswith("charge.dispute.")]:
                one.hear(event, clock.now().timestamp())  # what a bank decides is told, and not found by asking
            for _ in range(4):
                clock.advance(shop.settings.look_again_s + shop.settings.hold_ttl_s)
                reconcile_orders(shop)
                one.look()
            found = row(shop, one.order_id)
            assert found.state != "pending", number
            with shop.database.reading() as session:
                gone = lost_minor(session, one.order_id)
                assert (books.drift(session), disputes_of(peer.books, one.payment_id)) == ({}, [(d.state, d.amount_minor) for d in of_order(session, one.order_id)])
            left = found.total_minor - found.refunded_minor - gone if found.state == "paid" else 0
            assert kept_minor(peer.books, one.payment_id) == left, (number, one.seen, found.close_reason, found.refund_state)
            assert found.refund_state in ("none", "done"), number
            if found.state in ("cancelled", "payment_failed") and found.refund_state == "done":  # it came against its promise, or too little
                assert found.close_reason == "amount_mismatch", (number, one.seen, found.close_reason)
            sold += 1 + number % 3 if found.state == "paid" else 0
            ends[found.state] += 1
        assert shelf(shop) == PIECES - sold
        record_property("proved", f"{lives} lives, {lost} deliveries lost; ends {dict(ends)}")
