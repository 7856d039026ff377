"""Paying: the sum shown is the sum charged, a second press charges nothing, and an order is paid only when its state says so."""

from __future__ import annotations

import pytest

from app.security.principals import Role
from app.web.shopper.checkout import TEST_CARDS
from storefront import facade as storefront
from tests.app.web.conftest import HTMX, Browser, Town

BAR = "prd_dark_74_bar"


@pytest.fixture
def shopper(town: Town) -> Browser:
    made = town.browser(Role.SHOPPER)
    made.post("/m/cart/lines", {"product_id": BAR})
    made.get("/m/cart")
    return made


def orders(town: Town, shopper: Browser) -> list[storefront.OrderView]:
    with town.house.database.reading() as session:
        return list(storefront.orders(session, shopper.id))


class TestPay:
    def test_one_order_however_often_the_same_press_arrives(self, town: Town, shopper: Browser) -> None:
        form = {"payment_method": "pm_card_visa", "expected_total_minor": "590"}
        answers = [shopper.client.post("/m/pay", data=form, headers=HTMX | {"Idempotency-Key": shopper.id}) for _ in range(2)]
        [order] = orders(town, shopper)
        assert [a.headers["hx-redirect"] for a in answers] == [f"/m/orders/{order.id}"] * 2
        text = shopper.get(f"/m/orders/{order.id}").text
        assert f'data-state="{order.state}"' in text
        assert "€5.90" in text

    def test_another_sum_than_the_one_shown_is_refused(self, town: Town, shopper: Browser) -> None:
        answer = shopper.post("/m/pay", {"payment_method": "pm_card_visa", "expected_total_minor": "1"})
        assert answer.status_code == 409
        assert "the total is 590, not 1" in answer.text
        assert orders(town, shopper) == []

    @pytest.mark.parametrize("method", ["", "4242 4242 4242 4242", "pm_card_visa; drop", "x" * 121])
    def test_what_is_no_payment_method(self, town: Town, shopper: Browser, method: str) -> None:
        assert shopper.post("/m/pay", {"payment_method": method, "expected_total_minor": "590"}).status_code == 422
        assert orders(town, shopper) == []

    def test_an_empty_cart(self, town: Town) -> None:
        answer = town.browser(Role.SHOPPER).post("/m/pay", {"payment_method": "pm_card_visa", "expected_total_minor": "0"})
        assert answer.status_code == 409
        assert "There is nothing to pay" in answer.text

    def test_test_cards_in_the_demo_only(self, town: Town, shopper: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        assert all(card.number in shopper.get("/m/pay").text for card in TEST_CARDS)
        monkeypatch.setattr(town.house, "settings", town.house.settings.model_copy(update={"demo": False}))
        assert "4242" not in shopper.get("/m/pay").text


class TestOrderPage:
    def test_another_does_not_see_it(self, town: Town, shopper: Browser) -> None:
        shopper.post("/m/pay", {"payment_method": "pm_card_visa", "expected_total_minor": "590"})
        [order] = orders(town, shopper)
        other = town.browser(Role.SHOPPER)
        assert other.get(f"/m/orders/{order.id}").status_code == 404
        for way in ("pay", "cancel", "refresh"):
            assert other.post(f"/m/orders/{order.id}/{way}", {"payment_method": "pm_card_visa"}).status_code == 404

    def test_back_from_the_bank(self, town: Town, shopper: Browser) -> None:
        """From another site the browser sends no session, so the page takes one more step on our own."""
        assert 'content="0; url=/m/orders/last"' in town.browser().get("/m/orders/back?payment_intent=pi_1&redirect_status=succeeded").text
        shopper.post("/m/pay", {"payment_method": "pm_card_visa", "expected_total_minor": "590"})
        [order] = orders(town, shopper)
        assert shopper.get("/m/orders/last").headers["location"] == f"/m/orders/{order.id}"


class TestKeptCards:
    def test_kept_by_her_word_then_one_tap_then_removed(self, town: Town, shopper: Browser) -> None:
        """The box is not ticked by itself; a kept card stands in the cart, and pays."""
        assert "checked" not in shopper.get("/m/pay").text.split('name="keep"')[1].split(">")[0]
        shopper.post("/m/pay", {"payment_method": "pm_card_visa", "expected_total_minor": "590", "keep": "1"})
        page = shopper.get("/m/payment-methods").text
        assert "Visa ending in 4242" in page
        assert "Good until 12/2034" in page
        shopper.post("/m/cart/lines", {"product_id": BAR})
        cart = shopper.get("/m/cart").text
        assert "Pay €5.90 with Visa ending in 4242" in cart
        method_id = cart.split('name="payment_method" value="')[1].split('"')[0]
        shopper.post("/m/pay", {"payment_method": method_id, "expected_total_minor": "590", "keep": "1"})
        assert [order.state for order in orders(town, shopper)] == ["paid", "paid"]
        other = town.browser(Role.SHOPPER)
        assert other.post(f"/m/payment-methods/{method_id}/remove").status_code == 404
        shopper.post(f"/m/payment-methods/{method_id}/remove")
        assert "No card is kept" in shopper.get("/m/payment-methods").text
        shopper.post("/m/cart/lines", {"product_id": BAR})
        answer = shopper.post("/m/pay", {"payment_method": method_id, "expected_total_minor": "590"})
        assert answer.status_code == 404
