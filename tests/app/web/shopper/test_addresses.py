from __future__ import annotations

import re
from collections.abc import Callable

from app.security.principals import Role
from tests.app.web.conftest import Browser

FORM = {"name": "Jane Doe", "line1": "Mannerheimintie 5", "line2": "A 3", "postcode": "00100", "city": "Helsinki", "country": "FI"}


class TestAddressesPage:
    def test_write_one_change_it_add_another_and_remove(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        assert "Your first address" in me.get("/m/addresses").text
        assert me.post("/m/addresses", FORM).status_code == 303
        page = me.get("/m/addresses").text
        assert "FI-00100 HELSINKI" in page
        [address_id] = re.findall(r'data-address="(\w+)"', page)
        assert 'value="Mannerheimintie 5"' in me.get(f"/m/addresses/{address_id}").text
        assert me.post(f"/m/addresses/{address_id}", FORM | {"city": "Espoo", "postcode": "02100"}).status_code == 303
        assert me.post("/m/addresses", FORM | {"name": "Work", "default": "1"}).status_code == 303
        page = me.get("/m/addresses").text
        assert page.index("Work") < page.index("FI-02100 ESPOO")
        assert page.count("Counts unless you choose another") == 1
        assert me.post(f"/m/addresses/{address_id}/remove").status_code == 303
        assert "ESPOO" not in me.get("/m/addresses").text

    def test_what_is_wrong_stands_at_its_box_and_nothing_written_is_lost(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        answer = me.post("/m/addresses", FORM | {"postcode": "12", "name": "<b>Jane</b>"})
        assert answer.status_code == 422
        assert "a postcode of Finland, such as 00550" in answer.text
        assert "&lt;b&gt;Jane" in answer.text
        assert 'value="Mannerheimintie 5"' in answer.text
        assert "data-address" not in me.get("/m/addresses").text

    def test_anothers_is_not_found(self, browser: Callable[..., Browser]) -> None:
        me, other = browser(Role.SHOPPER), browser(Role.SHOPPER)
        other.post("/m/addresses", FORM)
        [theirs] = re.findall(r'data-address="(\w+)"', other.get("/m/addresses").text)
        answers = [me.get(f"/m/addresses/{theirs}"), me.post(f"/m/addresses/{theirs}", FORM), me.post(f"/m/addresses/{theirs}/remove")]
        assert [a.status_code for a in answers] == [404, 404, 404]
