"""A card kept by her word, one tap the next time, and gone again: on a phone and on a desk, in both lights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Eyes
from tests.browser.test_story import fresh_shopper

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_keep_one_tap_remove(window: Callable[..., Eyes]) -> None:
    eyes = window(PHONE)
    page = eyes.page
    fresh_shopper(eyes)
    eyes.go("/m/payment-methods")
    eyes.look("cards-none")
    eyes.go("/m/shop/prd_dark_74_bar")
    page.get_by_role("button", name="Add to the cart").click()
    page.get_by_role("link", name="Pay €5.90").click()
    expect(page.get_by_label("Keep this card for next time")).not_to_be_checked()
    page.get_by_label("Keep this card for next time").check()
    eyes.look("pay-keep")
    eyes.keep("pay-keep")
    page.get_by_role("button", name="Pay €5.90").click()
    page.wait_for_selector("#order[data-state=paid]")
    eyes.go("/m/shop/prd_dark_74_bar")
    page.get_by_role("button", name="Add to the cart").click()
    tap = page.get_by_role("button", name="Pay €5.90 with Visa ending in 4242")
    tap.wait_for()
    eyes.look("cart-one-tap")
    eyes.keep("cart-one-tap")
    page.get_by_role("link", name="Pay in another way").click()
    page.get_by_role("button", name="Pay €5.90").wait_for()
    eyes.look("pay-kept")
    eyes.keep("pay-kept")
    eyes.go("/m/cart")
    tap.click()
    page.wait_for_selector("#order[data-state=paid]")
    eyes.go("/m/payment-methods")
    for size, name in ((PHONE, "phone"), (DESKTOP, "desktop")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        eyes.look(f"cards-{name}")
        eyes.keep(f"cards-{name}")
    page.get_by_role("button", name="Remove Visa ending in 4242").click()
    page.get_by_text("No card is kept").wait_for()
