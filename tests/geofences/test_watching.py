"""The fences of the tables become a plan."""

from __future__ import annotations

from app.kernel.db import Database
from geofences import facade
from geofences.device_plan import Phone
from geofences.watching import plan_for
from tests.geofences.tracks import LAT, LON, K


class TestPlanFor:
    def test_the_nearest_are_watched_and_the_horizon_is_kept(self, database: Database) -> None:
        features = [
            {
                "type": "Feature",
                "id": f"f{i}",
                "properties": {"name": str(i), "timezone": "UTC", "radius_m": 50},
                "geometry": {"type": "Point", "coordinates": [LON, LAT + i * 700 / K]},
            }
            for i in range(1, 31)
        ]
        with database.transaction() as session:
            facade.import_geojson(session, {"type": "FeatureCollection", "features": features}, at=database.clock.now())
        with database.reading() as session:
            found = plan_for(session, Phone(LAT, LON), os_limit=4, reserve=1)
        assert [w.name for w in found.monitored] == ["1", "2", "3"]
        assert [x.why for x in found.left_out] == ["over_limit"] * 17
        assert abs(found.refresh.radius_m - (4 * 700 - 50 - 480)) < 1e-6
