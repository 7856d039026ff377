"""Resolving ephemeral ids: the period, the drift window, the wrap of the counter, and ids that meet."""

from __future__ import annotations

import pytest

from geofences.beacons.ephemeral import ephemeral_id, sends
from geofences.beacons.rotation import WRAP_S, DriftRules, EphemeralTable, Resolved, Rotation
from tests.geofences.beacons.vectors import KEY

T0 = 1_764_000_000.0
OTHER = bytes(range(16))


def table(*rotations: Rotation, **rules: float) -> EphemeralTable:
    return EphemeralTable(rotations, sends, DriftRules(**rules))


def rotation(beacon_id: str = "bcn_1", key: bytes = KEY, exponent: int = 10, clock_s: int = 5_000) -> Rotation:
    return Rotation(beacon_id, key, exponent, T0, clock_s)


class TestRotation:
    def test_its_clock_runs_with_ours_and_wraps(self) -> None:
        assert rotation().clock_s(T0 + 7.9) == 5_007
        assert rotation(clock_s=WRAP_S - 2).clock_s(T0 + 5) == 3
        assert rotation(clock_s=3).clock_s(T0 - 5) == WRAP_S - 2

    def test_its_key_is_not_shown(self) -> None:
        assert KEY.hex() not in repr(rotation())
        assert str(KEY) not in repr(rotation())


class TestEphemeralTable:
    def test_finds_whose_id_it_is(self) -> None:
        found = table(rotation(), rotation("bcn_2", OTHER)).resolve(ephemeral_id(OTHER, 10, 5_100), T0 + 100)
        assert found == Resolved("bcn_2", 0)

    def test_a_stranger_is_nobody(self) -> None:
        assert table(rotation()).resolve(bytes(8), T0) is None

    @pytest.mark.parametrize("exponent", [0, 1, 4, 8, 10, 12, 15])
    @pytest.mark.parametrize("off_s", [-100, -1, 0, 1, 100])
    def test_a_clock_within_the_window_resolves(self, exponent: int, off_s: int) -> None:
        at_s = T0 + 1000
        sent = ephemeral_id(KEY, exponent, 6_000 + off_s)
        found = table(rotation(exponent=exponent), window_s=120, ppm=0).resolve(sent, at_s)
        assert found is not None
        assert found.off_s <= abs(off_s)

    def test_the_window_has_an_end(self) -> None:
        """Planted bug: without the comparison with the tolerance an id of the table's slack resolves."""
        t = table(rotation(exponent=0), window_s=120, ppm=0)
        assert t.resolve(ephemeral_id(KEY, 0, 6_000 - 120), T0 + 1000) == Resolved("bcn_1", 120)
        assert t.resolve(ephemeral_id(KEY, 0, 6_000 - 121), T0 + 1000) is None
        assert t.resolve(ephemeral_id(KEY, 0, 6_000 + 120), T0 + 1000) == Resolved("bcn_1", 120)
        assert t.resolve(ephemeral_id(KEY, 0, 6_000 + 121), T0 + 1000) is None

    def test_an_id_kept_and_played_again_later_is_nobodys(self) -> None:
        kept = ephemeral_id(KEY, 4, 5_000)
        t = table(rotation(exponent=4), window_s=30, ppm=0)
        assert t.resolve(kept, T0) is not None
        assert t.resolve(kept, T0 + 3600) is None

    def test_a_clock_drifts_more_the_longer_ago_it_was_set(self) -> None:
        year_s = 365 * 86_400.0
        sent = ephemeral_id(KEY, 4, 5_000 + int(year_s) - 1200)
        assert table(rotation(exponent=4), window_s=60, ppm=0).resolve(sent, T0 + year_s) is None
        assert table(rotation(exponent=4), window_s=60, ppm=50).resolve(sent, T0 + year_s) is not None

    def test_the_counter_wraps(self) -> None:
        """Planted bug: the plain difference of the clocks, without the modulus, loses the ids on the other side."""
        t = table(rotation(exponent=4, clock_s=WRAP_S - 10), window_s=40, ppm=0)
        for clock_s in (WRAP_S - 20, WRAP_S - 1, 0, 20):
            assert t.resolve(ephemeral_id(KEY, 4, clock_s), T0) is not None

    def test_two_beacons_with_one_key_are_nobody(self) -> None:
        assert table(rotation(), rotation("bcn_2")).resolve(ephemeral_id(KEY, 10, 5_000), T0) is None

    def test_no_beacons(self) -> None:
        assert table().resolve(bytes(8), T0) is None
