"""From coverings to arrays: both ways list the same cells, and the tables lead to every block that has some."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geofences.index import kernel
from geofences.index.arrays import AREA, CIRCLE, INTERIOR, KIND_BITS, LINE, SHARED, TABLE
from geofences.index.build import ENTRY_BITS, assemble, build, listed, row_words
from geofences.index.covering import cover
from geofences.index.packing import pack
from geofences.shapes import Circle
from tests.geofences.index.scenes import shapes

BOTH = ("numpy", "compiled")


def keys(*entries: tuple[int, int, int]) -> Any:
    """Sorted keys of (cell, slot, kind)."""
    return np.sort(np.array([cell << ENTRY_BITS | slot << KIND_BITS | kind for cell, slot, kind in entries], dtype=np.uint64))


@pytest.fixture(params=BOTH)
def way(request: pytest.FixtureRequest) -> kernel.Choice:
    if request.param == "compiled" and kernel.built() is None:
        pytest.skip("the compiled kernel was not built: no C compiler or no Python headers")
    return request.param


class TestListed:
    def test_one_fence_is_its_entry_and_several_are_a_list(self, way: kernel.Choice) -> None:
        given = keys((7, 1, CIRCLE), (7, 3, AREA), (9, 2, INTERIOR), (1 << 37, 5, AREA), (1 << 37, 6, INTERIOR), (1 << 37, 7, CIRCLE))
        with kernel.chosen(way):
            cells, words, shared = listed(given, 100)
        assert cells.tolist() == [7, 9, 1 << 37]
        assert words.tolist() == [SHARED | 100, 2 << KIND_BITS | INTERIOR, SHARED | 103]
        assert shared.tolist() == [2, 1 << 2 | CIRCLE, 3 << 2 | AREA, 3, 5 << 2 | AREA, 6 << 2 | INTERIOR, 7 << 2 | CIRCLE]

    def test_border_wins_over_interior(self, way: kernel.Choice) -> None:
        """Seen to fail in both ways when the first of a fence's entries is kept instead of the last."""
        with kernel.chosen(way):
            cells, words, shared = listed(keys((7, 4, INTERIOR), (7, 4, AREA), (8, 4, AREA), (8, 4, AREA)), 1)
        assert (cells.tolist(), words.tolist(), shared.tolist()) == ([7, 8], [4 << 2 | AREA] * 2, [])

    def test_nothing(self, way: kernel.Choice) -> None:
        with kernel.chosen(way):
            assert [len(a) for a in listed(keys(), 1)] == [0, 0, 0]


class TestRowWords:
    def test_bits_and_the_number_of_the_first(self, way: kernel.Choice) -> None:
        with kernel.chosen(way):
            lines, words = row_words(np.array([0, 31, 32, 40, 10_000], dtype=np.int64), 11)
        assert lines.tolist() == [0, 1, 312]
        assert words.tolist() == [11 << 32 | 1 | 1 << 31, 13 << 32 | 1 | 1 << 8, 15 << 32 | 1 << 16]


class TestAssemble:
    @pytest.mark.skipif(kernel.built() is None, reason="the compiled kernel was not built: no C compiler or no Python headers")
    def test_both_ways_make_the_same_arrays(self) -> None:
        geometry = pack(shapes(5, 30))
        covering = cover(geometry)
        made: list[dict[str, Any]] = []
        for way in BOTH:
            with kernel.chosen(way):
                made.append({name: array.tolist() for name, array in assemble(geometry, covering).named() if array.dtype.kind != "f"})
        assert made[0] == made[1]

    def test_a_root_names_lines_and_lines_name_tables(self, way: kernel.Choice) -> None:
        """Two tiles of one band and one of another. Seen to fail when each tile is given a line of its own."""
        with kernel.chosen(way):
            arrays = build(pack([Circle(0.5, 0.5, 10.0), Circle(0.5, 20.5, 10.0), Circle(-0.5, 0.5, 10.0)]))
        assert np.flatnonzero(arrays.root_cells).tolist() == [89, 90]
        tables = [arrays.tables[n * LINE : n * LINE + LINE] for n in arrays.root_cells[[89, 90]].tolist()]
        assert [np.flatnonzero(line).tolist() for line in tables] == [[180], [180, 200]]
        for line in tables:
            for number in line[line > 0].tolist():
                assert np.count_nonzero(arrays.tables[number * LINE : number * LINE + TABLE]) >= 1
        assert not arrays.tables[:TABLE].any(), "number 0 is the empty table and the empty line"
