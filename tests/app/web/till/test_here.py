"""The code on the till's screen, and the phone that scans it."""

from __future__ import annotations

import re

from app.security.principals import Role
from geofences import facade as geofences
from tests.app.web.conftest import BONBON_SHOP, Town


class TestHere:
    def test_it_changes_and_is_for_the_stores_of_the_clerk_alone(self, town: Town) -> None:
        clerk = town.browser(Role.CLERK, place_ids=(BONBON_SHOP,))
        shown = clerk.get(f"/till/here?place_id={BONBON_SHOP}")
        assert shown.status_code == 200
        assert "<svg" in shown.text
        assert re.search(r">\d{4} \d{4}<", shown.text)
        town.clock.advance(15)
        assert clerk.get(f"/till/here?place_id={BONBON_SHOP}").text != shown.text
        assert clerk.get("/till/here?place_id=plc_ooey_gooey_asema").status_code == 404
        assert 'hx-get="/till/here"' in clerk.get("/till").text


class TestScanned:
    def test_one_button_and_then_it_is_said_once(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        code, _ = geofences.place_code(BONBON_SHOP, town.clock.now(), kind="till")
        page = shopper.get(f"/m/here?code={code}")
        assert f'value="{code}"' in page.text
        said = shopper.post("/m/here", {"code": code})
        assert "The till knows that you are here." in said.text
        assert 'data-good="no"' in shopper.post("/m/here", {"code": "MMP1.t.nonsense"}).text

    def test_a_printed_code_says_that_it_counts_for_little(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        code, _ = geofences.place_code(BONBON_SHOP, town.clock.now(), kind="printed_code", label="aisle-3")
        assert "it counts for a little only" in shopper.post("/m/here", {"code": code}).text
