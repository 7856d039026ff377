"""A digital good in a real browser: bought, opened, saved as it was put there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from storefront import facade as storefront
from tests.browser.conftest import PHONE, Eyes, Serving
from tests.browser.test_story import fresh_shopper

pytestmark = pytest.mark.browser

BOOK = b"The book of a hundred bonbons. " * 30_000


class TestDigitalGood:
    def test_bought_and_saved(self, house_server: Serving, window: Callable[..., Eyes]) -> None:
        """Planted bug: a link to the file instead of a form opened nothing, and the browser showed a refusal."""
        house = house_server.house
        item = {"id": "prd_book", "name": "A hundred bonbons", "category": "books", "kind": "digital", "price_minor": 900, "currency": "EUR", "stock": 100}
        with house.database.transaction() as session:
            storefront.import_catalogue(session, {"products": [item]}, at=house.clock.now())
            storefront.put_file(session, "prd_book", "bonbons.epub", "application/epub+zip", BOOK, at=house.clock.now())
        eyes = window(PHONE)
        page = eyes.page
        fresh_shopper(eyes)
        eyes.go("/m/shop/prd_book")
        page.get_by_role("button", name="Add to the cart").click()
        page.get_by_role("link", name="Pay €9.00").click()
        page.get_by_role("button", name="Pay €9.00").click()
        page.wait_for_selector("#order[data-state=paid]")
        eyes.look("order-file")
        eyes.keep("order-file")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Download A hundred bonbons").click()
        assert waiting.value.suggested_filename == "bonbons.epub"
        assert Path(waiting.value.path()).read_bytes() == BOOK
        page.reload()
        assert "open until" in page.locator("[data-download]").inner_text()
        eyes.look("order-file-open")
