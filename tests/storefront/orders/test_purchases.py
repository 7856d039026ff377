"""What the room of offers hears of an order: what stands of it, once it is paid, of those who agreed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from offers.models import PurchaseRow
from storefront.facade import Shop
from storefront.orders import moves, returning
from storefront.reasons import StorefrontReason
from tests.storefront.floor import coupon, fill, lay_in, order

JANE = "shp_jane"


def agreed(shop: Shop, purpose: Purpose = Purpose.PERSONALISATION) -> None:
    with shop.database.transaction() as session:
        set_consent(session, JANE, purpose, granted=True, source="test", at=shop.now())


def known(shop: Shop) -> list[tuple[str, str, int]]:
    p = PurchaseRow
    with shop.database.reading() as session:
        return [tuple(row) for row in session.execute(select(p.product_id, p.category, p.total_minor).order_by(p.product_id))]


def paid(shop: Shop) -> str:
    """Four bonbons at 20 % off and a truffle."""
    lay_in(shop, coupon(shop))
    fill(shop, prd_bonbon=4, prd_truffle=1)
    order_id, _ = order(shop)
    assert known(shop) == []
    with shop.database.transaction() as session:
        assert moves.pay(session, shop.coupons, order_id, at=shop.now())
        assert not moves.pay(session, shop.coupons, order_id, at=shop.now())
    return order_id


class TestTell:
    @pytest.mark.parametrize("purpose", [Purpose.PERSONALISATION, Purpose.ANALYTICS])
    def test_the_lines_as_they_were_charged_once_the_money_is_true(self, shop: Shop, purpose: Purpose) -> None:
        agreed(shop, purpose)
        paid(shop)
        assert known(shop) == [("prd_bonbon", "bonbon", 1440), ("prd_truffle", "truffle", 1299)]

    def test_nothing_of_those_who_did_not_agree(self, shop: Shop) -> None:
        agreed(shop, Purpose.MARKETING_PUSH)
        paid(shop)
        assert known(shop) == []

    def test_what_was_returned_was_not_bought(self, shop: Shop) -> None:
        agreed(shop)
        order_id = paid(shop)
        with shop.database.transaction() as session:
            returning.ask_return(session, order_id, {1: 1, 2: 1}, refund_id="ref_1", restock=True, asked_by="psn", at=shop.now())
        assert len(known(shop)) == 2
        with shop.database.transaction() as session:
            assert returning.finish(session, shop.coupons, "ref_1", at=shop.now())
        assert known(shop) == [("prd_bonbon", "bonbon", 1080)]

    def test_a_refunded_order_was_no_purchase(self, shop: Shop) -> None:
        agreed(shop)
        order_id = paid(shop)
        with shop.database.transaction() as session:
            returning.ask_return(session, order_id, {1: 1}, refund_id="ref_1", restock=True, asked_by="psn", at=shop.now())
            assert moves.refunded(session, shop.coupons, order_id, 2739, StorefrontReason.REFUNDED_BY_STAFF, at=shop.now())
        assert known(shop) == []
