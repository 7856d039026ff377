"""The day that `moments bench day` measures with is the one it says it is."""

from __future__ import annotations

import numpy as np
import pytest

from geofences.chain_day import ON_THE_WAY, STARTS_S, ChainDay
from geofences.track import Key

SHOPPERS = 40_000


@pytest.fixture(scope="module")
def saturday() -> ChainDay:
    return ChainDay(200, SHOPPERS)


class TestChainDay:
    def test_people_leave_home_when_people_do(self, saturday: ChainDay) -> None:
        """Seen to fail with every hour alike."""
        first = dict(zip(saturday.device_no[::-1].tolist(), saturday.at_s[::-1].tolist(), strict=True))
        assert len(first) == SHOPPERS
        hours = np.bincount([int((at_s - STARTS_S) // 3600) for at_s in first.values()], minlength=24)[:24] / SHOPPERS
        assert np.abs(hours - np.array(ON_THE_WAY) / sum(ON_THE_WAY)).max() < 0.01

    def test_one_in_four_goes_to_a_store(self, saturday: ChainDay) -> None:
        assert 0.24 < saturday.stays / SHOPPERS < 0.26
        inside, _ = saturday.index.locate(saturday.lat_deg, saturday.lon_deg)
        there = set(saturday.device_no[np.unique(inside)].tolist())
        assert len(there) == pytest.approx(saturday.stays, rel=0.02)

    def test_batches_hold_every_fix_once_in_time(self, saturday: ChainDay) -> None:
        keys = [Key(f"shp_{n}", f"dev_{n}") for n in range(SHOPPERS)]
        received = [at_s for at_s, _ in saturday.batches(keys, 50_000)]
        assert received == sorted(received)
        assert len(received) == -(-len(saturday) // 50_000)
        assert (np.diff(saturday.at_s) >= 0).all()
