"""From paid to handed over on the two pages: hers and the clerk's."""

from __future__ import annotations

import re

from app.kernel.relay import Relay
from app.privacy.purposes import Purpose
from app.security.principals import Role
from tests.app.web.conftest import BONBON_SHOP, Browser, Town


def bought(town: Town, me: Browser) -> str:
    """A bar to be fetched from the shop; the order's number."""
    me.post("/m/cart/lines", {"product_id": "prd_dark_74_bar"})
    me.post("/m/cart/delivery", {"method": "pickup", "collect_at": BONBON_SHOP})
    total = re.findall(r'name="expected_total_minor" value="(\d+)"', me.get("/m/pay").text)[0]
    answer = me.post("/m/pay", {"payment_method": "pm_card_visa", "expected_total_minor": total})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rsplit("/", 1)[1]


class TestCollections:
    def test_picked_arrived_and_handed_over_against_the_code(self, town: Town) -> None:
        me, clerk, other = town.browser(Role.SHOPPER), town.browser(Role.CLERK, place_ids=(BONBON_SHOP,)), town.browser(Role.CLERK, place_ids=("plc_ooey_gooey_asema",))
        me.post("/m/addresses", {"name": "Jane Doe", "line1": "Mannerheimintie 5", "postcode": "00100", "city": "Helsinki", "country": "FI"})
        order_id = bought(town, me)
        assert "We are packing it" in me.get(f"/m/orders/{order_id}").text
        told = clerk.get("/till/collections").text
        assert (order_id in told, me.id in told, "Doe" in told) == (True, False, False)
        assert order_id not in other.get("/till/collections").text
        assert other.post(f"/till/collections/{order_id}/ready").status_code == 404
        assert me.get(f"/m/orders/{order_id}/collect").status_code == 303  # nothing to show yet
        assert clerk.post(f"/till/collections/{order_id}/ready").status_code == 303
        assert "Ready for you" in me.get(f"/m/orders/{order_id}").text
        assert me.post(f"/m/orders/{order_id}/here").status_code == 303
        assert "<bdi>Jane</bdi> has arrived" in clerk.get("/till/collections").text
        digits = re.findall(r"data-live-digits[^>]*>(\d{4} \d{4})<", me.get(f"/m/orders/{order_id}/collect").text)[0]
        wrong = clerk.post(f"/till/collections/{order_id}/hand-over", {"code": "0000 0000"})
        assert (wrong.status_code, "not genuine" in wrong.text) == (422, True)
        assert clerk.post(f"/till/collections/{order_id}/hand-over", {"code": digits}).status_code == 303
        assert clerk.post(f"/till/collections/{order_id}/hand-over", {"code": digits}).status_code == 422
        assert order_id not in clerk.get("/till/collections").text
        assert "It is yours" in me.get(f"/m/orders/{order_id}").text

    def test_the_orders_page_asks_whether_her_phone_may_tell_her_and_the_message_leads_back_to_it(self, town: Town) -> None:
        """Planted bug: the question is still there after her yes."""
        me, clerk = town.browser(Role.SHOPPER, consents=(Purpose.ANALYTICS,)), town.browser(Role.CLERK, place_ids=(BONBON_SHOP,))
        order_id = bought(town, me)
        assert "Tell me on my phone" in me.get(f"/m/orders/{order_id}").text
        assert me.post(f"/m/orders/{order_id}/tell-me").headers["location"] == f"/m/orders/{order_id}"
        assert "Tell me on my phone" not in me.get(f"/m/orders/{order_id}").text
        clerk.post(f"/till/collections/{order_id}/ready")
        for prompt in (True, False):
            Relay(town.house.database, town.house.subscriptions, prompt=prompt).run_until_idle()
        assert f'href="/m/orders/{order_id}"' in me.get("/m").text

    def test_anothers_order_shows_no_code(self, town: Town) -> None:
        me, other = town.browser(Role.SHOPPER), town.browser(Role.SHOPPER)
        order_id = bought(town, me)
        assert [other.get(f"/m/orders/{order_id}/collect").status_code, other.post(f"/m/orders/{order_id}/here").status_code] == [404, 404]
