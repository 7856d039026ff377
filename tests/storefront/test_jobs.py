"""The reconciler: unpaid orders come to an end, whoever forgot to tell us, and nothing stays held."""

from __future__ import annotations

import pytest

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from offers.facade import expire_due
from storefront.errors import GatewayUnreachable
from storefront.facade import Shop
from storefront.jobs import reconcile_orders
from storefront.payments import collecting
from storefront.payments.ports import Payment
from tests.offers.builders import race
from tests.storefront.floor import (
    SETTINGS,
    coupon,
    coupon_state,
    events,
    fill,
    lay_in,
    order,
    orders,
    row,
    shelf,
    state,
)


def pending(shop: Shop) -> str:
    coupon_id = coupon(shop)
    fill(shop, prd_bonbon=2)
    lay_in(shop, coupon_id)
    return order(shop)[0]


class TestReconcileOrders:
    def test_an_expired_order_gives_back_stock_and_coupon(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        """Planted bug seen: leaving `next_look_at` at placing time + a day kept the hold for a day."""
        order_id = pending(stripe_shop)
        clock.advance(899)
        reconcile_orders(stripe_shop)
        assert state(stripe_shop, order_id) == "pending"
        clock.advance(1)
        assert reconcile_orders(stripe_shop) == 1
        assert (state(stripe_shop, order_id), row(stripe_shop, order_id).close_reason) == ("cancelled", "hold_expired")
        assert (coupon_state(stripe_shop), shelf(stripe_shop)) == ("issued", 10)
        assert [i["status"] for i in peer.books.intents.values()] == ["canceled"]
        assert events(stripe_shop) == ["order.placed", "order.closed"]
        assert reconcile_orders(stripe_shop) == 0

    def test_a_payment_nobody_told_us_of_is_found(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        order_id = pending(stripe_shop)
        [payment_id] = peer.books.intents
        peer.books.confirm(payment_id, {"payment_method": "pm_card_visa"})
        assert reconcile_orders(stripe_shop) == 0  # not yet due
        clock.advance(60)
        assert reconcile_orders(stripe_shop) == 1
        assert (state(stripe_shop, order_id), coupon_state(stripe_shop)) == ("paid", "redeemed")

    def test_a_payment_at_the_last_moment_beats_the_end(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        order_id = pending(stripe_shop)
        [payment_id] = peer.books.intents
        peer.books.confirm(payment_id, {"payment_method": "pm_card_visa"})
        clock.advance(901)
        reconcile_orders(stripe_shop)
        assert (state(stripe_shop, order_id), shelf(stripe_shop)) == ("paid", 8)

    def test_an_order_that_never_reached_the_provider_is_given_up(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        fill(stripe_shop, prd_bonbon=1)
        peer.lose_next_answers()
        with pytest.raises(GatewayUnreachable):
            order(stripe_shop)
        clock.advance(900)
        reconcile_orders(stripe_shop)
        [order_id] = orders(stripe_shop)
        assert (state(stripe_shop, order_id), shelf(stripe_shop)) == ("cancelled", 10)
        assert [i["amount_received"] for i in peer.books.intents.values()] == [0]

    def test_a_provider_that_is_away_is_asked_again(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        order_id = pending(stripe_shop)
        clock.advance(900)
        peer.fail_next()
        assert reconcile_orders(stripe_shop) == 1
        assert (state(stripe_shop, order_id), shelf(stripe_shop)) == ("pending", 8)
        assert reconcile_orders(stripe_shop) == 0
        clock.advance(60)
        assert reconcile_orders(stripe_shop) == 1
        assert (state(stripe_shop, order_id), shelf(stripe_shop)) == ("cancelled", 10)

    def test_a_slow_bank_keeps_its_hold_until_it_answers(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        fill(stripe_shop, prd_bonbon=2)
        order_id, payment = order(stripe_shop, method="pm_usBankAccount")
        assert payment is not None
        clock.advance(5 * 86_400)
        reconcile_orders(stripe_shop)
        assert (state(stripe_shop, order_id), shelf(stripe_shop)) == ("pending", 8)
        peer.books.settle(payment.id, succeeded=True)
        clock.advance(60)
        reconcile_orders(stripe_shop)
        assert state(stripe_shop, order_id) == "paid"

    def test_a_slow_bank_keeps_the_coupon_too(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        """Planted bug seen: without `renew` the reservation lapses after its grace, and another order gets the coupon."""
        coupon_id = coupon(stripe_shop, budget_minor=500)
        fill(stripe_shop, prd_bonbon=1)
        lay_in(stripe_shop, coupon_id)
        order_id, _ = order(stripe_shop, method="pm_usBankAccount")
        for _ in range(3):
            clock.advance(SETTINGS.coupon_grace_s - 1)
            reconcile_orders(stripe_shop)
            with stripe_shop.database.transaction() as session:
                expire_due(session, clock.now())
            assert (state(stripe_shop, order_id), coupon_state(stripe_shop)) == ("pending", "reserved")
        [payment_id] = peer.books.intents
        peer.books.settle(payment_id, succeeded=True)
        clock.advance(60)
        reconcile_orders(stripe_shop)
        assert (state(stripe_shop, order_id), coupon_state(stripe_shop)) == ("paid", "redeemed")

    def test_an_unfinished_refund_is_finished(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        coupon_id = coupon(stripe_shop)
        fill(stripe_shop, prd_bonbon=2)
        lay_in(stripe_shop, coupon_id)
        order_id, _ = order(stripe_shop, method="pm_card_visa")
        collecting.ask_refund(stripe_shop, order_id, restock=True)
        peer.fail_next()
        reconcile_orders(stripe_shop)
        assert state(stripe_shop, order_id) == "paid"
        clock.advance(60)
        reconcile_orders(stripe_shop)
        assert (state(stripe_shop, order_id), coupon_state(stripe_shop), len(peer.books.refunds)) == ("refunded", "issued", 1)

    def test_an_unfinished_refund_without_money_is_finished(self, shop: Shop) -> None:
        coupon_id = coupon(shop, benefit={"kind": "percent", "percent": 100, "categories": ["bonbon"], "max_discount_minor": 5000})
        fill(shop, prd_bonbon=1)
        lay_in(shop, coupon_id)
        order_id, _ = order(shop)
        collecting.ask_refund(shop, order_id, restock=True)
        assert reconcile_orders(shop) == 1
        assert (state(shop, order_id), coupon_state(shop), shelf(shop), reconcile_orders(shop)) == ("refunded", "issued", 10, 0)

    def test_money_for_a_closed_order_goes_back(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        order_id = pending(stripe_shop)
        [payment_id] = peer.books.intents
        from storefront.orders import moves
        from storefront.reasons import StorefrontReason

        with stripe_shop.database.transaction() as session:  # as if the provider had broken its word
            moves.close(session, stripe_shop.coupons, order_id, StorefrontReason.PROVIDER_CANCELLED, at=clock.now())
        peer.books.confirm(payment_id, {"payment_method": "pm_card_visa"})
        from storefront.payments.settlement import settle

        with stripe_shop.database.transaction() as session:
            settle(session, stripe_shop.coupons, order_id, stripe_shop_read(stripe_shop, payment_id), at=clock.now())
        assert reconcile_orders(stripe_shop) == 1
        found = row(stripe_shop, order_id)
        assert (found.state, found.refund_state, found.refunded_minor, found.next_look_at) == ("cancelled", "done", 720, None)
        assert len(peer.books.refunds) == 1

    def test_several_reconcilers_at_once(self, stripe_shop: Shop, clock: ManualClock, peer: StripePeer) -> None:
        """Planted bug seen: without `look_later` every reconciler asks about every order."""
        for k in range(4):
            fill(stripe_shop, f"shp_{k}", prd_bonbon=1)
            order(stripe_shop, f"k{k}", shopper_id=f"shp_{k}")
        clock.advance(900)
        looked = race([lambda: reconcile_orders(stripe_shop)] * 4)
        assert sum(looked) == 4
        assert shelf(stripe_shop) == 10


def stripe_shop_read(shop: Shop, payment_id: str) -> Payment:
    return shop.gateway.read_payment(payment_id)
