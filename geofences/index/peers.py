"""The usual ways to do the same, to measure against: DuckDB's spatial join, and a dict of who is inside what.

Owns the peers in the form their makers recommend. A peer that is not installed is named as missing, never left out silently.
The other peer, shapely's STRtree, is `reference.SlowIndex`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from geofences.index.fence import Fence
from geofences.index.grid import Floats, Ints
from geofences.index.reference import SlowIndex, boxes
from geofences.shapes import EARTH_RADIUS_M, Circle, Corridor


class PeerMissing(Exception):
    """The peer is not installed here; the message names the packages."""


class DuckDb:
    """DuckDB's spatial join: areas as they are, circles as their boxes with the haversine formula behind."""

    def __init__(self, fences: Sequence[Fence]) -> None:
        """PeerMissing: without the package or its extension. ValueError: a corridor, which it has no exact test for."""
        if any(isinstance(f.shape, Corridor) for f in fences):
            raise ValueError("this peer has no corridors")
        self._connection = _connect()
        rows: list[tuple[int, bytes, float, float, float]] = []
        for number, fence in enumerate(fences):
            shape = fence.shape
            if isinstance(shape, Circle):
                rows += [(number, shapely.to_wkb(shapely.box(*box)), shape.lat_deg, shape.lon_deg, shape.radius_m) for box in boxes(shape)]
            else:
                rows.append((number, shapely.to_wkb(shape.geometry), 0.0, 0.0, -1.0))
        number, wkb, lat, lon, radius = (np.array(column, dtype=object if i == 1 else None) for i, column in enumerate(zip(*rows, strict=True)))
        self._connection.execute("CREATE TABLE raw (number BIGINT, shape BLOB, lat DOUBLE, lon DOUBLE, radius DOUBLE)")
        self._connection.register("rows_in", {"number": number, "shape": wkb, "lat": lat, "lon": lon, "radius": radius})
        self._connection.execute("INSERT INTO raw SELECT number, shape, lat, lon, radius FROM rows_in")
        self._connection.execute("CREATE TABLE fences AS SELECT number, ST_GeomFromWKB(shape) AS shape, lat, lon, radius FROM raw")

    def take(self, lat_deg: Floats, lon_deg: Floats) -> None:
        """Points to be looked at: their geometry is made beforehand, and not counted."""
        self._connection.register("points_in", {"point": np.arange(len(lat_deg)), "lat": lat_deg, "lon": lon_deg})
        self._connection.execute("CREATE OR REPLACE TABLE points AS SELECT point, lat, lon, ST_Point(lon, lat) AS place FROM points_in")

    def locate(self) -> tuple[Ints, Ints]:
        """All pairs of the points taken, in no order."""
        found: Any = self._connection.execute(
            "SELECT point, number FROM points JOIN fences ON ST_Intersects(shape, place) WHERE radius < 0 OR "
            "2 * $1 * asin(sqrt(least(1.0, pow(sin((radians(points.lat) - radians(fences.lat)) / 2), 2) + "
            "cos(radians(fences.lat)) * cos(radians(points.lat)) * pow(sin(radians(points.lon - fences.lon) / 2), 2)))) <= radius",
            [EARTH_RADIUS_M],
        ).fetchnumpy()
        return found["point"], found["number"]


def _connect() -> Any:
    try:
        duckdb: Any = importlib.import_module("duckdb")
        folder: Any = importlib.import_module("duckdb_extension_spatial").__path__[0]
        version = importlib.metadata.version("duckdb")
    except ImportError:
        raise PeerMissing("DuckDB spatial is not installed: pip install duckdb duckdb-extension-spatial") from None
    connection = duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": "false"})
    try:
        connection.execute(f"LOAD '{folder}/extensions/v{version}/spatial.duckdb_extension'")
    except duckdb.Error as error:
        raise PeerMissing(f"DuckDB's spatial extension does not load: {type(error).__name__}") from None
    return connection


class DictMembership:
    """What one writes first: the tree for the batch, then a dict from device to the fences it is inside."""

    def __init__(self, index: SlowIndex) -> None:
        self._index = index
        self._inside: dict[int, list[int]] = {}
        self._last_s: dict[int, float] = {}

    def step(self, device_no: Ints, at_s: Floats, lat_deg: Floats, lon_deg: Floats) -> list[tuple[int, int, bool]]:
        """(row, fence, entered) as `Membership.step` tells them."""
        held: dict[int, list[int]] = {}
        for point, number in zip(*(a.tolist() for a in self._index.locate(lat_deg, lon_deg)), strict=True):
            held.setdefault(point, []).append(number)
        out: list[tuple[int, int, bool]] = []
        inside, last_s, nothing = self._inside, self._last_s, list[int]()
        times, devices = at_s.tolist(), device_no.tolist()
        for row in sorted(range(len(times)), key=times.__getitem__):
            device, time_s = devices[row], times[row]
            if time_s < last_s.get(device, -np.inf):
                continue
            last_s[device] = time_s
            before, now = inside.get(device, nothing), held.get(row, nothing)
            if before or now:
                out += [(row, f, False) for f in before if f not in now]
                out += [(row, f, True) for f in now if f not in before]
                inside[device] = now
        return out
