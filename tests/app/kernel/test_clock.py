"""The clock port: aware times only, and a manual clock that moves only when told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.kernel.clock import ManualClock, SystemClock, epoch_s, from_epoch_s, utc_text


class TestManualClock:
    def test_stands_still_until_moved(self) -> None:
        clock = ManualClock(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
        assert clock.now() == clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
        assert clock.advance(1.5) == datetime(2026, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
        clock.set_to(datetime(2027, 1, 1, tzinfo=UTC))
        assert clock.now().year == 2027

    def test_refuses_a_naive_time(self) -> None:
        with pytest.raises(ValueError, match="aware"):
            ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001


class TestSystemClock:
    def test_is_aware_utc(self) -> None:
        assert SystemClock().now().utcoffset() == timedelta(0)


class TestEpoch:
    def test_there_and_back(self) -> None:
        assert from_epoch_s(1_700_000_000.25) == datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)
        assert epoch_s(from_epoch_s(1_700_000_000.25)) == 1_700_000_000.25


class TestUtcText:
    def test_is_iso_8601_with_z(self) -> None:
        assert utc_text(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05Z"
        assert utc_text(datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC)) == "2026-01-02T03:04:05.000600Z"
