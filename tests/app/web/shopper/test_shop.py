"""The shop and the cart: what a coupon takes off each line, and forms that name what does not fit."""

from __future__ import annotations

import re

import pytest

from app.security.principals import Role
from tests.app.web.conftest import Browser, Town

BONBON, BAR = "prd_salted_rye_bonbon", "prd_dark_74_bar"


@pytest.fixture
def shopper(town: Town) -> Browser:
    return town.browser(Role.SHOPPER)


def line_ids(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'hx-post="/m/cart/lines/([^"]+)"', text)))


class TestShop:
    def test_search_and_category(self, shopper: Browser) -> None:
        assert "Salted Rye Bonbon" in shopper.get("/m/shop?q=sAlTéd").text
        assert "Nothing found" in shopper.get("/m/shop?q=zebra").text
        assert "Salted Rye Bonbon" not in shopper.get("/m/shop?category=books").text

    def test_a_slip_is_understood_and_said(self, shopper: Browser) -> None:
        text = shopper.get("/m/shop?q=bonbom").text
        assert "“bonbom” is read as bonbon" in text
        assert "Salted Rye Bonbon" in text

    def test_what_can_be_chosen_is_kept_beside_the_rest(self, shopper: Browser) -> None:
        text = shopper.get("/m/shop?category=shoes&sort=price_down&option=size:41").text
        assert "Harbour Sneaker" in text
        assert "Felt Slipper" not in text
        assert 'href="/m/shop?category=shoes&amp;sort=price_down&amp;in_stock=true&amp;option=size%3A41"' in text
        assert 'href="/m/shop?category=shoes&amp;sort=price_down"' in text  # the chosen one takes itself back
        assert shopper.get("/m/shop?sort=worst").status_code == 422

    def test_one_of_several_kinds_is_chosen_on_its_page(self, town: Town, shopper: Browser) -> None:
        text = shopper.get("/m/shop/prd_harbour_sneaker").text
        kinds = re.findall(r'name="product_id" value="([^"]+)" required (disabled)?', text)
        assert [bool(gone) for _, gone in kinds] == [False, False, True, False, False, False]
        refused = shopper.post("/m/cart/lines", {"product_id": "prd_harbour_sneaker"})
        assert (refused.status_code, "comes in several kinds" in refused.text) == (422, True)
        shopper.post("/m/cart/lines", {"product_id": kinds[0][0]})
        assert "Harbour Sneaker, 37" in shopper.get("/m/cart").text

    def test_what_lies_in_our_stores(self, shopper: Browser) -> None:
        text = shopper.get(f"/m/shop/{BONBON}").text
        assert re.search(r"Ooey Gooey [^<]+</span><span class=\"small soft\">\d+ pieces, aisle \d", text)

    def test_a_coupon_is_laid_in_on_the_way(self, town: Town, shopper: Browser) -> None:
        coupon = town.coupon(shopper)
        assert "is in your cart: 25 % off" in shopper.get(f"/m/shop?coupon={coupon.id}").text


class TestCart:
    def test_the_discount_of_each_line(self, town: Town, shopper: Browser) -> None:
        coupon = town.coupon(shopper)
        shopper.post("/m/cart/lines", {"product_id": BONBON, "quantity": "2"})
        shopper.post("/m/cart/lines", {"product_id": BAR})
        text = shopper.post("/m/cart/coupon", {"code": coupon.code}, htmx=True).text
        assert re.findall(r"data-line-discount>([^<]+)<", text) == ["−€1.20"]
        assert re.findall(r"data-total>([^<]+)<", text) == ["€9.50"]
        out = shopper.post("/m/cart/coupon", {"code": ""}, htmx=True).text
        assert re.findall(r"data-total>([^<]+)<", out) == ["€10.70"]

    def test_a_coupon_that_does_not_apply_says_why(self, town: Town, shopper: Browser) -> None:
        coupon = town.coupon(shopper)
        shopper.post("/m/cart/lines", {"product_id": BAR})
        assert "This coupon does not apply to your cart." in shopper.post("/m/cart/coupon", {"code": coupon.id}, htmx=True).text

    def test_an_unknown_code_is_an_answer_on_the_page(self, shopper: Browser) -> None:
        shopper.post("/m/cart/lines", {"product_id": BAR})
        answer = shopper.post("/m/cart/coupon", {"code": "NOPE"}, htmx=True)
        assert answer.status_code == 200
        assert 'class="notice bad"' in answer.text
        assert shopper.post("/m/cart/coupon", {"code": "NOPE"}).status_code == 409

    def test_more_fewer_none(self, shopper: Browser) -> None:
        shopper.post("/m/cart/lines", {"product_id": BAR})
        [line_id] = line_ids(shopper.get("/m/cart").text)
        assert re.findall(r"data-total>([^<]+)<", shopper.post(f"/m/cart/lines/{line_id}", {"quantity": "3"}, htmx=True).text) == ["€17.70"]
        assert "Your cart is empty" in shopper.post(f"/m/cart/lines/{line_id}", {"quantity": "0"}, htmx=True).text

    @pytest.mark.parametrize("quantity", ["0", "100", "-1", "two", "1.5"])
    def test_a_quantity_that_is_none(self, shopper: Browser, quantity: str) -> None:
        answer = shopper.post("/m/cart/lines", {"product_id": BAR, "quantity": quantity})
        assert answer.status_code == 422
        assert "quantity: a whole number from 1 to 99" in answer.text
        assert "Your cart is empty" in shopper.get("/m/cart").text

    def test_anothers_line_does_not_exist(self, town: Town, shopper: Browser) -> None:
        shopper.post("/m/cart/lines", {"product_id": BAR})
        [line_id] = line_ids(shopper.get("/m/cart").text)
        assert town.browser(Role.SHOPPER).post(f"/m/cart/lines/{line_id}", {"quantity": "0"}).status_code == 404
        assert line_ids(shopper.get("/m/cart").text) == [line_id]
