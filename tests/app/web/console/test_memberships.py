"""Memberships in the console: how many stand how, and no name."""

from __future__ import annotations

from collections.abc import Callable

from app.security.principals import Role
from storefront import facade as storefront
from storefront.facade import membership_steps as steps
from tests.app.web.conftest import Browser, Town

PLANS = "memberships: {grace_days: 5, plans: {silver: {name: 'Silver <b>&</b>', every: month, prices: {EUR: 490}, benefits: {free_delivery: true}}}}"


class TestMemberships:
    def test_by_plan_and_state(self, town: Town, browser: Callable[..., Browser]) -> None:
        shop = town.house.shop
        with town.house.database.transaction() as session:
            storefront.apply_memberships(session, PLANS, by="test", at=town.clock.now())
        mari = browser(Role.MARKETER)
        assert "Nobody is a member yet" in mari.get("/console/memberships").text
        steps.join(shop, "k1", steps.Joining("shp_jane", "silver", "EUR", 490, steps.Means("pm_card_visa"), "http://shop.test/m"))
        page = mari.get("/console/memberships").text
        assert ("Silver &lt;b&gt;&amp;&lt;/b&gt;" in page, 'data-state="active">1<' in page, "shp_jane" in page, "Payments that are open" in page) == (True, True, False, False)
        assert 'href="/console/memberships"' in mari.get("/console/loyalty").text
        assert browser(Role.CLERK).get("/console/memberships").status_code == 403
