"""Commission follows what is kept of a sale, to the cent, in whatever order things happen to it."""

from __future__ import annotations

import random

import pytest

from storefront.disputes.states import DisputeState
from storefront.errors import OrderDisputed, OrderNotRefundable, TooManyReturned
from tests.storefront.floor import coupon, lay_in, row
from tests.storefront.revenue.partners import Partners


class TestSettle:
    def test_each_partner_has_its_lines_and_nobody_the_rest(self, partners: Partners) -> None:
        order_id = partners.buy(prd_bonbon=2, prd_truffle=1, prd_last=1)
        assert partners.owed(order_id) == {"cacao": 113, "cafe": 91}

    def test_of_what_was_paid_after_the_coupon(self, partners: Partners) -> None:
        """20 % off two bonbons: 12.5 % of 7.20."""
        coupon_id = coupon(partners.shop)
        lay_in(partners.shop, coupon_id)
        assert partners.owed(partners.buy(prd_bonbon=2)) == {"cacao": 90}

    def test_pieces_that_come_back_one_by_one_leave_nothing(self, partners: Partners) -> None:
        """Three of 4.50 at 12.5 %: 1.69, and back by 0.56, 0.57, 0.56. Planted bug: with each return reckoned by itself a cent stayed."""
        order_id, left = partners.buy(prd_bonbon=3), []
        for _ in range(3):
            left.append(partners.owed(order_id).get("cacao", 0))
            partners.give_back(order_id, 1, 1)
        assert (left, partners.owed(order_id), partners.month()) == ([169, 113, 56], {}, {"cacao": 0})

    def test_the_rate_of_the_sale_counts_to_its_end(self, partners: Partners) -> None:
        order_id = partners.buy(prd_bonbon=2)
        partners.change("commission_percent: 12.5", "commission_percent: 20")
        partners.give_back(order_id, 1, 1)
        assert (partners.owed(order_id), partners.owed(partners.buy(prd_bonbon=1))) == ({"cacao": 56}, {"cacao": 90})

    def test_a_partner_that_is_gone_still_gets_back_what_is_returned(self, partners: Partners) -> None:
        order_id = partners.buy(prd_truffle=1)
        partners.apply("revenue: {version: 1, partners: {}}")
        partners.give_back(order_id, 1, 1)
        assert (partners.owed(order_id), partners.owed(partners.buy(prd_truffle=1))) == ({}, {})

    def test_a_lost_dispute_takes_it_and_a_won_one_does_not(self, partners: Partners) -> None:
        """Planted bug: `settle` left out where a dispute is heard; the commission stayed."""
        won, lost = partners.buy(prd_bonbon=1), partners.buy(prd_bonbon=1)
        for order_id, end in ((won, DisputeState.WON), (lost, DisputeState.LOST)):
            partners.dispute(order_id, DisputeState.OPEN)
            assert partners.owed(order_id) == {"cacao": 56}
            partners.dispute(order_id, end)
        assert (partners.owed(won), partners.owed(lost)) == ({"cacao": 56}, {})


class TestHistories:
    @pytest.mark.parametrize("lot", range(3))
    def test_any_order_of_things_ends_at_the_commission_on_what_is_kept(self, partners: Partners, lot: int) -> None:
        """Paid, given back piece by piece, refunded whole, disputed, at rates that change: after every step the books hold what an outsider reckons from the
        lines, and add up to nothing. Planted bugs: a return booked at half its commission, or reckoned by itself; nothing booked for a lost dispute."""
        chance, bought = random.Random(lot), list[str]()
        for step in range(24):
            if step % 6 == 0:
                bought.append(partners.buy(prd_bonbon=2, prd_truffle=1))
            order_id = chance.choice(bought)
            try:
                match chance.randrange(8):
                    case 0 if step > 15:
                        partners.refund(order_id)
                    case 0 | 1:
                        partners.dispute(order_id, chance.choice((DisputeState.OPEN, DisputeState.WON, DisputeState.LOST)))
                    case 2:
                        partners.rate(chance.choice((3, 12.5, 33.33)))
                    case _:
                        partners.give_back(order_id, chance.choice((1, 2)), 1)
            except (OrderNotRefundable, OrderDisputed, TooManyReturned):
                pass
            for one in bought:
                assert partners.owed(one) == partners.kept_worth(one), (lot, step, row(partners.shop, one).state)
            partners.month()

