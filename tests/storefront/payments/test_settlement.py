"""Bringing orders to where their payments are: any order of statements, any number of times, one end."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from offers.models import IdentityHint
from storefront.contracts import ERASED
from storefront.facade import Shop
from storefront.orders.models import OrderRow
from storefront.payments.adapters.memory_gateway import MemoryGateway
from storefront.payments.ports import Payment, PaymentState
from storefront.payments.settlement import settle
from storefront.payments.webhooks import receive
from storefront.reasons import StorefrontReason
from tests.offers.builders import race
from tests.storefront.floor import coupon, coupon_state, events, fill, hook, lay_in, order, row, shelf, signed, state


def tell(shop: Shop, order_id: str, payment: Payment) -> str:
    with shop.database.transaction() as session:
        return settle(session, shop.coupons, order_id, payment, at=shop.now()).state


def placed(shop: Shop) -> tuple[str, Payment]:
    """Jane's order of two bonbons with her coupon, announced and not paid."""
    coupon_id = coupon(shop)
    fill(shop, prd_bonbon=2)
    lay_in(shop, coupon_id)
    order_id, payment = order(shop)
    assert payment is not None
    return order_id, payment


def as_(payment: Payment, state: PaymentState, *, received: int = 0, refunded: int = 0, decline: str | None = None) -> Payment:
    return Payment(payment.id, state, payment.amount_minor, received, refunded, payment.currency, payment.order_id, decline=decline)


