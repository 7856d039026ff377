"""The index answers exactly what shapely and the haversine formula answer."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geofences.geometry import Area, Circle, haversine_m
from geofences.index import Fence, FenceIndex
from tests.geofences.tracks import K_LON, LAT, LON, K


def random_fences(seed: int, count: int) -> list[Fence]:
    rng = np.random.default_rng(seed)
    out: list[Fence] = []
    for i in range(count):
        lat, lon = LAT + rng.normal(0, 0.01), LON + rng.normal(0, 0.02)
        if i % 5 < 3:
            out.append(Fence(f"f{i}", f"p{i}", "", Circle(lat, lon, float(rng.uniform(30, 300)))))
            continue
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(5, 40))))
        radii = rng.uniform(30, 200, len(angles))
        shell = np.column_stack([lon + radii * np.cos(angles) / K_LON, lat + radii * np.sin(angles) / K])
        hole = np.column_stack([lon + 10 * np.cos(angles) / K_LON, lat + 10 * np.sin(angles) / K])
        whole = shapely.make_valid(shapely.Polygon(shell).difference(shapely.make_valid(shapely.Polygon(hole))))
        out.append(Fence(f"f{i}", f"p{i}", "", Area(whole)))
    return out


class TestLocate:
    def test_equals_the_reference(self) -> None:
        fences = random_fences(1, 200)
        index = FenceIndex(fences)
        rng = np.random.default_rng(2)
        lat, lon = LAT + rng.normal(0, 0.01, 3000), LON + rng.normal(0, 0.02, 3000)
        lat[:200] = [
            f.shape.lat_deg if isinstance(f.shape, Circle) else shapely.get_coordinates(f.shape.geometry)[0, 1]
            for f in fences
        ]
        lon[:200] = [
            f.shape.lon_deg if isinstance(f.shape, Circle) else shapely.get_coordinates(f.shape.geometry)[0, 0]
            for f in fences
        ]
        expected: set[tuple[int, int]] = set()
        for f, fence in enumerate(fences):
            for p in range(len(lat)):
                if isinstance(fence.shape, Circle):
                    inside = (
                        haversine_m(fence.shape.lat_deg, fence.shape.lon_deg, lat[p], lon[p]) <= fence.shape.radius_m
                    )
                else:
                    inside = (
                        bool(shapely.covers(fence.shape.geometry, shapely.points(lon[p], lat[p])))
                        if abs(lat[p] - LAT) < 1
                        else False
                    )
                if inside:
                    expected.add((p, f))
        points, found = index.locate(lat, lon)
        assert set(zip(points.tolist(), found.tolist(), strict=True)) == expected
        assert len(expected) > 300

    def test_no_fences_or_no_points(self) -> None:
        assert FenceIndex([]).locate(np.array([1.0]), np.array([1.0]))[0].size == 0
        assert FenceIndex(random_fences(1, 3)).locate(np.array([]), np.array([]))[0].size == 0

    @pytest.mark.parametrize("lon", [179.9999, -179.9999])
    def test_a_circle_over_the_antimeridian(self, lon: float) -> None:
        index = FenceIndex([Fence("f", "p", "", Circle(0.0, lon, 100.0))])
        assert index.locate(np.array([0.0, 0.0, 0.0]), np.array([180.0, -180.0, 179.9]))[0].tolist() == [0, 1]

    def test_a_circle_over_the_pole(self) -> None:
        index = FenceIndex([Fence("f", "p", "", Circle(89.9999, 0.0, 100.0))])
        assert index.locate(np.array([89.9999, 89.999]), np.array([180.0, 180.0]))[0].tolist() == [0]


class TestDistance:
    def test_a_circle(self) -> None:
        index = FenceIndex([Fence("f", "p", "", Circle(LAT, LON, 60.0))])
        assert abs(index.distance_m(0, LAT, LON + 100 / K_LON, inside=False) - 40) < 0.1
        assert abs(index.distance_m(0, LAT, LON, inside=True) + 60) < 0.1

    def test_a_square_from_inside_and_outside(self) -> None:
        east, north = 100 / K_LON, 100 / K
        index = FenceIndex([Fence("f", "p", "", Area(shapely.box(LON, LAT, LON + east, LAT + north)))])
        assert abs(index.distance_m(0, LAT + north / 2, LON + east / 4, inside=True) + 25) < 0.1
        assert abs(index.distance_m(0, LAT + north / 2, LON - east / 2, inside=False) - 50) < 0.1


class TestCrossed:
    def test_the_depth_of_the_way(self) -> None:
        index = FenceIndex(
            [
                Fence("c", "p", "", Circle(LAT, LON, 60.0)),
                Fence("a", "p", "", Area(shapely.box(LON - 0.001, LAT - 20 / K, LON + 0.001, LAT + 20 / K))),
            ]
        )
        found = dict(index.crossed(LAT, LON - 0.01, LAT, LON + 0.01))
        assert abs(found[0] - 60) < 0.5
        assert abs(found[1] - 20) < 0.5

    def test_beside_is_not_through(self) -> None:
        index = FenceIndex([Fence("c", "p", "", Circle(LAT, LON, 60.0))])
        assert index.crossed(LAT + 61 / K, LON - 0.01, LAT + 61 / K, LON + 0.01) == []

    def test_what_is_skipped_is_not_named(self) -> None:
        index = FenceIndex([Fence("c", "p", "", Circle(LAT, LON, 60.0))])
        assert index.crossed(LAT, LON - 0.01, LAT, LON + 0.01, {"c"}) == []
