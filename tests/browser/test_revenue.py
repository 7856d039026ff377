"""What is sponsored and how the shop earns, as eyes and a screen reader have it; and the house's month."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.security.principals import Role
from storefront import facade as storefront
from storefront.revenue import books
from storefront.revenue.books import Account
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving

pytestmark = pytest.mark.browser
TERMS = """\
revenue:
  partners:
    cacao: {name: Cacao Brothers, commission_percent: 10, products: [prd_dark_74_bar]}
  placements:
    autumn: {partner: cacao, product: prd_box_of_twelve, shown_in: [category, search, product], words: [choc], paid_by: click, price_minor: 40, currency: EUR, budget_minor: 4000, starts_on: 2020-01-01, ends_on: 2099-12-31, most_per_day: 24}
"""


def test_it_is_labelled_and_explained_and_told_by_the_month(house_server: Serving, window: Callable[..., Eyes]) -> None:
    house = house_server.house
    with house.database.transaction() as session:
        storefront.revenue.apply(session, TERMS, by="test", at=house.clock.now())
        books.enter(session, Account.COMMISSION, Account.OWED, 59, "EUR", "paid", partner_id="cacao", cause="ord_1", at=house.clock.now(), line_no=1, product_id="prd_dark_74_bar", rate_bp=1000, base_minor=590)
    eyes = window(PHONE)
    eyes.enter(house_server.link(Role.SHOPPER))
    eyes.go("/m/shop?category=chocolate")
    placed = eyes.page.get_by_role("complementary", name="Sponsored")
    expect(placed).to_have_count(1)
    eyes.look("sponsored")
    eyes.keep("sponsored")
    placed.get_by_role("link", name="Why you see this").click()
    expect(eyes.page.get_by_role("heading", name="Sponsored products")).to_be_in_viewport()
    eyes.look("how-we-earn")
    eyes.keep("how-we-earn")
    eyes.page.get_by_role("link", name="Suomi").click()
    expect(eyes.page.get_by_role("heading", name="Näin ansaitsemme")).to_be_visible()
    eyes.go("/m/shop/prd_dark_74_bar")
    eyes.keep("product-of-partner")
    eyes.page.get_by_role("complementary", name="Sponsored").get_by_role("button").click()
    eyes.page.wait_for_url("**/m/shop/prd_box_of_twelve")
    desk = window(DESKTOP)
    desk.enter(house_server.link(Role.OPERATOR))
    desk.go("/console/revenue")
    expect(desk.page.locator("tr[data-placement=autumn]")).to_contain_text("€40.00")
    desk.look("console-revenue")
    desk.keep("console-revenue")
