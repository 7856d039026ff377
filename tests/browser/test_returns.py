"""The clerk takes pieces of an order back, on a phone and at a desk, in both lights."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.demo.phone import Phone
from app.security.principals import Role
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def order_id(house_server: Serving) -> str:
    """A bar and three bonbons, paid."""
    with Phone(house_server.url, "A buyer's phone") as phone:
        phone.consent()
        for product_id, quantity in (("prd_salted_rye_bonbon", 3), ("prd_dark_74_bar", 1)):
            phone.post("/v1/cart/lines", {"product_id": product_id, "quantity": quantity})
        placed = phone.post("/v1/checkout", {"payment_method": "pm_card_visa", "expected_total_minor": 1310, "return_url": "/m/orders"})
        found = placed["detail"]["order"]["id"]
        phone.post(f"/v1/orders/{found}/refresh", {})
    return found


@pytest.mark.parametrize(("size", "role", "page"), [(PHONE, Role.CLERK, "/till/returns"), (DESKTOP, Role.OPERATOR, "/console/orders")])
def test_a_piece_comes_back(
    house_server: Serving, order_id: str, window: Callable[..., Eyes], size: tuple[int, int], role: Role, page: str
) -> None:
    eyes = window(size)
    eyes.enter(house_server.link(role))
    eyes.go(page)
    eyes.look(f"returns-find-{size[0]}", full=True)
    eyes.page.fill("#order", order_id)
    eyes.page.click("button:has-text('Open')")
    eyes.page.wait_for_selector("#line1")
    eyes.look(f"returns-order-{size[0]}", full=True)
    eyes.page.fill("#line1", "1")
    eyes.page.click("text=Take back and pay back")
    eyes.page.wait_for_selector("[data-back]")
    assert "€2.40" in eyes.page.inner_text("[data-back]")
    eyes.look(f"returns-done-{size[0]}", full=True)
