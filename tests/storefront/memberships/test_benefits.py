"""What a membership unlocks in the shop, shown before it is paid and frozen into the order."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from offers import memberships as told_members
from storefront.billing import changing
from storefront.catalog.models import ProductRow
from storefront.checkout import choose_delivery, quote
from storefront.errors import QuoteChanged
from storefront.memberships.plan import member_price_minor
from storefront.orders.models import OrderLineRow
from storefront.taxes import repository as taxes
from tests.conftest import START
from tests.storefront.floor import fill, order, row
from tests.storefront.memberships.house import JANE, House


class TestMemberPrice:
    @pytest.mark.parametrize(("unit_minor", "off_bp", "pays_minor"), [(450, 750, 417), (1299, 750, 1202), (1, 5000, 1), (99, 0, 99), (100, 5000, 50)])
    def test_what_is_taken_off_is_rounded_down(self, unit_minor: int, off_bp: int, pays_minor: int) -> None:
        assert member_price_minor(unit_minor, off_bp) == pays_minor


def quoted(house: House) -> tuple[int, int, list[str]]:
    """(sum, of it the delivery, what is not as she last saw it)."""
    with house.shop.database.transaction() as session:
        found = quote(session, house.shop, JANE, place_id=None, at=house.now(), seen=True)
    return found.total_minor, next(d.price_minor for d in found.delivery if d.chosen), [c.code for c in found.changes]


class TestInTheShop:
    def test_prices_delivery_and_points(self, house: House) -> None:
        """Planted bug: `at_member_prices` left out of the checkout alone. The quote says 834, and the order is refused or costs 900."""
        fill(house.shop, JANE, prd_bonbon=2)
        with house.shop.database.transaction() as session:
            choose_delivery(session, house.shop, JANE, "home", place_id=None, at=house.now())
        assert quoted(house) == (900 + 490, 490, [])
        house.join("gold")
        assert quoted(house) == (834, 0, ["price_changed"])
        assert quoted(house) == (834, 0, [])
        order_id, _ = order(house.shop, "o1", expected_total_minor=834)
        with house.shop.database.reading() as session:
            assert session.scalars(select(OrderLineRow.unit_minor).where(OrderLineRow.order_id == order_id)).all() == [417]
        assert row(house.shop, order_id).points_bp == 20_000

    def test_what_rests_gives_nothing(self, house: House) -> None:
        house.join("gold")
        changing.pause(house.shop, JANE)
        fill(house.shop, JANE, prd_bonbon=2)
        assert quoted(house)[0] == 900

    def test_a_membership_that_ended_between_quote_and_order_is_told(self, house: House) -> None:
        house.join("gold")
        fill(house.shop, JANE, prd_bonbon=2)
        assert quoted(house)[0] == 834
        changing.pause(house.shop, JANE)
        with pytest.raises(QuoteChanged):
            order(house.shop, "o1", expected_total_minor=834)

    def test_a_gift_card_costs_what_it_is_worth(self, house: House) -> None:
        """Planted bug: vouchers left in. She buys 45.00 for 41.63, as often as she likes."""
        with house.shop.database.transaction() as session:
            taxes.keep_class(session, session.scalars(select(ProductRow.category).where(ProductRow.id == "prd_bonbon")).one(), "voucher", at=START)
        house.join("gold")
        fill(house.shop, JANE, prd_bonbon=2, prd_truffle=1)
        assert quoted(house)[0] == 900 + 1202


class TestToldToOffers:
    def test_only_with_her_consent_and_as_long_as_it_is_paid(self, house: House) -> None:
        house.join("silver", who="shp_emma")
        with house.shop.database.transaction() as session:
            set_consent(session, JANE, Purpose.PERSONALISATION, granted=True, source="test", at=house.now())
        house.join("gold")
        until = house.of().gives_until
        assert until is not None
        with house.shop.database.reading() as session:
            assert told_members.plans_of(session, house.now()) == {JANE: "gold"}
            assert told_members.plans_of(session, until) == {}
        changing.pause(house.shop, JANE)
        with house.shop.database.reading() as session:
            assert told_members.plans_of(session, house.now()) == {}
