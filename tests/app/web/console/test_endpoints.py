"""The console: figures that are true, states that move once, filters, and why for any id."""

from __future__ import annotations

import json
import re

import pytest

from app.security.principals import Role
from tests.app.web.conftest import Browser, Town

BONBON = "cam_bonbon_of_the_month"


@pytest.fixture
def marketer(town: Town) -> Browser:
    return town.browser(Role.MARKETER)


class TestCampaigns:
    def test_eight_with_state_and_budget(self, marketer: Browser) -> None:
        text = marketer.get("/console/campaigns").text
        assert len(re.findall("data-campaign=", text)) == 9
        assert "of €50,000.00" in text
        assert "At any shop of Ooey Gooey" in text

    def test_pause_stops_offers_and_activate_starts_them(self, town: Town, marketer: Browser) -> None:
        assert marketer.post(f"/console/campaigns/{BONBON}/pause").headers["location"] == f"/console/campaigns/{BONBON}"
        text = marketer.get(f"/console/campaigns/{BONBON}").text
        assert "data-campaign-state>paused<" in text
        assert ">Activate<" in text
        again = marketer.post(f"/console/campaigns/{BONBON}/pause")
        marketer.post(f"/console/campaigns/{BONBON}/activate")
        assert again.status_code in (303, 409)
        assert "data-campaign-state>live<" in marketer.get(f"/console/campaigns/{BONBON}").text

    def test_an_unknown_one(self, marketer: Browser) -> None:
        assert marketer.get("/console/campaigns/cam_none").status_code == 404


class TestDecisions:
    def test_filters(self, town: Town, marketer: Browser) -> None:
        shopper = town.browser(Role.SHOPPER)
        withheld = town.withheld(shopper)
        every = marketer.get(f"/console/decisions?shopper={shopper.id}").text
        assert len(re.findall("data-decision=", every)) == 2
        only = marketer.get(f"/console/decisions?shopper={shopper.id}&outcome=withheld&campaign={BONBON}").text
        assert re.findall('data-decision="([^"]+)"', only) == [withheld]
        assert "shopper window cap reached" in only
        assert "No such decision" in marketer.get("/console/decisions?shopper=nobody").text

    def test_why_not(self, town: Town, marketer: Browser) -> None:
        withheld = town.withheld(town.browser(Role.SHOPPER))
        text = marketer.get(f"/console/decisions/{withheld}").text
        assert "Why no offer was made" in text
        assert "<code>shopper_window_cap_reached</code>" in text


class TestExplain:
    def test_from_any_id(self, town: Town, marketer: Browser) -> None:
        coupon = town.coupon(town.browser(Role.SHOPPER))
        for any_id in (coupon.id, coupon.decision_id, coupon.moment_id):
            text = marketer.get(f"/explain/{any_id}").text
            assert "was offered because the shopper walked into Ooey Gooey Kluuvi" in text, any_id
            assert coupon.code not in text

    def test_for_the_shopper_in_her_words(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        coupon = town.coupon(shopper)
        text = shopper.get(f"/explain/{coupon.id}").text
        assert "You got this because you walked into Ooey Gooey Kluuvi" in text
        assert "Shopper</dt>" not in text

    def test_an_id_of_nothing_is_an_answer(self, marketer: Browser) -> None:
        answer = marketer.get("/explain/nothing")
        assert answer.status_code == 404
        assert 'aria-invalid="true"' in answer.text

    def test_the_field_leads_on(self, marketer: Browser) -> None:
        assert marketer.get("/explain?id=+dec_1+").headers["location"] == "/explain/dec_1"


class TestMap:
    def test_fences_and_moments_without_shoppers(self, town: Town, marketer: Browser) -> None:
        fences = marketer.client.get("/console/fences.geojson").json()
        assert len(fences["features"]) >= 25
        moments = marketer.client.get("/console/moments.json").json()
        assert set(moments) == {"moments"}
        assert "shp_" not in json.dumps(moments)


    def test_where_people_were_says_nothing_of_few(self, town: Town, marketer: Browser) -> None:
        town.coupon(town.browser(Role.SHOPPER))
        assert marketer.client.get("/console/heat.geojson").json() == {"type": "FeatureCollection", "features": [], "hidden": True}
        assert "Cells with fewer than 20 people are hidden" in marketer.get("/console").text


class TestRefused:
    def test_the_map_the_list_and_the_campaign_say_where_nothing_happens_and_why(self, town: Town, marketer: Browser) -> None:
        text = marketer.get("/console").text
        assert re.findall('data-place="([^"]+)"', text) == ["plc_forum", "plc_kukka_bulevardi", "plc_ooey_gooey_asema"]
        assert "Health care touches it or lies within it: this house keeps 0 m" in text
        (of_bonbons,) = re.findall('data-place="([^"]+)"', marketer.get(f"/console/campaigns/{BONBON}").text)
        assert of_bonbons == "plc_ooey_gooey_asema"
        shown = [f["properties"] for f in marketer.client.get("/console/fences.geojson").json()["features"]]
        assert [p["place_id"] for p in shown if "refused" in p] == ["plc_forum", "plc_kukka_bulevardi", "plc_ooey_gooey_asema"]

    def test_zones_are_drawn_and_name_no_place(self, marketer: Browser) -> None:
        zones = marketer.client.get("/console/sensitive.geojson").json()
        assert [f["properties"] for f in zones["features"]] == [{"words": "health care"}, {"words": "other sensitive places"}]
        assert {f["geometry"]["type"] for f in zones["features"]} == {"MultiPolygon"}
