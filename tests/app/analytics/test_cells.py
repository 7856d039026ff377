"""The threshold, exactly."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.analytics.cells import SMALL_CELL_SHOPPERS, day_of, stage


class TestStage:
    @pytest.mark.parametrize(("shoppers", "shown"), [(0, None), (1, None), (19, None), (20, 20), (21, 21)])
    def test_threshold(self, shoppers: int, shown: int | None) -> None:
        found = stage("offered", shoppers * 2, shoppers)
        assert SMALL_CELL_SHOPPERS == 20
        assert (found.shoppers, found.suppressed) == (shown, shown is None)
        assert found.moments == (None if shown is None else shoppers * 2)


class TestDayOf:
    def test_beginning(self) -> None:
        assert day_of(datetime(2026, 11, 21, 23, 59, 59, 1, tzinfo=UTC)) == datetime(2026, 11, 21, tzinfo=UTC)
