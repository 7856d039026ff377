"""A gift card pays a part of an order, its receipt is read and saved, and a piece is given back, on the phone; staff see both at a desk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.security.principals import Role
from storefront.balance import cards
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving

pytestmark = pytest.mark.browser


def test_a_gift_card_pays_and_the_receipt_says_so(house_server: Serving, window: Callable[..., Eyes]) -> None:
    house = house_server.house
    with house.database.transaction() as session:
        code = cards.issue(session, 1000, "EUR", by="test", at=house.clock.now()).code
    eyes = window(PHONE)
    eyes.go("/m")
    eyes.page.click("button[value=all]")
    eyes.page.wait_for_selector(".bottomnav")
    eyes.go("/m/balance")
    eyes.page.fill("#code", code)
    eyes.page.click("text=Load >> nth=-1")
    eyes.page.wait_for_selector("[data-entry]")
    assert eyes.page.inner_text("h1") == "€10.00"
    eyes.look("balance", full=True)
    for product in ("prd_salted_rye_bonbon", "prd_felt_slipper"):
        eyes.go(f"/m/shop/{product}")
        eyes.page.click("form[action='/m/cart/lines'] button")
        eyes.page.wait_for_url("**/m/cart")
    eyes.go("/m/pay")
    eyes.look("pay-balance", full=True)
    eyes.page.click("button:has-text('Pay')")
    eyes.page.wait_for_selector("[data-papers]")
    assert eyes.page.inner_text("[data-balance]") == "€10.00"
    eyes.look("order-receipt", full=True)
    eyes.page.click("[data-papers] a")
    eyes.page.wait_for_selector("[data-paper]")
    eyes.look("receipt", full=True)
    with eyes.page.expect_download() as saved:
        eyes.page.click("a[download]")
    assert Path(saved.value.path()).read_bytes()[:5] == b"%PDF-"
    order = eyes.page.url.split("/")[-3]
    eyes.go(f"/m/orders/{order}")
    eyes.page.click("[data-give-back]")
    eyes.page.fill("#line1", "1")
    eyes.page.check("input[name=reason][value=damaged]")
    eyes.look("give-back", full=True)
    eyes.page.click("text=See what I get")
    eyes.page.wait_for_selector("[data-worth]")
    assert eyes.page.inner_text("[data-worth]") == "€2.40"
    eyes.look("give-back-worth", full=True)
    eyes.page.click("button:has-text('Give them back')")
    eyes.page.wait_for_selector("[data-withdraw]")
    eyes.look("give-back-asked", full=True)
    desk = window(DESKTOP)
    desk.enter(house_server.link(Role.OPERATOR))
    desk.go(f"/console/orders/{order}")
    desk.look("order-console", full=True)
    desk.page.click("[data-papers] a")
    desk.page.wait_for_selector("[data-paper]")
    desk.look("receipt-console", full=True)
