"""Her list on the phone: kept with one tap, seen with where it lies, taken off."""

from __future__ import annotations

import re

from app.security.principals import Role
from tests.app.web.conftest import Town

BONBON, SNEAKER = "prd_salted_rye_bonbon", "prd_harbour_sneaker"


class TestStory:
    def test_kept_seen_taken_off(self, town: Town) -> None:
        jane = town.browser(Role.SHOPPER)
        assert "Nothing on your list" in jane.get("/m/wishes").text
        assert "Keep for later" in jane.get(f"/m/shop/{BONBON}").text
        made = jane.post("/m/wishes", {"of": BONBON, "product_id": BONBON, "wanted": "yes", "quantity": "1"})
        assert (made.status_code, made.headers["location"]) == (303, f"/m/shop/{BONBON}")
        assert "On your list" in jane.get(f"/m/shop/{BONBON}").text
        size = re.findall(r'name="product_id" value="([^"]+)" required', jane.get(f"/m/shop/{SNEAKER}").text)[1]
        jane.post("/m/wishes", {"of": SNEAKER, "product_id": size, "wanted": "yes"})
        assert re.search(r"On your list: \d+", jane.get(f"/m/shop/{SNEAKER}").text)
        page = jane.get("/m/wishes").text
        assert re.findall(r'data-wish="([^"]+)"', page) == [size, BONBON]
        assert "Ooey Gooey Kluuvi" in page
        jane.post("/m/wishes", {"of": SNEAKER})
        jane.post("/m/wishes", {"of": BONBON, "then": "list"})
        assert "Nothing on your list" in jane.get("/m/wishes").text
        assert jane.post("/m/wishes", {"of": "prd_gone", "wanted": "yes"}).status_code == 404
