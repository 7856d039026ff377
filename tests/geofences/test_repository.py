"""Questions to the tables: which fences lie near a point."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from app.kernel.db import Database
from geofences import facade
from geofences.geometry import parse_fences
from geofences.repository import fences_near
from geofences.shapes import METRES_PER_DEGREE, distance_m, haversine_m


def feature(number: int, geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": f"f{number}",
        "properties": {"name": str(number), "timezone": "UTC", **properties},
        "geometry": geometry,
    }


def circle(number: int, lat: float, lon: float, radius_m: float = 50.0) -> dict[str, Any]:
    return feature(number, {"type": "Point", "coordinates": [lon, lat]}, radius_m=radius_m)


def bring(session: Session, features: list[dict[str, Any]]) -> None:
    facade.import_geojson(session, {"type": "FeatureCollection", "features": features}, at=session.info["at"])


def mixed(seed: int, lat: float, lon: float) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    out: list[dict[str, Any]] = []
    for i in range(120):
        spread = float(rng.choice([0.01, 0.2, 2.0]))
        at_lat = min(84.0, lat + float(rng.normal(0, spread)))
        at_lon = (lon + float(rng.normal(0, 2 * spread)) + 180) % 360 - 180
        size = float(10 ** rng.uniform(-3, 0))
        if i % 3 == 0:
            out.append(circle(i, at_lat, at_lon, float(10 ** rng.uniform(1, 4.5))))
        elif i % 3 == 1:
            ring = [[at_lon, at_lat], [at_lon + size, at_lat], [at_lon + size, at_lat + size], [at_lon, at_lat]]
            out.append(feature(i, {"type": "Polygon", "coordinates": [ring]}))
        else:
            line = [[at_lon, at_lat], [at_lon + size, at_lat + size / 2]]
            out.append(feature(i, {"type": "LineString", "coordinates": line}, buffer_m=40))
    return out


class TestFencesNear:
    @pytest.mark.parametrize(("lat", "lon"), [(60.17, 24.94), (-17.0, 179.99), (0.0, -179.999)])
    def test_are_all_those_up_to_the_horizon(self, database: Database, lat: float, lon: float) -> None:
        """Against a look at every fence. Seen to fail with the tile of a fence left as it was when its shape was updated elsewhere."""
        features = mixed(3, lat, lon)
        shapes = {
            f.external_id: f.shape for f in parse_fences({"type": "FeatureCollection", "features": features}).features
        }
        with database.transaction() as session:
            session.info["at"] = database.clock.now()
            bring(session, [circle(i, 10, 10) for i in range(120)])
            bring(session, features)
        with database.reading() as session:
            for most in (5, 40, 500):
                found, horizon_m = fences_near(session, lat, lon, most)
                assert len(found) <= most
                named = {c.name for c in found}
                for name, shape in shapes.items():
                    assert name is not None
                    reference = distance_m(shape, lat, lon)  # up to 2 % short
                    if reference + 0.02 * abs(reference) + 1 < horizon_m:
                        assert name.removeprefix("f") in named
                for candidate in found:
                    reference = distance_m(shapes[f"f{candidate.name}"], lat, lon)
                    assert candidate.distance_m <= reference + 0.02 * abs(reference) + 1
        assert horizon_m == 64_000.0

    def test_nearest_first_and_the_horizon_is_the_first_left_out(self, database: Database) -> None:
        with database.transaction() as session:
            session.info["at"] = database.clock.now()
            bring(session, [circle(i, 60.17 + 0.002 * i, 24.94) for i in range(1, 9)])
        with database.reading() as session:
            found, horizon_m = fences_near(session, 60.17, 24.94, 3)
        assert [c.name for c in found] == ["1", "2", "3"]
        assert horizon_m == pytest.approx(haversine_m(60.17, 24.94, 60.178, 24.94) - 50, abs=1e-6)

    def test_a_country_is_as_far_as_its_border(self, database: Database) -> None:
        box = [[25.0, 60.0], [35.0, 60.0], [35.0, 70.0], [25.0, 70.0], [25.0, 60.0]]
        with database.transaction() as session:
            session.info["at"] = database.clock.now()
            bring(session, [feature(1, {"type": "Polygon", "coordinates": [box]})])
        with database.reading() as session:
            ((outside,), _), ((inside,), _) = (fences_near(session, 60.5, lon, 10) for lon in (24.9, 25.1))
            assert fences_near(session, 60.5, 20.0, 10)[0] == []
        k_lon = METRES_PER_DEGREE * math.cos(math.radians(60.5))
        assert outside.distance_m == pytest.approx(0.1 * k_lon, rel=0.01)
        assert inside.distance_m == pytest.approx(-0.1 * k_lon, rel=0.01)
