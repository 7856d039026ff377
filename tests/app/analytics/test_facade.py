"""The funnel: exact counts of enough shoppers, and none of few."""

from __future__ import annotations

from datetime import timedelta

from app.analytics.contracts import FunnelStage, MoneyTotal
from app.kernel.clock import ManualClock
from tests.app.analytics.conftest import NOW, WHOLE, Counting, decided, detected, pushed


class TestFunnel:
    def test_nothing_yet(self, counting: Counting) -> None:
        assert set(counting.shoppers().values()) == {None}
        assert counting.funnel().totals == ()

    def test_small_cells_are_hidden(self, counting: Counting) -> None:
        """Planted bug: `<=` for `<` in cells.stage hid a count of exactly twenty; no rule at all showed nineteen."""
        counting.consent(*range(25))
        for n in range(25):
            counting.hear(detected(n), decided(n))
            if n < 20:
                counting.hear(pushed(n))
            if n < 19:
                counting.hear(*(event(n) for event in WHOLE[4:]))
        assert counting.shoppers() == {
            "detected": 25, "offered": 25, "pushed": 20, "seen": None, "ordered": None, "redeemed": None, "withheld": None, "suppressed": None,
        }  # fmt: skip
        stages = counting.funnel().stages
        assert stages[2] == FunnelStage("pushed", 20, 20, "20 moments of 20 shoppers")
        assert stages[3] == FunnelStage("seen", None, None, "fewer than 20 shoppers")
        assert counting.funnel().totals == (MoneyTotal("EUR", None, None, None, None),)
        assert counting.shoppers(None)["detected"] == 25
        assert counting.shoppers("cmp_other")["detected"] is None

    def test_many_moments_of_one_shopper_are_still_one_shopper(self, counting: Counting) -> None:
        from dataclasses import replace

        counting.consent("same")
        counting.hear(*(replace(decided(n), shopper_id="shp_same") for n in range(30)))
        assert counting.shoppers()["offered"] is None

    def test_totals_of_enough(self, counting: Counting) -> None:
        counting.consent(*range(20))
        counting.hear(*(event(n) for n in range(20) for event in WHOLE))
        assert counting.funnel().totals == (MoneyTotal("EUR", 20, 15_000, 20, 5_000),)

    def test_since_is_a_whole_day(self, counting: Counting, clock: ManualClock) -> None:
        counting.consent(*range(20))
        counting.hear(*(decided(n) for n in range(20)))
        evening = counting.funnel(since=NOW + timedelta(hours=11))
        assert evening.since == NOW.replace(hour=0)
        assert evening.stages[1].shoppers == 20
        assert counting.funnel(since=NOW + timedelta(hours=13)).stages[1].shoppers is None
