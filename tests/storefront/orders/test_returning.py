"""Pieces that come back, cashback that is really paid, points that follow: each once, to the cent."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from offers import facade as offers
from storefront import facade
from storefront.balance import books as balance
from storefront.contracts import OrderDetail
from storefront.errors import GatewayUnreachable, OrderNotRefundable, TooManyReturned
from storefront.facade import Shop
from storefront.jobs import reconcile_orders
from storefront.orders import returning
from storefront.orders.models import RefundRow
from storefront.payments import collecting
from storefront.payments.settlement import settle
from storefront.points.models import PointsEntry
from tests.conftest import START
from tests.offers.builders import go_live, moment, race, weigh
from tests.storefront.floor import coupon, coupon_state, fill, hook, lay_in, order, shelf, state

CASHBACK = {"kind": "cashback", "percent": 10, "payment_methods": ["mastercard"], "max_discount_minor": 1000}


def give_back(shop: Shop, order_id: str, *, key: str = "k", restock: bool = True, **pieces: int) -> None:
    """`give_back(shop, order_id, l1=2)`, as the route does it."""
    lines = {int(name[1:]): count for name, count in pieces.items()}
    payment = collecting.give_pieces_back(shop, order_id, lines, key=key, restock=restock, asked_by="psn_1")
    if payment is not None:
        with shop.database.transaction() as session:
            settle(session, shop.coupons, order_id, payment, at=shop.now())


def detail(shop: Shop, order_id: str) -> OrderDetail:
    with shop.database.reading() as session:
        found = facade.order(session, order_id)
    assert found is not None
    return found


def with_coupon(shop: Shop, quantity: int = 3, **campaign: Any) -> str:
    coupon_id = coupon(shop, **campaign)
    fill(shop, prd_bonbon=quantity)
    lay_in(shop, coupon_id)
    order_id, _ = order(shop, method="pm_card_mastercard")
    return order_id


def spent(shop: Shop) -> int:
    with shop.database.reading() as session:
        found = offers.campaign(session, "cam_bonbon")
    assert found is not None
    return found.figures.budget_spent_minor


class TestReturn:
    def test_any_split_adds_up_and_the_coupon_comes_back_with_the_last(self, shop: Shop) -> None:
        """3 x 4.50 less 2.71. Planted bug seen: with each return reckoned by itself (a third, rounded down) two cents were kept."""
        order_id = with_coupon(shop, benefit={"kind": "amount", "amount_minor": 271}, budget_minor=1000)
        paid_minor = detail(shop, order_id).order.total_minor
        assert (paid_minor, spent(shop), shelf(shop)) == (1079, 271, 7)
        backs = []
        for k in range(3):
            assert (state(shop, order_id), coupon_state(shop)) == ("paid", "redeemed")
            give_back(shop, order_id, key=f"k{k}", l1=1)
            backs.append(detail(shop, order_id).refunds[-1].amount_minor)
        assert (backs, sum(backs)) == ([359, 360, 360], 1079)
        assert (state(shop, order_id), coupon_state(shop), spent(shop), shelf(shop)) == ("refunded", "issued", 0, 10)

    def test_its_part_of_the_budget_comes_back_at_once(self, shop: Shop) -> None:
        order_id = with_coupon(shop, budget_minor=1000)
        give_back(shop, order_id, l1=1)
        assert (spent(shop), coupon_state(shop), shelf(shop)) == (180, "redeemed", 8)
        found = detail(shop, order_id)
        assert (found.refunded_minor, found.refund_due, [li.returned for li in found.lines]) == (360, False, [1])

    def test_what_does_not_go_back_on_the_shelf(self, shop: Shop) -> None:
        order_id = with_coupon(shop)
        give_back(shop, order_id, restock=False, l1=2)
        assert shelf(shop) == 7

    def test_the_same_key_is_one_return(self, shop: Shop) -> None:
        order_id = with_coupon(shop)
        for _ in range(3):
            give_back(shop, order_id, l1=1)
        assert [r.amount_minor for r in detail(shop, order_id).refunds] == [360]

    def test_more_than_was_bought_is_refused_however_many_ask(self, shop: Shop) -> None:
        """Planted bug seen: without the condition in the UPDATE only the table's own check stopped the fourth, with a 500."""
        order_id = with_coupon(shop)

        def ask(k: int) -> Any:
            return lambda: give_back(shop, order_id, key=f"k{k}", l1=1)

        results = race([ask(k) for k in range(4)])
        refused = [r for r in results if isinstance(r, TooManyReturned | OrderNotRefundable)]
        assert len(refused) == 1
        assert detail(shop, order_id).refunded_minor == 1080
        assert (state(shop, order_id), coupon_state(shop), shelf(shop)) == ("refunded", "issued", 10)

    @pytest.mark.parametrize("pieces", [{"l1": 4}, {"l2": 1}])
    def test_nothing_is_kept_of_a_refused_one(self, shop: Shop, pieces: dict[str, int]) -> None:
        order_id = with_coupon(shop)
        with pytest.raises(TooManyReturned):
            give_back(shop, order_id, **pieces)  # type: ignore[arg-type]
        assert (detail(shop, order_id).refunds, detail(shop, order_id).lines[0].returned) == ((), 0)

    def test_only_what_is_paid(self, shop: Shop) -> None:
        fill(shop, prd_bonbon=1)
        order_id, _ = order(shop, method="pm_card_chargeDeclined")
        with pytest.raises(OrderNotRefundable):
            give_back(shop, order_id, l1=1)

    def test_all_at_once_after_some(self, shop: Shop) -> None:
        order_id = with_coupon(shop, budget_minor=1000)
        give_back(shop, order_id, restock=False, l1=1)
        collecting.ask_refund(shop, order_id, restock=True)
        payment = collecting.send_refund(shop, order_id)
        assert payment is not None
        with shop.database.transaction() as session:
            settle(session, shop.coupons, order_id, payment, at=shop.now())
        assert (state(shop, order_id), coupon_state(shop), spent(shop), shelf(shop)) == ("refunded", "issued", 0, 9)

    def test_pieces_for_her_balance_while_all_goes_back_to_the_card(self, shop: Shop) -> None:
        """A return is asked for, then the refund of everything, and the refund is sent first. Found so by tests/storefront/test_cart_lives.py: what the pieces
        cost came to her balance as well, and an order of which all was returned went on as if the card had got nothing."""
        for pieces in (2, 1):
            fill(shop, "shp_jane", prd_bonbon=2)
            order_id, _ = order(shop, f"k{pieces}", method="pm_card_visa")
            with shop.database.transaction() as session:
                returning.ask_return(session, order_id, {1: pieces}, refund_id=f"rfd_{pieces}", restock=True, asked_by="psn_1", to_credit=True, at=shop.now())
            collecting.ask_refund(shop, order_id, restock=True)
            sent = collecting.send_refund(shop, order_id)
            assert collecting.send_due(shop, order_id) is None
            assert sent is not None
            with shop.database.transaction() as session:
                settle(session, shop.coupons, order_id, sent, at=shop.now())
            with shop.database.reading() as session:
                assert balance.available_minor(session, "shp_jane", "EUR") == 0
            assert (state(shop, order_id), shelf(shop), detail(shop, order_id).refunded_minor) == ("refunded", 10, 900)

    def test_an_order_that_coupons_paid_for(self, shop: Shop) -> None:
        order_id = with_coupon(shop, 2, benefit={"kind": "percent", "percent": 100, "max_discount_minor": 5000})
        give_back(shop, order_id, key="a", l1=1)
        assert (state(shop, order_id), coupon_state(shop)) == ("paid", "redeemed")
        give_back(shop, order_id, key="b", l1=1)
        assert (state(shop, order_id), coupon_state(shop), shelf(shop)) == ("refunded", "issued", 10)


