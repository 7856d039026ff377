"""Something in the cart, then signing in: the page says what was joined, on a phone and on a desk, in both lights."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.security import people
from app.security.principals import Principal, Role
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving
from tests.browser.test_story import fresh_shopper

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_the_cart_goes_along(house_server: Serving, window: Callable[..., Eyes]) -> None:
    eyes = window(PHONE)
    page = eyes.page
    fresh_shopper(eyes)
    eyes.go("/m/shop/prd_dark_74_bar")
    page.get_by_role("button", name="Add to the cart").click()
    page.get_by_role("link", name="Pay €5.90").wait_for()
    at, guest = house_server.house.clock.now(), eyes.my_id()
    with house_server.house.database.transaction() as session:
        account = people.register_device(session, "Her other phone", "ios", at)
        people.claim_account(session, Principal(Role.SHOPPER, account.shopper_id), "joined@example.org", "hash", at=at)
        [device_id] = people.device_ids_of(session, guest)
        people.join(session, device_id, account.shopper_id)
    for path in ("/m/cart", "/m/me"):
        eyes.go(path)
        page.get_by_text("1 piece in your cart").wait_for()
        for size, name in ((PHONE, "phone"), (DESKTOP, "desktop")):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            eyes.look(f"joined-{name}")
            eyes.keep(f"joined-{path[3:]}-{name}")
    assert page.locator("[data-joined]").count() == 1
