"""A membership and the person: handed over, gone on her wish, and taken along when she signs in."""

from __future__ import annotations

from storefront.balance import books
from storefront.memberships import holding, repository
from storefront.memberships.models import MembershipRow
from storefront.payments.detaching import detach_due
from tests.storefront.memberships.house import JANE, House


class TestForget:
    def test_it_ends_here_at_once_and_there_as_soon_as_it_answers(self, at_stripe: House) -> None:
        """Planted bug: the detachment left out. She is gone, and her card is charged every month."""
        at_stripe.join()
        with at_stripe.shop.database.transaction() as session:
            assert "visa" not in str(told := holding.export(session, JANE))
            assert [i["amount_minor"] for i in told["memberships"][0]["invoices"]] == [490]
            assert holding.forget(session, JANE) == 1
            assert (holding.export(session, JANE), repository.last(session, JANE)) == ({}, None)
        detach_due(at_stripe.shop)
        at_stripe.days(40)
        assert at_stripe.peer is not None
        assert [one["status"] for one in at_stripe.peer.billing.subscriptions.values()] == ["canceled"]
        with at_stripe.shop.database.reading() as session:
            row = session.query(MembershipRow).one()
            assert (row.shopper_id, row.state, row.seat, row.sealed) == ("erased", "ended", None, None)
            assert (books.drift(session), books.account_minor(session, books.Account.MEMBERSHIP)) == ({}, -490)


class TestHandOver:
    def test_it_is_hers_and_goes_on(self, house: House) -> None:
        house.join("gold")
        with house.shop.database.transaction() as session:
            assert holding.hand_over(session, JANE, "shp_account", at=house.now()) == 1
        house.days(15)
        assert (house.state("shp_account"), house.of("shp_account").card) == (("active", True), "visa 4242")

    def test_of_two_the_accounts_own_stays(self, house: House) -> None:
        """Planted bug: the detachment left out here. She pays for both, every month."""
        house.join("gold")
        house.join("silver", who="shp_account", key="k2")
        with house.shop.database.transaction() as session:
            assert holding.hand_over(session, JANE, "shp_account", at=house.now()) == 0
        detach_due(house.shop)
        house.days(40)
        found = house.of("shp_account")
        assert (found.plan_id, found.state, len(found.invoices)) == ("silver", "active", 2)
        with house.shop.database.reading() as session:
            assert sorted(row.state for row in repository.all_of(session, "shp_account")) == ["active", "ended"]