class TestAtTheProvider:
    def test_a_lost_answer_is_found_again_and_pays_once(self, stripe_shop: Shop, peer: StripePeer) -> None:
        order_id = with_coupon(stripe_shop)
        peer.lose_next_answers()
        with pytest.raises(GatewayUnreachable):
            give_back(stripe_shop, order_id, l1=1)
        assert (detail(stripe_shop, order_id).refund_due, shelf(stripe_shop)) == (True, 7)
        assert reconcile_orders(stripe_shop) == 1
        give_back(stripe_shop, order_id, l1=1)
        assert [r["amount"] for r in peer.books.refunds.values()] == [360]
        assert (detail(stripe_shop, order_id).refunded_minor, shelf(stripe_shop), reconcile_orders(stripe_shop)) == (360, 8, 0)

    def test_also_when_its_key_is_forgotten(self, stripe_shop: Shop, peer: StripePeer) -> None:
        """Planted bug seen: without the look at what is listed, a retry after a day paid twice."""
        order_id = with_coupon(stripe_shop)
        peer.lose_next_answers()
        with pytest.raises(GatewayUnreachable):
            give_back(stripe_shop, order_id, l1=1)
        peer._kept.clear()
        give_back(stripe_shop, order_id, l1=1)
        assert [r["amount"] for r in peer.books.refunds.values()] == [360]

    def test_its_news_twice_shuffled_and_before_the_answer_do_nothing_twice(self, stripe_shop: Shop, peer: StripePeer) -> None:
        order_id = with_coupon(stripe_shop, budget_minor=1000)
        peer.deliveries.hold()
        peer.deliveries.send_to(hook(stripe_shop), "whsec_test_secret")
        peer.lose_next_answers()
        with pytest.raises(GatewayUnreachable):
            give_back(stripe_shop, order_id, l1=2)
        peer.deliveries.release(order=lambda events: events[::-1], copies=2)
        peer.deliveries.drain()
        assert (detail(stripe_shop, order_id).refunded_minor, shelf(stripe_shop), spent(stripe_shop)) == (720, 7, 270)
        give_back(stripe_shop, order_id, l1=2)
        give_back(stripe_shop, order_id, key="rest", l1=1)
        assert (state(stripe_shop, order_id), coupon_state(stripe_shop), shelf(stripe_shop), spent(stripe_shop)) == ("refunded", "issued", 10, 0)
        assert sum(r["amount"] for r in peer.books.refunds.values()) == 1080

    def test_all_of_it_heard_before_our_own_answer(self, stripe_shop: Shop, peer: StripePeer) -> None:
        order_id = with_coupon(stripe_shop, budget_minor=1000)
        peer.deliveries.send_to(hook(stripe_shop), "whsec_test_secret")
        peer.lose_next_answers()
        with pytest.raises(GatewayUnreachable):
            give_back(stripe_shop, order_id, l1=3)
        peer.deliveries.drain()
        assert (state(stripe_shop, order_id), shelf(stripe_shop), spent(stripe_shop)) == ("refunded", 10, 0)
        give_back(stripe_shop, order_id, l1=3)
        assert (shelf(stripe_shop), [r.state for r in detail(stripe_shop, order_id).refunds]) == (10, ["done"])


