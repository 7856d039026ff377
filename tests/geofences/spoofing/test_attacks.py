"""Tracks as spoofing apps make them."""

from __future__ import annotations

import numpy as np
import pytest

from geofences.shapes import haversine_m
from geofences.spoofing.attacks import ATTACKS, REPLAYS, static, teleport
from tests.geofences.spoofing.walks import walk


class TestEach:
    @pytest.mark.parametrize("name", [*ATTACKS, *REPLAYS])
    def test_it_is_a_track_in_order_and_the_seed_decides(self, name: str) -> None:
        attack = {**ATTACKS, **REPLAYS}[name]
        for seed in range(10):
            made = attack(walk(seed), np.random.default_rng(seed))
            assert len(made) >= 32
            assert (np.diff(made.at_s) > 0).all()
            assert np.isfinite(made.lat_deg).all()
            assert (np.abs(made.lat_deg) <= 90).all()
            assert np.isfinite(made.lon_deg).all()
            assert (np.abs(made.lon_deg) <= 181).all()
            assert (made.accuracy_m > 0).all()
            assert np.array_equal(made.lat_deg, attack(walk(seed), np.random.default_rng(seed)).lat_deg)


class TestStatic:
    def test_one_position_only(self) -> None:
        made = static(walk(1), np.random.default_rng(1))
        assert len(np.unique(made.lat_deg)) == len(np.unique(made.lon_deg)) == 1


class TestTeleport:
    def test_once_and_at_least_five_kilometres(self) -> None:
        made = teleport(walk(1), np.random.default_rng(1))
        hops = [haversine_m(*made_at(made, i), *made_at(made, i + 1)) for i in range(len(made) - 1)]
        assert sum(hop > 4_900 for hop in hops) == 1


def made_at(made: object, i: int) -> tuple[float, float]:
    return float(made.lat_deg[i]), float(made.lon_deg[i])  # pyright: ignore[reportAttributeAccessIssue]


class TestReplays:
    @pytest.mark.parametrize("name", REPLAYS)
    def test_the_way_is_the_same_and_the_time_another(self, name: str) -> None:
        first = walk(3)
        again = REPLAYS[name](first, np.random.default_rng(3))
        assert np.diff(again.lat_deg) == pytest.approx(np.diff(first.lat_deg), abs=3e-7)
        assert (again.at_s - first.at_s >= 3_599).all()
