"""A dispute as an operator sees it, and the order's page on the phone: in both lights, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.demo.phone import Phone
from app.security.principals import Role
from offers import facade as offers
from storefront.disputes.states import DisputeState, DisputeTold
from storefront.orders.disputing import heard
from storefront.orders.repository import fresh
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def dispute(served: Serving, order_id: str) -> None:
    """Her bank takes the money back."""
    at = served.house.clock.now()
    with served.house.database.transaction() as session:
        row = fresh(session, order_id)
        assert row is not None
        told = DisputeTold("du_browser", row.payment_id or "", DisputeState.OPEN, row.total_minor, row.currency, "product_not_received", at + timedelta(days=9), at, at)
        assert heard(session, offers, order_id, told, at=at)


def test_what_to_answer_until_when(house_server: Serving, window: Callable[..., Eyes]) -> None:
    with Phone(house_server.url, "A buyer's phone") as phone:
        phone.consent()
        phone.post("/v1/cart/lines", {"product_id": "prd_dark_74_bar", "quantity": 1})
        placed = phone.post("/v1/checkout", {"payment_method": "pm_card_visa", "expected_total_minor": 590, "return_url": "/m/orders"})
        order_id = placed["detail"]["order"]["id"]
        phone.post(f"/v1/orders/{order_id}/refresh", {})
    dispute(house_server, order_id)
    eyes = window(DESKTOP)
    page = eyes.page
    eyes.enter(house_server.link(Role.OPERATOR))
    eyes.go("/console/disputes")
    for path, name in (("", "disputes"), ("/du_browser", "dispute")):
        if path:
            page.locator("[data-dispute=du_browser] a").click()
            page.wait_for_selector("[data-state=open]")
        for size, kind in ((DESKTOP, "desktop"), (PHONE, "phone")):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            eyes.look(f"{name}-{kind}")
            eyes.keep(f"{name}-{kind}")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as JSON").click()
    assert order_id in saved.value.path().read_text(encoding="utf-8")
