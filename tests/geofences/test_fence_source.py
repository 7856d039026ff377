"""The runner's fences follow the database one change at a time, and a start with the same fences reads them from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from geofences import facade, fence_source
from geofences.fence_source import FenceSource
from geofences.index import FenceIndex
from tests.geofences.tracks import K_LON, LAT, LON


def circles(*numbers: int, radius_m: float = 20.0) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": f"plc_{n}",
                "properties": {"name": f"Shop {n}", "radius_m": radius_m},
                "geometry": {"type": "Point", "coordinates": [LON + 100 * n / K_LON, LAT]},
            }
            for n in numbers
        ],
    }


def put(database: Database, document: dict[str, Any]) -> None:
    with database.transaction() as session:
        facade.import_geojson(session, document, at=database.clock.now())


def places_at(index: FenceIndex, *numbers: int) -> list[list[str]]:
    out: list[list[str]] = [[] for _ in numbers]
    lon = np.array([LON + 100 * n / K_LON for n in numbers])
    for point, fence in zip(*index.locate(np.full(len(numbers), LAT), lon), strict=True):
        out[int(point)].append(index.fences[int(fence)].place_id)
    return out


def current(database: Database, source: FenceSource) -> FenceIndex:
    with database.reading() as session:
        return source.current(session)


class TestCurrent:
    def test_the_same_snapshot_until_something_changes(self, database: Database) -> None:
        source = FenceSource()
        put(database, circles(1, 2))
        first = current(database, source)
        assert places_at(first, 1, 2, 3) == [["plc_1"], ["plc_2"], []]
        assert current(database, source) is first

    def test_a_change_reads_what_changed_alone(
        self, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source, read = FenceSource(), list[set[str]]()
        put(database, circles(1, 2))
        first = current(database, source)
        real = fence_source._read
        monkeypatch.setattr(fence_source, "_read", lambda session, ids: read.append(set(ids)) or real(session, ids))
        clock.advance(1)
        put(database, circles(2, radius_m=150.0))
        second = current(database, source)
        clock.advance(1)
        put(database, circles(5))
        third = current(database, source)
        assert [len(ids) for ids in read] == [1, 1]
        assert places_at(first, 1, 2, 5) == [["plc_1"], ["plc_2"], []]
        assert places_at(second, 1, 2, 5) == [["plc_1", "plc_2"], ["plc_2"], []]
        assert places_at(third, 1, 2, 5) == [["plc_1", "plc_2"], ["plc_2"], ["plc_5"]]


class TestFile:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fence_source, "WORTH_A_FILE", 2)

    def test_the_next_start_reads_no_geometry(
        self, database: Database, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(database, circles(1, 2))
        version = current(database, FenceSource(tmp_path)).version
        (file,) = tmp_path.glob("fences-*.idx")
        with monkeypatch.context() as patched:
            patched.setattr(fence_source, "read_shape", None)
            again = current(database, FenceSource(tmp_path))
        assert (places_at(again, 1, 2, 3), again.version) == ([["plc_1"], ["plc_2"], []], version)
        clock.advance(1)
        put(database, circles(3))  # other fences: another file
        assert places_at(current(database, FenceSource(tmp_path)), 1, 2, 3) == [["plc_1"], ["plc_2"], ["plc_3"]]
        assert [p != file for p in tmp_path.glob("fences-*.idx")] == [True]

    def test_a_file_that_is_broken_is_made_anew(self, database: Database, tmp_path: Path) -> None:
        put(database, circles(1, 2))
        current(database, FenceSource(tmp_path))
        (file,) = tmp_path.glob("fences-*.idx")
        whole = file.read_bytes()
        for broken in (b"", b"nonsense", whole[: len(whole) // 2]):
            file.write_bytes(broken)
            assert places_at(current(database, FenceSource(tmp_path)), 1, 2, 3) == [["plc_1"], ["plc_2"], []]
            assert file.stat().st_size >= len(whole) // 2

    def test_a_folder_that_cannot_be_written_stops_nothing(self, database: Database, tmp_path: Path) -> None:
        put(database, circles(1, 2))
        blocked = tmp_path / "file"
        blocked.write_text("in the way")
        assert places_at(current(database, FenceSource(blocked)), 1) == [["plc_1"]]
