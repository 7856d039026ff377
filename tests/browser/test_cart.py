"""Several coupons, a delivery at a time and cashback on the phone: what each gives is seen before paying, and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from app.kernel.ids import new_id
from offers import facade as offers
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving
from tests.browser.test_story import fresh_shopper
from tests.offers.builders import go_live, moment, weigh

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

Window = Callable[..., Eyes]
GIVEN: dict[str, dict[str, Any]] = {
    "10 % off everything": {"kind": "percent", "percent": 10, "max_discount_minor": 500},
    "Free delivery": {"kind": "free_delivery", "max_discount_minor": 600},
    "5 % back with Visa": {"kind": "cashback", "percent": 5, "payment_methods": ["visa"], "max_discount_minor": 500},
    "€0.30 off": {"kind": "amount", "amount_minor": 30},
}


def give(served: Serving, shopper_id: str) -> None:
    """A coupon of each; the last does not go with others."""
    at = served.house.clock.now()
    with served.house.database.transaction() as session:
        for title, benefit in GIVEN.items():
            stacking = {"combinable": title != "€0.30 off"}
            campaign_id = go_live(session, new_id("cam"), at, title=title, benefit=benefit, stacking=stacking, schedule={})
            weigh(session, moment(new_id("mom"), shopper_id, at=at), at)
            offers.end_campaign(session, campaign_id, at=at)


class TestCart:
    @pytest.mark.parametrize(("size", "name"), [(PHONE, "phone"), (DESKTOP, "desktop")])
    def test_each_share_and_why_these(self, house_server: Serving, window: Window, size: tuple[int, int], name: str) -> None:
        eyes = window(size)
        page = eyes.page
        fresh_shopper(eyes)
        give(house_server, eyes.my_id())
        eyes.go("/m/addresses")
        for box, text in (("name", "Jane Doe"), ("line1", "Mannerheimintie 5"), ("postcode", "00100"), ("city", "Helsinki")):
            page.fill(f"#f-{box}", text)
        page.get_by_role("button", name="Keep this address").click()
        page.wait_for_selector("[data-address]")
        eyes.look(f"addresses-{name}")
        eyes.go("/m/shop/prd_dark_74_bar")
        page.get_by_role("button", name="Add to the cart").click()
        page.get_by_label("Home delivery").check()
        page.get_by_role("link", name="Choose a time").wait_for()
        page.locator("#f-slot").select_option(page.locator("#f-slot option:has-text('€4.90')").first.get_attribute("value"))
        page.get_by_role("link", name="Pay").wait_for()
        expect(page.locator("[data-delivery]")).to_have_text("€4.90")
        page.get_by_role("button", name="Use the best of your coupons").click()
        expect(page.locator("[data-total]")).to_have_text("€5.31")
        assert sorted(page.locator("[data-share]").all_inner_texts()) == ["−€0.59", "−€4.90"]
        assert page.locator("[data-cashback]").inner_text() == "€0.30"
        page.get_by_text("Why these?").click()
        assert "“€0.30 off”: at best" in page.locator("details[open]").inner_text()
        eyes.look(f"cart-several-{name}")
        eyes.keep(f"cart-{name}")
        page.get_by_role("button", name="Use €0.30 off").click()
        page.wait_for_selector("text=cannot be used together")
        page.get_by_role("link", name="Pay €5.31").click()
        page.wait_for_selector("#pay")
        eyes.look(f"pay-several-{name}")
        eyes.keep(f"pay-{name}")
        page.get_by_role("button", name="Pay €5.31").click()
        page.wait_for_selector("#order[data-state=paid]")
        expect(page.locator("[data-share]")).to_have_count(2)
        assert "Mannerheimintie 5" in page.locator("[data-slot]").inner_text()
        page.get_by_text("Another time").click()
        page.locator("#f-slot").select_option(index=0)
        first = page.locator("[data-slot]").get_attribute("data-slot")
        page.get_by_role("button", name="Move it there").click()
        page.wait_for_selector(f"[data-slot]:not([data-slot='{first}'])")
        eyes.look(f"order-several-{name}")
        eyes.keep(f"order-{name}")
