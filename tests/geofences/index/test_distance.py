"""Signed distances to borders: one by one and many at once."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geofences.index import FenceIndex
from geofences.shapes import METRES_PER_DEGREE, Area, Circle, Corridor
from tests.geofences.index.scenes import fence, numbered, points, shapes
from tests.geofences.tracks import K_LON, LAT, LON, K


@pytest.mark.usefixtures("path")
class TestDistance:
    def test_a_circle(self) -> None:
        index = FenceIndex([fence(Circle(LAT, LON, 60.0))])
        assert index.distance_m(0, LAT, LON + 100 / K_LON, inside=False) == pytest.approx(40, abs=0.1)
        assert index.distance_m(0, LAT, LON, inside=True) == pytest.approx(-60, abs=1e-6)

    def test_a_square_from_inside_and_outside(self) -> None:
        east, north = 100 / K_LON, 100 / K
        index = FenceIndex([fence(Area(shapely.box(LON, LAT, LON + east, LAT + north)))])
        assert index.distance_m(0, LAT + north / 2, LON + east / 4, inside=True) == pytest.approx(-25, abs=0.1)
        assert index.distance_m(0, LAT + north / 2, LON - east / 2, inside=False) == pytest.approx(50, abs=0.1)

    def test_a_corridor(self) -> None:
        line = shapely.LineString([(LON, LAT), (LON + 0.01, LAT)])
        index = FenceIndex([fence(Corridor(line, 50.0))])
        assert index.distance_m(0, LAT + 80 / K, LON + 0.005, inside=False) == pytest.approx(30, abs=0.1)
        assert index.distance_m(0, LAT + 20 / K, LON + 0.005, inside=True) == pytest.approx(-30, abs=0.1)

    def test_the_hole_is_a_border(self) -> None:
        d = 100 / METRES_PER_DEGREE
        ring = shapely.Polygon(shapely.box(-d, -d, d, d).exterior, [shapely.box(-d / 2, -d / 2, d / 2, d / 2).exterior.coords])
        assert FenceIndex([fence(Area(ring))]).distance_m(0, 0.0, 0.0, inside=False) == pytest.approx(50, abs=0.01)

    def test_the_cut_at_the_antimeridian_is_no_border(self) -> None:
        halves = shapely.MultiPolygon([shapely.box(179.99, -1, 180, 1), shapely.box(-180, -1, -179.99, 1)])
        index = FenceIndex([fence(Area(halves)), fence(Area(shapely.box(179.99, -1, 180, 1)), 1)])
        for lon in (180.0, -180.0):
            assert index.distance_m(0, 0.0, lon, inside=True) == pytest.approx(-0.01 * METRES_PER_DEGREE, abs=0.01)
        assert index.distance_m(0, 0.0, -179.98, inside=False) == pytest.approx(0.01 * METRES_PER_DEGREE, abs=0.01)
        assert index.distance_m(1, 0.0, -180.0, inside=False) == 0.0

    def test_a_circle_seen_from_over_the_antimeridian(self) -> None:
        index = FenceIndex([fence(Circle(0.0, 179.999, 50.0))])
        assert index.distance_m(0, 0.0, -179.999, inside=False) == pytest.approx(0.002 * METRES_PER_DEGREE - 50, abs=1e-6)

    def test_many_at_once_are_the_same(self) -> None:
        fences = numbered(shapes(5, 12))
        index = FenceIndex(fences)
        lat, lon = points(5, fences, 30)
        good = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
        lat, lon = lat[good][::9], lon[good][::9]
        number = np.arange(len(lat)) % len(fences)
        inside = np.arange(len(lat)) % 2 == 0
        every = zip(number.tolist(), lat.tolist(), lon.tolist(), inside.tolist(), strict=True)
        one_by_one = [index.distance_m(n, y, x, i) for n, y, x, i in every]
        assert index.distances_m(number, lat, lon, inside) == pytest.approx(one_by_one, rel=1e-9, abs=1e-6)
