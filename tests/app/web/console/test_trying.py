"""Try it: numbers of the room's simulation, none that few people stand behind, each with its reason."""

from __future__ import annotations

import re

import pytest

from app.security.principals import Role
from app.web.console.trying import against
from offers import facade as offers
from offers.contracts import Cell, SimulatedReason, Simulation
from tests.app.web.conftest import Town
from tests.conftest import START

TEA = "cam_afternoon_tea"
REASONS = (SimulatedReason("outside_hours", "outside its hours", Cell(30, 25)), SimulatedReason("rare", "rare", Cell(None, None)))
FOUND = Simulation(TEA, 1, "Tea", START, START, Cell(60, 40), Cell(30, 28), REASONS, True, 45_000, 9_000, "EUR")


class TestTry:
    def test_the_numbers_their_reasons_and_the_cost(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(offers, "simulate", lambda _session, campaign_id, **given: FOUND)
        marketer = town.browser(Role.MARKETER)
        text = marketer.get(f"/console/campaigns/{TEA}/try?days=14").text
        assert re.findall(r"data-(?:weighed|offered|cost)>([^<]+)<", text) == ["60", "30", "€450.00"]
        assert re.findall(r'data-reason="([^"]+)"', text) == ["outside_hours"]
        assert "28 of 40 shoppers" in text
        assert "Other reasons met too few shoppers" in text
        assert re.findall(r'days=(\d+)"[^>]*aria-current="true"', text) == ["14"]
        assert f'hx-get="/console/campaigns/{TEA}/try"' in marketer.get(f"/console/campaigns/{TEA}").text

    def test_few_people_are_not_told_of(self, town: Town) -> None:
        marketer = town.browser(Role.MARKETER)
        assert "Too few people to tell" in marketer.get(f"/console/campaigns/{TEA}/try").text
        assert marketer.get("/console/campaigns/cam_none/try").status_code == 404
        assert marketer.get(f"/console/campaigns/{TEA}/try?days=99").status_code == 422


class TestAgainst:
    def test_only_what_may_be_told_with_its_share(self) -> None:
        assert [(one.code, one.moments, one.percent) for one in against(FOUND)] == [("outside_hours", 30, 50)]
