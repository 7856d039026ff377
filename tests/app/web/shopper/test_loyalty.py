"""Points and cards on the phone: what she has, why, what is missing, and one tap to have it counted or not."""

from __future__ import annotations

import re

import pytest

from app.kernel.relay import Relay
from app.privacy.purposes import Purpose
from app.security.principals import Role
from storefront.facade import Shop
from tests.app.web.conftest import Browser, Town

CORTADO, BARBECUE = "prd_cortado", "prd_balcony_barbecue"
PRICES_MINOR = {CORTADO: 420, BARBECUE: 11_900}
REST = tuple(purpose for purpose in Purpose if purpose is not Purpose.LOYALTY)


@pytest.fixture
def shopper(town: Town) -> Browser:
    return town.browser(Role.SHOPPER, consents=REST)


def bought(town: Town, shopper: Browser, pieces: int, product_id: str = CORTADO) -> None:
    for _ in range(pieces):
        shopper.post("/m/cart/lines", {"product_id": product_id})
    shopper.get("/m/cart")
    paid = shopper.post("/m/pay", {"payment_method": "pm_card_visa", "expected_total_minor": str(pieces * PRICES_MINOR[product_id])})
    assert paid.headers["location"].startswith("/m/orders/")
    heard(town)


def heard(town: Town) -> None:
    shop: Shop = town.house.shop
    for prompt in (True, False):
        Relay(shop.database, town.house.subscriptions, prompt=prompt).run_until_idle()


class TestPage:
    def test_says_what_she_has_and_what_is_missing(self, town: Town, shopper: Browser) -> None:
        bought(town, shopper, 4)
        text = shopper.get("/m/loyalty").text
        assert text.count('<li class="on">') == 4
        assert "2 more</strong>: the cheapest of them back on your balance, up to €5.20." in text
        assert 'data-entry="paid"' in text
        assert "more within 180 days: Silver." in text

    def test_a_full_card_is_on_her_balance_at_once(self, town: Town, shopper: Browser) -> None:
        bought(town, shopper, 6)
        text = shopper.get("/m/loyalty").text
        assert 'data-gift="given"' in text
        assert "1 full" in text
        assert 'data-entry="given"' in shopper.get("/m/balance").text

    def test_points_become_money_and_too_few_do_not(self, town: Town, shopper: Browser) -> None:
        assert shopper.post("/m/loyalty/exchange", {"times": "1"}).status_code == 409
        bought(town, shopper, 1, BARBECUE)
        before = int(re.search(r'data-points="(\d+)"', shopper.get("/m/loyalty").text).group(1))  # type: ignore[union-attr]
        assert before >= 100
        assert shopper.post("/m/loyalty/exchange", {"times": "1"}).headers["location"] == "/m/loyalty"
        assert f'data-points="{before - 100}"' in shopper.get("/m/loyalty").text


class TestChoices:
    def test_one_tap_and_nothing_counts_and_one_tap_back(self, town: Town, shopper: Browser) -> None:
        assert shopper.post("/m/loyalty/counting").headers["location"] == "/m/loyalty"
        assert "Nothing is counted for you now. What you have stays yours." in shopper.get("/m/loyalty").text
        bought(town, shopper, 2)
        text = shopper.get("/m/loyalty").text
        assert 'data-points="0"' in text
        assert '<li class="on">' not in text
        shopper.post("/m/loyalty/counting", {"counted": "on"})
        assert "Stop counting" in shopper.get("/m/loyalty").text

    def test_visits_count_only_with_her_consent_which_is_as_easily_withdrawn(self, shopper: Browser) -> None:
        assert "Count my visits" in shopper.get("/m/loyalty").text
        shopper.post("/m/loyalty/visits", {"granted": "on"})
        assert "Do not count my visits" in shopper.get("/m/loyalty").text
        shopper.post("/m/loyalty/visits")
        assert "Count my visits" in shopper.get("/m/loyalty").text

    def test_the_privacy_signal_is_obeyed(self, shopper: Browser) -> None:
        assert "(Global Privacy Control)" in shopper.get("/m/loyalty", headers={"Sec-GPC": "1"}).text


class TestConsole:
    def test_the_house_reads_the_same_rules_and_the_file(self, town: Town) -> None:
        text = town.browser(Role.MARKETER).get("/console/loyalty").text
        assert "One stamp for each piece of “Cortado” or “Hot Chocolate” you buy. 6 stamps:" in text
        assert "name: Ooey Gooey Club" in text
        assert town.browser(Role.CLERK).get("/console/loyalty").status_code == 403