class TestSettle:
    def test_paid_redeems_once(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        paid = as_(payment, PaymentState.SUCCEEDED, received=720)
        assert [tell(shop, order_id, paid) for _ in range(3)] == ["paid"] * 3
        assert (coupon_state(shop), shelf(shop), events(shop)) == ("redeemed", 8, ["order.placed", "order.paid"])
        assert events(shop, "coupon.redeemed") == ["coupon.redeemed"]

    def test_cancelled_puts_everything_back_once(self, shop: Shop) -> None:
        """Planted bug seen: `put_back` before the conditional UPDATE put the pieces back at each repeat (shelf 12)."""
        order_id, payment = placed(shop)
        gone = as_(payment, PaymentState.CANCELLED)
        assert [tell(shop, order_id, gone) for _ in range(3)] == ["cancelled"] * 3
        assert (coupon_state(shop), shelf(shop), events(shop)) == ("issued", 10, ["order.placed", "order.closed"])
        assert row(shop, order_id).close_reason == "provider_cancelled"

    def test_given_up_after_a_decline_is_payment_failed(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        assert tell(shop, order_id, as_(payment, PaymentState.NEEDS_METHOD, decline="insufficient_funds")) == "pending"
        assert row(shop, order_id).decline == "insufficient_funds"
        assert tell(shop, order_id, as_(payment, PaymentState.CANCELLED, decline="insufficient_funds")) == "payment_failed"
        assert (coupon_state(shop), shelf(shop)) == ("issued", 10)

    def test_a_paid_order_never_goes_backwards(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        tell(shop, order_id, as_(payment, PaymentState.SUCCEEDED, received=720))
        for late in (
            as_(payment, PaymentState.NEEDS_METHOD, decline="card_declined"), as_(payment, PaymentState.CANCELLED), as_(payment, PaymentState.PROCESSING),
        ):  # fmt: skip
            assert tell(shop, order_id, late) == "paid"
        assert (row(shop, order_id).decline, coupon_state(shop), shelf(shop)) == (None, "redeemed", 8)

    def test_a_refund_heard_before_the_payment(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        assert tell(shop, order_id, as_(payment, PaymentState.SUCCEEDED, received=720, refunded=720)) == "refunded"
        assert tell(shop, order_id, as_(payment, PaymentState.SUCCEEDED, received=720)) == "refunded"
        assert (coupon_state(shop), shelf(shop)) == ("issued", 10)
        assert events(shop) == ["order.placed", "order.paid", "order.closed"]
        assert (row(shop, order_id).close_reason, row(shop, order_id).refunded_minor) == ("refunded_at_provider", 720)

    def test_another_amount_pays_nothing_and_is_owed_back(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        assert tell(shop, order_id, as_(payment, PaymentState.SUCCEEDED, received=1)) == "cancelled"
        found = row(shop, order_id)
        assert (found.close_reason, found.refund_state, found.next_look_at) == ("amount_mismatch", "due", shop.now())
        assert (coupon_state(shop), shelf(shop), events(shop)) == ("issued", 10, ["order.placed", "order.closed"])

    def test_money_for_a_closed_order_is_owed_back(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        tell(shop, order_id, as_(payment, PaymentState.CANCELLED))
        assert tell(shop, order_id, as_(payment, PaymentState.SUCCEEDED, received=720)) == "cancelled"
        assert row(shop, order_id).refund_state == "due"
        assert tell(shop, order_id, as_(payment, PaymentState.SUCCEEDED, received=720, refunded=720)) == "cancelled"
        assert (row(shop, order_id).refund_state, row(shop, order_id).refunded_minor) == ("done", 720)

    def test_anothers_payment_is_passed_over(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        foreign = Payment("pi_foreign", PaymentState.SUCCEEDED, 720, 720, 0, "EUR", order_id)
        assert tell(shop, order_id, foreign) == "pending"
        assert row(shop, order_id).payment_id == payment.id

    def test_an_unknown_order_is_an_error(self, shop: Shop) -> None:
        with pytest.raises(LookupError):
            tell(shop, "ord_nobody", Payment("pi_1", PaymentState.SUCCEEDED, 1, 1, 0, "EUR", None))


class TestAnyOrder:
    """Planted bug seen: a rule that lets a decline or a cancellation speak to an order that is no longer pending never comes to rest."""

    def test_every_order_of_a_refunded_payments_statements(self, shop: Shop) -> None:
        """All 24 orders of open, declined, paid, refunded end refunded, with coupon and stock back."""
        for k, permutation in enumerate(itertools.permutations(range(4))):
            coupon_id = None if k else coupon(shop)
            fill(shop, prd_bonbon=2)
            if coupon_id:
                lay_in(shop, coupon_id)
            order_id, payment = order(shop, f"k{k}")
            assert payment is not None
            received = row(shop, order_id).total_minor
            statements = [
                as_(payment, PaymentState.NEEDS_METHOD),
                as_(payment, PaymentState.NEEDS_METHOD, decline="card_declined"),
                as_(payment, PaymentState.SUCCEEDED, received=received),
                as_(payment, PaymentState.SUCCEEDED, received=received, refunded=received),
            ]
            for index in permutation:
                tell(shop, order_id, statements[index])
                tell(shop, order_id, statements[index])
            assert state(shop, order_id) == "refunded"
            assert shelf(shop) == 10
        assert coupon_state(shop) == "issued"

    def test_real_histories_shuffled_tripled_and_late(self, stripe_shop: Shop, peer: StripePeer, clock: ManualClock) -> None:
        """Each branch at the peer, its events held back, then delivered shuffled and three times: the same end as in order."""
        shop, ends = stripe_shop, {"pay": "paid", "decline_pay": "paid", "challenge": "paid", "cancel": "cancelled", "refund": "refunded"}
        for seed, (story, end) in enumerate(ends.items()):
            peer.deliveries.send_to(hook(shop), "whsec_test_secret")
            peer.deliveries.hold()
            fill(shop, prd_bonbon=1)
            order_id, payment = order(shop, f"k-{story}")
            assert payment is not None
            act(peer, payment.id, story)
            clock.advance(3 * 86_400)  # three days late; the signature is of the day of delivery
            peer.deliveries.release(order=lambda e, seed=seed: random.Random(seed).sample(e, len(e)), copies=3)
            peer.deliveries.drain()
            assert (story, state(shop, order_id)) == (story, end)
        assert {status for _, status in peer.deliveries.log} == {200}
        assert shelf(shop) == 10 - 3


def act(peer: StripePeer, payment_id: str, story: str) -> None:
    """What happens at the provider without us: the browser pays, the shopper's bank asks, staff refunds at the dashboard."""
    books = peer.books
    with books.lock:
        if story == "cancel":
            books.cancel(payment_id, {})
            return
        if story == "decline_pay":
            with pytest.raises(Exception, match="declined"):
                books.confirm(payment_id, {"payment_method": "pm_card_chargeDeclined"})
        if story == "challenge":
            books.confirm(payment_id, {"payment_method": "pm_card_threeDSecure2Required"})
            books.authenticate(payment_id, passed=True)
            return
        books.confirm(payment_id, {"payment_method": "pm_card_visa"})
        if story == "refund":
            books.refund({"payment_intent": payment_id})


class TestRaces:
    def test_webhook_re_read_and_cancel_at_once(self, stripe_shop: Shop, peer: StripePeer, clock: ManualClock) -> None:
        """Planted bugs seen: `pay` without the state in its WHERE, and its effects before the UPDATE, announce the payment twice."""
        shop = stripe_shop
        order_id, payment = placed(shop)
        act(peer, payment.id, "pay")
        document = peer.books.events[-1]
        assert document["type"] == "payment_intent.succeeded"
        at_s = int(clock.now().timestamp())

        def by_webhook(copy: int) -> str:
            body, headers = signed({**document, "id": f"evt_{copy}"}, at_s)
            return receive(shop, body, headers["Stripe-Signature"])

        def by_re_read() -> str:
            return tell(shop, order_id, shop.gateway.read_payment(payment.id))

        def by_stale_statement() -> str:
            return tell(shop, order_id, as_(payment, PaymentState.NEEDS_METHOD, decline="card_declined"))

        results = race([lambda: by_webhook(1), lambda: by_webhook(1), lambda: by_webhook(2), by_re_read, by_re_read, by_stale_statement])
        assert not [r for r in results if isinstance(r, Exception)]
        assert (state(shop, order_id), coupon_state(shop), shelf(shop)) == ("paid", "redeemed", 8)
        assert events(shop) == ["order.placed", "order.paid"]

    def test_paid_or_closed_never_both(self, shop: Shop, gateway: MemoryGateway) -> None:
        """The provider's word decides; two contradicting statements at once leave one state and no lost piece."""
        order_id, payment = placed(shop)
        paid, gone = as_(payment, PaymentState.SUCCEEDED, received=720), as_(payment, PaymentState.CANCELLED)
        race([lambda: tell(shop, order_id, paid), lambda: tell(shop, order_id, gone)] * 3)
        end = (state(shop, order_id), coupon_state(shop), shelf(shop), row(shop, order_id).refund_state)
        assert end in {("paid", "redeemed", 8, "none"), ("cancelled", "issued", 10, "due")}
        assert gateway.read_payment(payment.id).received_minor == 0

    def test_the_reason_given_is_kept(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        with shop.database.transaction() as session:
            settle(session, shop.coupons, order_id, as_(payment, PaymentState.CANCELLED), at=shop.now(), close_reason=StorefrontReason.HOLD_EXPIRED)
        assert row(shop, order_id).close_reason == "hold_expired"


class TestTheSameCard:
    """Three accounts, three phones, one card: what the payment tells is heeded from then on."""

    def test_is_noted_as_a_hash_when_the_order_is_paid(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        paid = replace(as_(payment, PaymentState.SUCCEEDED, received=720), fingerprint="fp_of_jane")
        tell(shop, order_id, paid)
        with shop.database.reading() as session:
            hints = session.scalars(select(IdentityHint)).all()
            assert [(h.kind, h.shopper_id) for h in hints] == [("payment", row(shop, order_id).shopper_id)]
            assert "jane" not in hints[0].hash

    def test_not_before_it_is_paid_and_not_of_somebody_erased(self, shop: Shop) -> None:
        order_id, payment = placed(shop)
        tell(shop, order_id, replace(as_(payment, PaymentState.NEEDS_METHOD), fingerprint="fp_of_jane"))
        with shop.database.transaction() as session:
            session.get_one(OrderRow, order_id).shopper_id = ERASED
        tell(shop, order_id, replace(as_(payment, PaymentState.SUCCEEDED, received=720), fingerprint="fp_of_jane"))
        with shop.database.reading() as session:
            assert session.scalars(select(IdentityHint)).all() == []
