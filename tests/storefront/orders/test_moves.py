"""Moves of an order: each is made by exactly one of those who try."""

from __future__ import annotations

from app.kernel.clock import ManualClock
from storefront.facade import Shop
from storefront.orders import moves
from storefront.reasons import StorefrontReason
from tests.offers.builders import race
from tests.storefront.floor import events, fill, order, row, shelf, state


def placed(shop: Shop) -> str:
    fill(shop, prd_bonbon=2)
    return order(shop)[0]


class TestEachMove:
    def test_one_of_many_closes(self, shop: Shop) -> None:
        """Planted bug seen: the state left out of the WHERE puts the pieces back eight times."""
        order_id = placed(shop)

        def close() -> bool:
            with shop.database.transaction() as session:
                return moves.close(session, shop.coupons, order_id, StorefrontReason.HOLD_EXPIRED, at=shop.now())

        assert sorted(race([close] * 8)) == [False] * 7 + [True]
        assert (shelf(shop), events(shop)) == (10, ["order.placed", "order.closed"])

    def test_an_order_with_a_payment_is_not_closed_as_unbegun(self, shop: Shop) -> None:
        order_id = placed(shop)
        with shop.database.transaction() as session:
            assert not moves.close(session, shop.coupons, order_id, StorefrontReason.HOLD_EXPIRED, at=shop.now(), unbegun=True)
        assert state(shop, order_id) == "pending"

    def test_another_payment_is_not_recorded_over_the_first(self, shop: Shop) -> None:
        order_id = placed(shop)
        first = row(shop, order_id).payment_id
        assert first is not None
        with shop.database.transaction() as session:
            assert moves.begin_payment(session, order_id, "pi_other") is False
            assert moves.begin_payment(session, order_id, first) is True
        assert row(shop, order_id).payment_id == first

    def test_only_paid_orders_are_refunded_and_once(self, shop: Shop) -> None:
        order_id = placed(shop)
        with shop.database.transaction() as session:
            assert moves.refunded(session, shop.coupons, order_id, 900, StorefrontReason.REFUNDED_BY_STAFF, at=shop.now()) is False
            assert moves.ask_refund(session, order_id, restock=True, at=shop.now()) is False
            assert moves.pay(session, shop.coupons, order_id, at=shop.now()) is True
            assert [moves.ask_refund(session, order_id, restock=True, at=shop.now()) for _ in range(2)] == [True, False]
            assert [moves.refunded(session, shop.coupons, order_id, 900, StorefrontReason.REFUNDED_BY_STAFF, at=shop.now()) for _ in range(2)] == [True, False]
        assert (state(shop, order_id), shelf(shop)) == ("refunded", 10)

    def test_one_of_many_claims_a_look(self, shop: Shop, clock: ManualClock) -> None:
        order_id = placed(shop)
        seen = row(shop, order_id).next_look_at
        assert seen is not None

        def claim() -> bool:
            with shop.database.transaction() as session:
                return moves.look_later(session, order_id, seen, clock.now())

        assert sorted(race([claim] * 6)) == [False] * 5 + [True]