class TestCashback:
    def test_paid_back_once_to_the_payment(self, stripe_shop: Shop, peer: StripePeer) -> None:
        order_id = with_coupon(stripe_shop, 2, benefit=CASHBACK, budget_minor=1000)
        assert [(c.cashback_minor, c.cashback_state) for c in detail(stripe_shop, order_id).coupons] == [(90, "due")]
        peer.lose_next_answers()
        reconcile_orders(stripe_shop)
        stripe_shop.database.clock.advance(61)  # type: ignore[attr-defined]
        assert [reconcile_orders(stripe_shop), reconcile_orders(stripe_shop)] == [1, 0]
        assert [r["amount"] for r in peer.books.refunds.values()] == [90]
        found = detail(stripe_shop, order_id)
        assert (found.order.state, found.refunded_minor, found.coupons[0].cashback_state) == ("paid", 90, "done")
        assert (spent(stripe_shop), coupon_state(stripe_shop)) == (90, "redeemed")

    def test_another_way_of_paying_earns_none_and_says_so(self, shop: Shop) -> None:
        coupon_id = coupon(shop, benefit=CASHBACK, budget_minor=1000)
        fill(shop, prd_bonbon=2)
        lay_in(shop, coupon_id)
        order_id, _ = order(shop, method="pm_card_visa")
        reconcile_orders(shop)
        [given] = detail(shop, order_id).coupons
        assert (given.cashback_state, given.cashback_text) == ("dropped", "You paid in a way that does not earn this cashback.")
        assert (spent(shop), coupon_state(shop), detail(shop, order_id).refunded_minor) == (0, "redeemed", 0)

    def test_taken_back_pro_rata(self, shop: Shop) -> None:
        order_id = with_coupon(shop, 3, benefit=CASHBACK, budget_minor=1000)
        reconcile_orders(shop)
        for k in range(3):
            give_back(shop, order_id, key=f"k{k}", l1=1)
        assert [r.amount_minor for r in detail(shop, order_id).refunds] == [135, 405, 405, 405]
        assert (state(shop, order_id), spent(shop), coupon_state(shop)) == ("refunded", 0, "issued")
        assert detail(shop, order_id).refunded_minor == 1350

    def test_sent_before_pieces_come_back(self, shop: Shop) -> None:
        order_id = with_coupon(shop, 2, benefit=CASHBACK, budget_minor=1000)
        give_back(shop, order_id, l1=1)
        assert sorted((r.kind, r.amount_minor, r.state) for r in detail(shop, order_id).refunds) == [("cashback", 90, "done"), ("return", 405, "done")]
        assert spent(shop) == 45

    def test_an_order_refunded_before_it_was_sent_has_none(self, shop: Shop) -> None:
        order_id = with_coupon(shop, 2, benefit=CASHBACK, budget_minor=1000)
        collecting.ask_refund(shop, order_id, restock=True)
        payment = collecting.send_refund(shop, order_id)
        assert payment is not None
        with shop.database.transaction() as session:
            settle(session, shop.coupons, order_id, payment, at=shop.now())
        assert reconcile_orders(shop) == 0
        with shop.database.reading() as session:
            assert session.execute(select(RefundRow.state, RefundRow.why)).all() == [("dropped", "order_refunded")]
        assert (spent(shop), coupon_state(shop)) == (0, "issued")


