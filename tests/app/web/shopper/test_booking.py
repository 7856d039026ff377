"""A service's page and the steps of a booked one, as pages without a script."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.security.principals import Role
from tests.app.web.conftest import Browser

COURSE = "/m/shop/prd_praline_course"


def first_free(page: str) -> str:
    """The first time of the page that can be chosen."""
    return next(found[1] for found in re.finditer(r'name="slot_id" value="([^"]+)" required ([^>]*)>', page) if "disabled" not in found[2])


class TestPicker:
    def test_each_choice_is_an_address(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        page = me.get(COURSE).text
        assert ("from</span> €35.00" in page, "45 minutes" in page, "Sold out" in page) == (True, True, False)
        days = re.findall(r'href="(/m/shop/prd_praline_course\?place=[^"]+?&amp;day=[^"]+)"', page)
        assert len(days) >= 14
        other = me.get(days[-1].replace("&amp;", "&")).text
        assert first_free(other) != first_free(page)
        assert me.get(f"{COURSE}?place=plc_none&day=never").status_code == 200

    def test_without_a_time_or_with_one_that_is_gone_she_is_asked_again(self, browser: Callable[..., Browser]) -> None:
        """Planted bug: the refusal was shown as an error page; from a list of products there was no way to the times."""
        me = browser(Role.SHOPPER)
        quick = me.post("/m/cart/lines", {"product_id": "prd_praline_course"})
        assert (quick.status_code, quick.headers["location"]) == (303, COURSE)
        gone = me.post("/m/cart/lines", {"product_id": "prd_praline_course", "slot_id": "svc_x.20200101.1000"})
        assert gone.headers["location"] == f"{COURSE}?gone=true"
        assert "can no longer be booked" in me.get(gone.headers["location"]).text

    def test_laid_in_the_cart_says_when_and_where(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        me.post("/m/cart/lines", {"product_id": "prd_praline_course", "slot_id": first_free(me.get(COURSE).text), "quantity": "2"})
        page = me.get("/m/cart").text
        assert ("data-time" in page, "Ooey Gooey" in page, "How you get it" in page) == (True, True, False)


class TestTill:
    def test_a_booking_that_is_none_is_refused(self, browser: Callable[..., Browser]) -> None:
        maria = browser(Role.CLERK)
        assert "Nobody has booked anything today" in maria.get("/till/bookings").text
        assert maria.post("/till/bookings/bkg_none/check-in", {"code": "12345678"}).status_code == 404
