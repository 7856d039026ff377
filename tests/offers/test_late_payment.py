"""A payment confirmed after its coupon has gone: the discount is booked, the budget gives it or says so, nothing twice.

Planted bugs seen: an expired coupon's discount counted as spent without asking the budget (no overrun was booked); the
discount of a coupon that is with another order not booked at all (`spent` fell short of what the orders took off).
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from offers import facade
from offers.contracts import Books, CouponView, Quote
from offers.models import LedgerEntry
from tests.conftest import START
from tests.offers.builders import bonbons, give, go_live, seconds
from tests.offers.test_redemption import give_back, redeem, reserve, state

DAY_S = 86_400
LAPSED_S = DAY_S + 900


def books(database: Database) -> Books:
    with database.reading() as session:
        return facade.books(session, "cam_bonbon")


def money(database: Database) -> tuple[int, int, int]:
    """(reserved, spent, booked on top of the budget); the books add up."""
    with database.reading() as session:
        figures = facade.campaigns(session)[0].figures
    found = books(database)
    assert found.drift == ()
    return figures.budget_reserved_minor, figures.budget_spent_minor, found.overrun_minor


def whys(database: Database) -> list[str]:
    with database.reading() as session:
        return [w for w in session.scalars(select(LedgerEntry.why).order_by(LedgerEntry.id)) if w is not None]


def expired_under_an_order(database: Database, budget_minor: int) -> CouponView:
    with database.transaction() as session:
        go_live(session, budget_minor=budget_minor, caps={"per_shopper": None})
    coupon = give(database)
    assert isinstance(reserve(database, coupon, at_s=DAY_S - 1), Quote)
    with database.transaction() as session:
        facade.expire_due(session, START + seconds(LAPSED_S))
    assert money(database) == (0, 0, 0)
    return coupon


class TestExpired:
    def test_takes_its_discount_from_the_budget(self, database: Database) -> None:
        expired_under_an_order(database, 500)
        assert redeem(database, at_s=LAPSED_S)
        assert money(database) == (0, 180, 0)
        assert whys(database) == ["reservation_lapsed"]

    def test_the_exact_rest_is_enough_and_one_cent_less_is_not(self, database: Database) -> None:
        expired_under_an_order(database, 680)
        give(database, "mom_2", at=START + seconds(LAPSED_S))
        assert redeem(database, at_s=LAPSED_S)
        assert money(database) == (500, 180, 0)

    def test_what_the_budget_has_not_is_booked_on_top(self, database: Database) -> None:
        expired_under_an_order(database, 679)
        give(database, "mom_2", at=START + seconds(LAPSED_S))
        assert redeem(database, at_s=LAPSED_S)
        assert not redeem(database, at_s=LAPSED_S)
        assert money(database) == (500, 180, 180)
        assert whys(database) == ["reservation_lapsed", "budget_overrun"]

    def test_a_campaign_over_its_budget_issues_nothing_more(self, database: Database) -> None:
        expired_under_an_order(database, 679)
        other = give(database, "mom_2", at=START + seconds(LAPSED_S))
        redeem(database, at_s=LAPSED_S)
        assert give(database, "mom_3", "shp_jane", at=START + seconds(LAPSED_S)).id == other.id
        assert money(database) == (500, 180, 180)

    def test_a_refund_takes_it_off_again(self, database: Database) -> None:
        expired_under_an_order(database, 679)
        give(database, "mom_2", at=START + seconds(LAPSED_S))
        redeem(database, at_s=LAPSED_S)
        assert give_back(database, at_s=LAPSED_S)
        assert not give_back(database, at_s=LAPSED_S)
        assert money(database) == (500, 0, 0)


class TestElsewhere:
    @pytest.fixture
    def coupon(self, database: Database) -> CouponView:
        """Its first order has lapsed, its second has used it."""
        with database.transaction() as session:
            go_live(session, budget_minor=500)
        coupon = give(database)
        reserve(database, coupon)
        assert isinstance(reserve(database, coupon, "ord_2", at_s=900), Quote)
        assert redeem(database, "ord_2", 901)
        assert money(database) == (0, 180, 0)
        return coupon

    def test_the_money_is_booked_and_the_coupon_used_once(self, database: Database, coupon: CouponView) -> None:
        assert not redeem(database, "ord_1", 902)
        assert not redeem(database, "ord_1", 903)
        assert money(database) == (0, 360, 0)
        assert books(database).redeemed == 1
        assert whys(database) == ["reservation_lapsed", "used_elsewhere"]

    def test_on_top_when_the_budget_is_gone(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, budget_minor=500)
        coupon = give(database)
        reserve(database, coupon)
        reserve(database, coupon, "ord_2", at_s=900, lines=bonbons(9))
        assert redeem(database, "ord_2", 901)
        assert not redeem(database, "ord_1", 902)
        assert money(database) == (0, 680, 180)
        assert whys(database) == ["reservation_lapsed", "budget_overrun"]

    def test_each_refund_takes_back_its_own(self, database: Database, coupon: CouponView) -> None:
        redeem(database, "ord_1", 902)
        assert give_back(database, "ord_1", 903)
        assert not give_back(database, "ord_1", 904)
        assert money(database) == (0, 180, 0)
        assert state(database) == "redeemed"
        assert give_back(database, "ord_2", 905)
        assert money(database) == (500, 0, 0)
        assert state(database) == "issued"

    def test_a_coupon_withdrawn_meanwhile_stays_withdrawn(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, budget_minor=500)
        reserve(database, give(database))
        with database.transaction() as session:
            facade.retract(session, moment_id="mom_1", shopper_id="shp_jane", at=START)
            facade.expire_due(session, START + seconds(900))
        assert state(database) == "revoked"
        assert not redeem(database, at_s=901)
        assert (state(database), money(database)) == ("revoked", (0, 180, 0))


class TestRenew:
    @pytest.fixture
    def coupon(self, database: Database) -> CouponView:
        with database.transaction() as session:
            go_live(session, budget_minor=500)
        return give(database)

    def renew(self, database: Database, at_s: float, ttl_s: int = 900, order_id: str = "ord_1") -> bool:
        with database.transaction() as session:
            return facade.renew(session, order_id=order_id, at=START + seconds(at_s), ttl_s=ttl_s)

    def test_holds_it_longer_and_never_shorter(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        assert self.renew(database, 800)
        assert not self.renew(database, 800, 600)
        with database.transaction() as session:
            assert facade.expire_due(session, START + seconds(1699)) == 0
        assert state(database) == "reserved"
        with database.transaction() as session:
            assert facade.expire_due(session, START + seconds(1700)) == 1

    def test_nothing_held_by_this_order(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        assert not self.renew(database, 800, order_id="ord_2")
        redeem(database)
        assert not self.renew(database, 800)
