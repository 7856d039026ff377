"""An order that is paid in the shop: ordered on the phone, paid at the till with change, taken out of the drawer again, counted; and the operator's day."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.security.principals import Role
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_from_the_phone_to_the_counted_drawer(house_server: Serving, window: Callable[..., Eyes]) -> None:
    eyes = window(PHONE)
    eyes.enter(house_server.link(Role.SHOPPER))
    eyes.go("/m/shop/prd_dark_74_bar")
    page = eyes.page
    page.get_by_role("button", name="Add to the cart").click()
    page.get_by_role("link", name="Pay €5.90").click()
    expect(page.locator("[data-way=cash_on_delivery]")).to_contain_text("another way to get your order")
    eyes.look("phone-pay-cash")
    eyes.keep("phone-pay-cash")
    page.get_by_role("button", name="Order, settle at the till").click()
    page.wait_for_selector("#order[data-state=confirmed]")
    expect(page.locator("[data-due]")).to_have_text("You pay €5.90 at the till, in cash or by card.")
    eyes.look("phone-order-cash")
    eyes.keep("phone-order-cash")
    order_id = page.locator("#order").get_attribute("data-order")
    till = window(PHONE)
    till.enter(house_server.link(Role.CLERK))
    till.go("/till/cash")
    page = till.page
    page.get_by_label("Lies in it (EUR)").fill("50")
    page.get_by_role("button", name="Open it").click()
    mine = page.locator(f"[data-owed={order_id}]")
    mine.get_by_label("Put down (EUR)").fill("5")
    till.harmless = (*till.harmless, "status of 422")
    mine.get_by_role("button", name="Take it").click()
    expect(page.get_by_role("alert")).to_contain_text("5.90 is due")
    page.locator(f"[data-owed={order_id}]").get_by_label("Put down (EUR)").fill("10")
    till.look("till-cash")
    till.keep("till-cash")
    page.locator(f"[data-owed={order_id}]").get_by_role("button", name="Take it").click()
    expect(page.locator("[data-change]")).to_have_text("Give back €4.10.")
    page.get_by_text("Count and close").click()
    page.locator("[data-drawer]").get_by_label("Lies in it (EUR)").fill("55.80")
    page.get_by_label("If it is not what it should be").select_option("wrong_change")
    till.look("till-cash-count")
    till.keep("till-cash-count")
    page.get_by_role("button", name="Hand it in").click()
    expect(page.get_by_role("heading", name="Open a drawer")).to_be_visible()
    for size in (DESKTOP, PHONE):
        desk = window(size)
        desk.enter(house_server.link(Role.OPERATOR))
        desk.go("/console/cash")
        row = desk.page.locator("tr[data-drawer]")
        expect(row).to_contain_text("€5.90")
        expect(row).to_contain_text("-€0.10")
        desk.look(f"console-cash-{size[0]}")
        desk.keep(f"console-cash-{size[0]}")


def test_a_cart_goes_from_the_phone_to_the_till_and_one_comes_back(house_server: Serving, window: Callable[..., Eyes]) -> None:
    mine, till = window(PHONE), window(PHONE)
    mine.enter(house_server.link(Role.SHOPPER))
    till.enter(house_server.link(Role.CLERK))
    mine.go("/m/shop/prd_dark_74_bar")
    mine.page.get_by_role("button", name="Add to the cart").click()
    mine.page.get_by_role("button", name="Show it at the till").click()
    code = mine.page.locator("[data-cart-code]").inner_text()
    mine.look("cart-code")
    mine.keep("cart-code")
    till.go("/till/carts")
    till.page.get_by_label("Code on the phone").fill(code)
    till.look("till-carts")
    till.keep("till-carts")
    till.page.get_by_role("button", name="Take it").click()
    till.page.wait_for_url("**/till/cash*")
    expect(till.page.locator("[data-owed]")).to_contain_text("€5.90")
    mine.page.wait_for_selector("#order[data-state=confirmed]")
    till.go("/till/carts")
    till.page.get_by_label("Product").fill("prd_dark_74_bar")
    till.page.get_by_role("button", name="Put it in").click()
    till.page.get_by_role("button", name="Show a code").click()
    code = till.page.locator("[data-cart-code]").inner_text()
    till.look("till-cart-code")
    till.keep("till-cart-code")
    mine.go("/m/cart")
    beside = mine.context.new_page()
    beside.goto(f"{house_server.url}/m/cart/take?code={code}", wait_until="domcontentloaded")
    beside.get_by_role("button", name="Take it").click()
    expect(mine.page.locator("[data-line=prd_dark_74_bar]")).to_be_visible()  # the page that was open has followed
