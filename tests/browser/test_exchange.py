"""She wants another product for the one she has: asked for on the phone, taken back at the till, the difference paid on the phone, and seen by the house."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.security.principals import Role
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving
from tests.browser.test_story import fresh_shopper

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_for_something_dearer(house_server: Serving, window: Callable[..., Eyes]) -> None:
    eyes = window(PHONE)
    page = eyes.page
    fresh_shopper(eyes)
    eyes.go("/m/shop/prd_dark_74_bar")
    page.get_by_role("button", name="Add to the cart").click()
    page.get_by_role("link", name="Pay €5.90").click()
    page.get_by_role("button", name="Pay €5.90").click()
    page.wait_for_selector("#order[data-state=paid]")
    order_id = page.locator("#order").get_attribute("data-order")
    page.locator("[data-give-back]").click()
    page.fill("#line1", "1")
    page.get_by_label("I changed my mind").check()
    page.get_by_label("Something else instead").check()
    eyes.look("return-asked")
    eyes.keep("return-asked")
    page.get_by_role("button", name="See what I get").click()
    page.locator("input[name=exchange_for]").first.wait_for()
    eyes.look("exchange-choices")
    eyes.keep("exchange-choices")
    page.get_by_label("Liquorice Truffles").check()
    page.get_by_role("button", name="See what it comes to").click()
    page.wait_for_selector("[data-exchange]")
    difference = page.locator("[data-worth]").inner_text()
    eyes.look("exchange-worth")
    eyes.keep("exchange-worth")
    page.get_by_role("button", name="Exchange").click()
    page.wait_for_selector("[data-withdraw]")
    eyes.look("exchange-asked")
    eyes.keep("exchange-asked")

    till = window(PHONE)
    till.enter(house_server.link(Role.CLERK))
    till.go(f"/till/returns/{order_id}")
    expect(till.page.locator("[data-exchange]")).to_contain_text(f"She pays {difference} on her phone")
    till.look("till-exchange")
    till.keep("till-exchange")
    till.page.get_by_role("button", name="Take back and exchange").click()
    till.page.wait_for_selector("[data-exchanged-into]")
    till.look("till-exchanged")
    till.keep("till-exchanged")
    till.page.locator("[data-exchanged-into] a").click()
    expect(till.page.locator("[data-exchange-of]")).to_contain_text("nothing is handed over before")

    eyes.go(f"/m/orders/{order_id}")
    eyes.keep("order-exchanged")
    page.locator("[data-exchanged-into] a").click()
    expect(page.locator("[data-exchange-of]")).to_contain_text(f"{difference} is still to be paid")
    eyes.look("exchange-difference")
    eyes.keep("exchange-difference")
    page.get_by_role("button", name=f"Pay {difference}").click()
    page.wait_for_selector("#order[data-state=paid]")
    desk = window(DESKTOP)
    desk.enter(house_server.link(Role.OPERATOR))
    desk.go(f"/console/orders/{order_id}")
    desk.page.wait_for_selector("[data-exchanged-into]")
    desk.look("console-exchanged")
    desk.keep("console-exchanged")
