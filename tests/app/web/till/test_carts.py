"""A cart between phone and till over HTTP, in both directions; and a cart page that follows what another phone did."""

from __future__ import annotations

import re

from app.security.principals import Role
from tests.app.web.conftest import BONBON_SHOP, HTMX, Browser, Town

OTHER_SHOP = "plc_ooey_gooey_asema"


def code_of(page: str) -> str:
    return re.findall(r"data-cart-code>([^<]+)<", page)[0]


def version_of(me: Browser) -> str:
    return re.findall(r'data-version="(\d+)"', me.get("/m/cart").text)[0]


class TestToTheTill:
    def test_shown_taken_paid_and_the_phone_moves_on(self, town: Town) -> None:
        me, clerk, other = (town.browser(role, place_ids=places) for role, places in ((Role.SHOPPER, ()), (Role.CLERK, (BONBON_SHOP,)), (Role.CLERK, (OTHER_SHOP,))))
        assert me.post("/m/cart/code").headers["location"] == "/m/cart"  # nothing to show
        me.post("/m/cart/lines", {"product_id": "prd_dark_74_bar", "quantity": 2})
        page = me.post("/m/cart/code").text
        code = code_of(page)
        waits = re.findall(r'hx-get="(/m/cart/shown[^"]+)"', page)[0]
        assert me.get(waits, headers=HTMX).status_code == 204
        assert other.post("/till/carts/take", {"code": code, "place_id": BONBON_SHOP}).status_code == 403
        wrong = clerk.post("/till/carts/take", {"code": "ABCD-EFGH", "place_id": BONBON_SHOP})
        assert (wrong.status_code, "no cart with this code" in wrong.text) == (404, True)
        home = clerk.post("/till/carts/take", {"code": code, "place_id": BONBON_SHOP}).headers["location"]
        order_id = home.rpartition("#o-")[2]
        again = clerk.post("/till/carts/take", {"code": code, "place_id": BONBON_SHOP})
        assert (again.status_code, "used already" in again.text) == (409, True)
        till = clerk.get("/till/cash").text
        assert (f'data-owed="{order_id}"' in till, "€11.80" in till, me.id in till) == (True, True, False)
        assert order_id not in other.get("/till/cash").text
        assert me.get(waits, headers=HTMX).headers["hx-redirect"] == "/m/orders/last"
        assert "You pay €11.80 at the till" in me.get(f"/m/orders/{order_id}").text
        assert 'data-line=' not in me.get("/m/cart").text


class TestToThePhone:
    def test_put_together_shown_and_taken_by_one(self, town: Town) -> None:
        clerk, me, other = town.browser(Role.CLERK, place_ids=(BONBON_SHOP,)), town.browser(Role.SHOPPER), town.browser(Role.SHOPPER)
        nothing = clerk.post("/till/carts/code")
        assert nothing.status_code == 409
        assert clerk.post("/till/carts/lines", {"product": "prd_dark_74_bar", "quantity": "2"}).status_code == 303
        unknown = clerk.post("/till/carts/lines", {"product": "zzzzqqq", "quantity": "1"})
        assert (unknown.status_code, "nothing is sold by this name" in unknown.text) == (422, True)
        several = clerk.post("/till/carts/lines", {"product": "bar", "quantity": "1"})
        assert (several.status_code, "which one:" in several.text) == (422, True)
        code = code_of(clerk.post("/till/carts/code").text)
        asked = me.get(f"/m/cart/take?code={code}").text
        assert f'value="{code}"' in asked
        assert "data-line=" not in me.get("/m/cart").text  # a link alone takes nothing
        assert me.post("/m/cart/take", {"code": code}).headers["location"] == "/m/cart"
        assert 'data-line="prd_dark_74_bar"' in me.get("/m/cart").text
        late = other.post("/m/cart/take", {"code": code})
        assert (late.status_code, "used already" in late.text) == (409, True)
        assert "2 × " not in clerk.get("/till/carts").text


class TestChanges:
    def test_an_open_cart_follows_and_stays_when_nothing_happened(self, town: Town) -> None:
        """Planted bug: the version not compared loads every open cart anew every five seconds, under the finger of whoever looks at it."""
        me = town.browser(Role.SHOPPER)
        me.post("/m/cart/lines", {"product_id": "prd_dark_74_bar"})
        seen = version_of(me)
        for _ in range(2):
            assert me.get(f"/m/cart/changes?version={seen}", headers=HTMX).status_code == 204
        me.post("/m/cart/lines", {"product_id": "prd_dark_74_bar"})  # on another phone of hers
        told = me.get(f"/m/cart/changes?version={seen}", headers=HTMX)
        assert (told.status_code, "€11.80" in told.text, f'data-version="{seen}"' in told.text) == (200, True, False)
