"""Prints of motion."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from geofences.spoofing.attacks import REPLAYS
from geofences.spoofing.motion import Motion
from geofences.spoofing.prints import ENOUGH, Print, prints
from tests.geofences.spoofing.walks import motion, walk


def keyed(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, key=b"k", digest_size=8).digest(), "big", signed=True)


def values(way: Motion) -> set[int]:
    return {p.value for p in prints(way, keyed)}


class TestPrints:
    @pytest.mark.parametrize("name", REPLAYS)
    def test_a_way_told_again_is_known_wherever_and_whenever(self, name: str) -> None:
        """Seen to fail when prints were made of places and not of steps: the shifted ones were unknown."""
        rng = np.random.default_rng(1)
        for seed in range(30):
            first = walk(seed)
            assert len(values(first) & values(REPLAYS[name](first, rng))) >= ENOUGH

    def test_told_at_another_pace_too(self) -> None:
        first = walk(1)
        assert values(replace(first, at_s=1e9 + (first.at_s - 1e9) * 1.7)) == values(first)

    def test_from_the_middle_too(self) -> None:
        assert len(values(walk(1)) & values(walk(1).part(40, 90))) >= ENOUGH

    def test_two_walks_share_none(self) -> None:
        seen = [values(walk(seed)) for seed in range(60)]
        assert sum(len(one) for one in seen) == len(set().union(*seen))

    def test_a_phone_that_is_frozen_or_drawn_with_a_ruler_has_none(self) -> None:
        still = motion([float(i) for i in range(99)], [0.0] * 99, [0.0] * 99)
        line = motion([float(i) for i in range(99)], [0.0] * 99, [1.4 * i for i in range(99)])
        assert prints(still, keyed) == []
        assert len(prints(line, keyed)) < ENOUGH

    def test_they_fit_the_column_and_say_when(self) -> None:
        found = prints(walk(1), keyed)
        assert all(-(2**63) <= p.value < 2**63 for p in found)
        assert [p.at_s for p in found] == sorted(p.at_s for p in found)
        assert all(isinstance(p, Print) and 1e9 <= p.at_s <= 1e9 + 127 for p in found)

    def test_another_key_other_prints(self) -> None:
        other = {p.value for p in prints(walk(1), lambda data: keyed(b"other" + data))}
        assert not other & values(walk(1))
