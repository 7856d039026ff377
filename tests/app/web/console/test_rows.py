"""The console's arithmetic: bars that are true, places instead of people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.analytics.contracts import Funnel, FunnelStage, HeatCell, HeatMap
from app.web.console.rows import campaign_row, funnel, heat_cells, percent_of, shown_reasons
from offers.contracts import CampaignFigures, CampaignView, DecisionView, Reason

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def campaign(budget_minor: int | None, spent_minor: int = 2500, held_minor: int = 1000) -> CampaignView:
    figures = CampaignFigures(5, 2, 1, held_minor, spent_minor, budget_minor, "EUR")
    return CampaignView("cam", "N", "live", 1, "T", "25 % off", {"trigger": {"everywhere": True}}, figures, NOW, NOW)


class TestPercentOf:
    @pytest.mark.parametrize(("part", "whole", "percent"), [(0, 0, 0), (1, 0, 0), (0, 5, 0), (1, 1000, 1), (1, 4, 25), (9, 4, 100), (-1, 4, 0)])
    def test_between_nothing_and_all(self, part: int, whole: int, percent: int) -> None:
        assert percent_of(part, whole) == percent


class TestCampaignRow:
    def test_spent_and_held(self) -> None:
        row = campaign_row(campaign(10_000), {})
        assert (row.budget_percent, row.held_percent) == (25, 35)
        assert row.spent_text == "€25.00 spent, €10.00 held, of €100.00"
        assert row.where == "At any of our places"

    def test_without_a_budget(self) -> None:
        row = campaign_row(campaign(None), {})
        assert (row.budget_percent, row.spent_text) == (None, "€25.00 given")


class TestShownReasons:
    def test_what_stood_against_it_else_what_held(self) -> None:
        held, failed = Reason("a", True, "", {}), Reason("b", False, "", {})
        view = DecisionView("dec", "mom", "cam", 1, "N", "shp", "plc", "withheld", (held, failed), None, NOW)
        assert shown_reasons(view) == (failed,)
        offer = DecisionView("dec", "mom", "cam", 1, "N", "shp", "plc", "offer", (held,) * 5, None, NOW)
        assert shown_reasons(offer) == (held,) * 3


class TestFunnel:
    def test_few_are_not_counted_out(self) -> None:
        stages = (FunnelStage("detected", 40, 25, None), FunnelStage("offered", 10, 21, None), FunnelStage("redeemed", None, None, "few"), FunnelStage("withheld", 30, 22, None))
        steps = funnel(Funnel(None, NOW, stages, ()))
        assert [(s.key, s.count, s.percent) for s in steps] == [("detected", 40, 100), ("offered", 10, 25), ("redeemed", None, 0)]


class TestHeatCells:
    def test_shares_of_the_fullest_in_closed_rings(self) -> None:
        ring = ((24.0, 60.0), (24.1, 60.0), (24.1, 60.1))
        found = heat_cells(HeatMap(NOW, NOW, 9, (HeatCell("a", 20, ring), HeatCell("b", 80, ring)), True, None, False))
        assert [f["properties"] for f in found["features"]] == [{"people": 20, "share": 0.25}, {"people": 80, "share": 1.0}]
        assert found["features"][0]["geometry"]["coordinates"] == [[*ring, ring[0]]]
        assert found["hidden"] is True
