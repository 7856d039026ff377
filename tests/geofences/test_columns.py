"""Fixes in columns: into the log and back, without some, as samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geofences.columns import (
    UnreadableColumns,
    empty,
    fix_id,
    from_bytes,
    from_parts,
    joined,
    of_samples,
    to_bytes,
    to_parts,
)
from geofences.track import Key, Sample

JANE, JOHN = Key("shp_1", "dev_1"), Key("shp_2", "dev_2")


def fix(at_s: float, lat: float = 60.17, **more: object) -> Sample:
    return Sample(at_s, fix_id(at_s, lat, 24.94), lat, 24.94, 8.0, **more)  # type: ignore[arg-type]


BOTH = {JANE: [fix(1.25, speed_mps=1.5), fix(2.0, mocked=True)], JOHN: [fix(1.0, lat=61.0, age_s=3.0)]}


class TestBytes:
    def test_back_again(self) -> None:
        columns = from_bytes(to_bytes(of_samples(BOTH)))
        assert columns.keys == (JANE, JOHN)
        assert columns.key_no.tolist() == [0, 0, 1]
        assert columns.samples() == [*BOTH[JANE], *BOTH[JOHN]]
        assert len(from_bytes(to_bytes(empty()))) == 0

    @pytest.mark.parametrize("spoilt", [b"", b"\x00" * 40, to_bytes(of_samples(BOTH))[:-1], to_bytes(of_samples(BOTH)) + b"x"])
    def test_anything_else_is_refused(self, spoilt: bytes) -> None:
        with pytest.raises(UnreadableColumns):
            from_bytes(spoilt)


class TestWithout:
    def test_one_gone_the_other_stays(self) -> None:
        left = of_samples(BOTH).without(frozenset({"shp_1"}))
        assert left.keys == (JOHN,)
        assert left.samples() == BOTH[JOHN]

    def test_nobody_gone_is_the_same_object(self) -> None:
        columns = of_samples(BOTH)
        assert columns.without(frozenset({"shp_9"})) is columns


class TestJoined:
    def test_keys_become_numbers_of_the_reader(self) -> None:
        columns = of_samples(BOTH)
        together = joined([(columns, np.array([5, 7])), (columns, np.array([7, 5]))])
        assert together.key_no.tolist() == [5, 5, 7, 7, 7, 5]
        assert len(joined([])) == 0


class TestFixId:
    def test_what_was_reported(self) -> None:
        assert fix_id(1.0004, 60.17, 24.94) == "1000,601700000,249400000"
        assert of_samples({JANE: [Sample(5.0, fix_id(7.5, 60.17, 24.94), 60.17, 24.94, 8.0)]}).reported_s.tolist() == [7.5]


class TestParts:
    """Each one's fixes apart: what is sealed with her own key."""

    def test_back_again(self) -> None:
        mixed = replace(of_samples(BOTH), coarse=np.array([False, True, False]), mocked=np.array([True, True, False])).take(np.array([0, 2, 1]))
        parts = to_parts(mixed)
        assert [key for key, _ in parts] == [JANE, JOHN]
        again = from_parts(part for _, part in parts)
        assert again.keys == (JANE, JOHN)
        assert again.key_no.tolist() == [0, 0, 1]
        assert again.samples() == mixed.take(np.array([0, 2, 1])).samples()

    def test_one_part_says_nothing_of_the_others(self) -> None:
        (_, part), _ = to_parts(of_samples(BOTH))
        assert from_parts([part]).samples() == BOTH[JANE]
        assert from_parts([part]).keys == (JANE,)
        assert JOHN.device_id.encode() not in part

    def test_whoever_has_no_fix_has_no_part(self) -> None:
        assert [key for key, _ in to_parts(of_samples(BOTH).take(np.array([2])))] == [JOHN]
        assert len(from_parts([])) == 0

    @pytest.mark.parametrize("spoilt", [b"", b"\x01", b"\xff\xff\xff\xff", to_parts(of_samples(BOTH))[0][1][:-1]])
    def test_anything_else_is_refused(self, spoilt: bytes) -> None:
        with pytest.raises(UnreadableColumns):
            from_parts([spoilt])
