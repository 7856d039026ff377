"""The live code on a phone in a real browser: it changes, also without a network, and a picture of it is worthless soon."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from app.security.principals import Role
from offers import coupon_token, rotating
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving
from tests.browser.test_story import READ_QR, fresh_shopper, qr_on

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

Window = Callable[..., Eyes]


def shows_a_coupon(window: Window, size: tuple[int, int] = PHONE) -> Eyes:
    phone = window(size)
    fresh_shopper(phone)
    phone.walk_in()
    phone.page.get_by_role("link", name="Show code").click()
    phone.page.wait_for_selector("[data-live-left] >> text=/Changes in \\d+ s/")
    return phone


def digits_on(phone: Eyes) -> str:
    return phone.page.locator("[data-live-digits]").inner_text().replace(" ", "")


class TestLiveCode:
    def test_looks(self, window: Window) -> None:
        for size, name in ((PHONE, "phone"), (DESKTOP, "desktop")):
            shown = shows_a_coupon(window, size)
            shown.look(f"coupon-live-{name}")
            shown.page.get_by_role("link", name="Does the till read only bars?").click()
            shown.page.wait_for_selector(".bars svg")
            shown.look(f"coupon-bars-{name}")

    def test_the_phone_s_own_code_is_the_one_the_server_expects(self, window: Window) -> None:
        """JavaScript and Python make the same code from the same secret, in the same step."""
        phone = shows_a_coupon(window)
        secret = base64.b64decode(phone.page.locator("[data-live]").get_attribute("data-secret") or "")
        found = rotating.step_made(secret, digits_on(phone), datetime.now(UTC).timestamp())
        assert found is not None
        assert found.good

    def test_it_goes_on_without_a_network_and_is_taken_at_the_till(self, house_server: Serving, window: Window) -> None:
        phone = shows_a_coupon(window)
        phone.context.set_offline(True)
        old = digits_on(phone)
        expect(phone.page.locator("[data-live-digits]")).not_to_have_text(f"{old[:4]} {old[4:]}", timeout=30_000)
        till = window(DESKTOP)
        till.enter(house_server.link(Role.CLERK))
        [text] = till.page.evaluate(READ_QR, qr_on(phone))
        assert text.endswith(f".{digits_on(phone)}")
        shown = coupon_token.read(text)
        assert isinstance(shown, coupon_token.Shown)
        assert shown.claims.benefit_text == "25 % off, up to €10.00"
        picture = text.removesuffix(digits_on(phone)) + old  # of a minute ago, say
        till.page.wait_for_timeout(31_000)
        till.page.fill("#code", picture)
        till.page.keyboard.press("Enter")
        till.page.wait_for_selector("[data-verdict=scan_refused] >> text=seconds old")
        [fresh] = till.page.evaluate(READ_QR, qr_on(phone))
        till.page.fill("#code", fresh)
        till.page.keyboard.press("Enter")
        till.page.wait_for_selector("[data-verdict=redeemed]")
        assert till.said == []