class TestPoints:
    def have(self, shop: Shop) -> int:
        with shop.database.reading() as session:
            assert sum(session.scalars(select(PointsEntry.points))) == 0
            return facade.points(session, "shp_jane")

    def test_for_what_was_paid_and_off_with_what_comes_back(self, shop: Shop) -> None:
        order_id = with_coupon(shop)
        assert (self.have(shop), detail(shop, order_id).points) == (10, 10)
        give_back(shop, order_id, key="a", l1=1)
        assert self.have(shop) == 7
        give_back(shop, order_id, key="b", l1=2)
        assert self.have(shop) == 0

    def test_times_the_coupon_on_its_lines(self, shop: Shop, clock: ManualClock) -> None:
        """9.00 of bonbons count three times, 12.99 of truffles once: 21 and 18 more."""
        benefit = {"kind": "points", "multiplier": 3, "categories": ["bonbon"]}
        with shop.database.transaction() as session:
            go_live(session, benefit=benefit)
            weigh(session, moment("mom_1", "shp_jane"))
            coupon_id = offers.wallet(session, "shp_jane", START)[0].id
        fill(shop, prd_bonbon=2, prd_truffle=1)
        lay_in(shop, coupon_id)
        order_id, _ = order(shop, method="pm_card_visa")
        assert self.have(shop) == 39
        give_back(shop, order_id, l1=2)
        assert self.have(shop) == 12
