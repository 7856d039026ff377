"""The demo page: there in the demo only, with places to walk to; it shows fences to everybody who tries it."""

from __future__ import annotations

import pytest

from app.security.principals import Role
from app.web.demo.endpoints import START, spots
from geofences.contracts import Place
from tests.app.web.conftest import Town


def place(place_id: str, chain: str | None, kind: str = "store") -> Place:
    return Place(place_id, place_id.title(), kind, chain, "Europe/Helsinki", (), 60.0, 24.0)


class TestSpots:
    def test_one_of_each_chain_the_largest_first_then_away(self) -> None:
        places = [place("z1", None), place("b1", "small"), place("a2", "big"), place("a1", "big"), place("m", None, "mall")]
        assert [s.name for s in spots(places)] == ["A1", "B1", "Z1", "Away from the shops"]
        assert (spots(places)[-1].lon, spots(places)[-1].lat) == START


class TestDemoPage:
    def test_frames_the_phone(self, town: Town) -> None:
        text = town.browser().get("/demo").text
        assert '<iframe src="/m" title="Jane&#39;s phone"' in text or '<iframe src="/m" title="Jane\'s phone"' in text
        assert "let Jane answer on the phone first" in text
        assert "standing still" in town.browser(Role.SHOPPER).get("/demo").text

    def test_fences_for_everybody(self, town: Town) -> None:
        assert len(town.browser().client.get("/demo/fences.geojson").json()["features"]) >= 25

    @pytest.mark.parametrize("path", ["/demo", "/demo/fences.geojson", "/style"])
    def test_not_outside_the_demo(self, town: Town, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(town.house, "settings", town.house.settings.model_copy(update={"demo": False}))
        assert town.browser().get(path).status_code == 404
