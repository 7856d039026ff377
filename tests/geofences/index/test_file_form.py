"""The file: what is loaded answers as what was saved, and what is no whole index of this layout is refused by name."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofences.index import Fence, FenceIndex, IndexFileUnusable
from geofences.index.arrays import LAYOUT
from geofences.index.file_form import HEAD, MAGIC
from geofences.shapes import Area, Circle, Corridor
from tests.geofences.index.scenes import fence, numbered, points, shapes

FENCES = numbered(shapes(12, 12))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    FenceIndex(FENCES, 7).save(tmp_path / "fences.index")
    return tmp_path / "fences.index"


def refusal(path: Path) -> str:
    with pytest.raises(IndexFileUnusable) as caught:
        FenceIndex.load(path)
    return str(caught.value)


@pytest.mark.usefixtures("path")
class TestRoundTrip:
    def test_the_same_answers_and_the_same_fences(self, saved: Path) -> None:
        loaded, lat_lon = FenceIndex.load(saved), points(12, FENCES[::4], 60)
        for ours, theirs in zip(loaded.locate(*lat_lon), FenceIndex(FENCES).locate(*lat_lon), strict=True):
            assert ours.tolist() == theirs.tolist()
        assert (loaded.version, len(loaded)) == (7, len(FENCES))
        assert [loaded.number_of(f.id) for f in FENCES] == list(range(len(FENCES)))
        assert loaded.number_of("nobody") is None
        assert list(loaded.fences) == FENCES

    def test_names_levels_and_corridors(self, tmp_path: Path) -> None:
        line = Corridor(shapely.LineString([(24.94, 60.17), (24.95, 60.18)]), 12.5)
        ring = shapely.Polygon(shapely.box(0, 0, 3, 3).exterior, [shapely.box(1, 1, 2, 2).exterior.coords])
        several = Area(shapely.MultiPolygon([ring, shapely.box(5, 5, 6, 6)]))
        made = [Fence("ä", "ö", "Åbo 🏬", line, 3), Fence("b", "", "", several, -1), Fence("c", "p", "n", Circle(1, 2, 3))]
        FenceIndex(made).save(tmp_path / "x")
        assert list(FenceIndex.load(tmp_path / "x").fences) == made

    def test_a_loaded_index_can_be_changed_and_the_file_stays(self, saved: Path) -> None:
        before = saved.read_bytes()
        loaded = FenceIndex.load(saved)
        after = loaded.changed([fence(Circle(10, 10, 100), 999)], ["f1", "f2"], 8)
        assert after.locate_one(10.0, 10.0) == (len(FENCES),)
        assert (after.get("f1"), len(after)) == (None, len(FENCES) - 1)
        assert loaded.get("f1") == FENCES[1]
        assert saved.read_bytes() == before
        after.save(saved)
        assert {f.id for f in FenceIndex.load(saved).fences} == {f.id for f in FENCES} - {"f1", "f2"} | {"f999"}

    def test_no_fences(self, tmp_path: Path) -> None:
        FenceIndex([]).save(tmp_path / "x")
        assert FenceIndex.load(tmp_path / "x").locate_one(0.0, 0.0) == ()


class TestRefused:
    def test_not_there_and_empty(self, tmp_path: Path) -> None:
        assert "cannot be read" in refusal(tmp_path / "nothing")
        (tmp_path / "empty").touch()
        assert "empty" in refusal(tmp_path / "empty")

    @pytest.mark.parametrize("keep", [1, 20, 100, 4096, 100_000, -1])
    def test_cut_short(self, saved: Path, keep: int) -> None:
        whole = saved.read_bytes()
        saved.write_bytes(whole[:keep])
        assert any(why in refusal(saved) for why in ("shorter than a header", "header is damaged", "cut short"))

    def test_another_layout_and_another_thing(self, saved: Path) -> None:
        whole = bytearray(saved.read_bytes())
        whole[8:12] = struct.pack("<I", 99)
        saved.write_bytes(whole)
        assert "of layout 99" in refusal(saved)
        saved.write_bytes(b"GeoJSON" + whole)
        assert "not an index" in refusal(saved)

    @settings(max_examples=40)
    @given(at=st.integers(12, 1500), bit=st.integers(0, 7))
    def test_any_bit_of_the_header(self, tmp_path_factory: pytest.TempPathFactory, at: int, bit: int) -> None:
        path = tmp_path_factory.getbasetemp() / "flipped"
        FenceIndex(FENCES[:3]).save(path)
        whole = bytearray(path.read_bytes())
        length = HEAD.unpack(whole[: HEAD.size])[2]
        whole[min(at, HEAD.size + length - 1)] ^= 1 << bit
        path.write_bytes(whole)
        assert "damaged" in refusal(path)

    def test_a_section_that_is_missing(self, saved: Path) -> None:
        whole = bytearray(saved.read_bytes())
        length = HEAD.unpack(whole[: HEAD.size])[2]
        table = json.loads(whole[HEAD.size : HEAD.size + length])
        del table["sections"]["rows"]
        text = json.dumps(table).encode()
        head = struct.pack("<8sIII", MAGIC, LAYOUT, len(text), zlib.crc32(text))
        whole[: HEAD.size + len(text)] = head + struct.pack("<I", zlib.crc32(head)) + text
        saved.write_bytes(whole)
        assert "rows is missing" in refusal(saved)

    @pytest.mark.parametrize(
        "section", ["root_cells", "root_blocks", "root_tiles", "tables", "rows", "cells", "shared", "kind", "item", "area_ints", "slab_start", "slab_edges", "text_ends"]
    )
    def test_numbers_that_lead_nowhere(self, saved: Path, section: str) -> None:
        """Whatever a damaged section says is refused before anything follows it: the kernel does not look where it steps."""
        whole = bytearray(saved.read_bytes())
        length = HEAD.unpack(whole[: HEAD.size])[2]
        at, count, _ = json.loads(whole[HEAD.size : HEAD.size + length])["sections"][section]
        size = {"kind": 1, "rows": 8, "text_ends": 8}.get(section, 4)
        for i in range(count):
            whole[at + i * size : at + (i + 1) * size] = (b"\x7f" if i % 2 else b"\x81") * size
        saved.write_bytes(whole)
        assert "damaged" in refusal(saved)


class TestShared:
    def test_areas_are_made_when_asked_for(self, saved: Path) -> None:
        loaded = FenceIndex.load(saved)
        number = next(i for i, f in enumerate(FENCES) if isinstance(f.shape, Area))
        shape = loaded.fences[number].shape
        assert isinstance(shape, Area)
        assert shape.geometry is not shape.geometry
        assert isinstance(loaded.arrays.vertices.base, np.memmap) or loaded.arrays.vertices.base is not None
