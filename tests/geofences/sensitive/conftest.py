"""A hospital in a polygon, a church, and a shop whose fence can be put anywhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from geofences import facade
from geofences.sensitive.importing import SensitiveReport
from tests.geofences.sensitive.test_distance import LAT, LON, NORTH_DEG, box


def hospital(feature_id: str = "way/1", **properties: Any) -> dict[str, Any]:
    """400 m by 400 m about the middle."""
    return {
        "type": "Feature",
        "id": feature_id,
        "properties": {"amenity": "hospital", "name": "Never to be stored", **properties},
        "geometry": {"type": "Polygon", "coordinates": [box(-200, -200, 200, 200)]},
    }


def church(east_m: float = 3_000, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"amenity": "place_of_worship", **properties},
        "geometry": {"type": "Point", "coordinates": box(east_m, 0, 0, 0)[0]},
    }


def cafe() -> dict[str, Any]:
    return {"type": "Feature", "properties": {"amenity": "cafe"}, "geometry": {"type": "Point", "coordinates": [LON, LAT]}}


def shop(north_m: float, name: str = "plc_near", **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": name,
        "properties": {"name": name, "radius_m": 30, **properties},
        "geometry": {"type": "Point", "coordinates": [LON, LAT + north_m * NORTH_DEG]},
    }


def listed(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def bring(database: Database, *features: Any) -> Any:
    with database.transaction() as session:
        return facade.import_geojson(session, listed(*features), at=database.clock.now())


def bring_sensitive(database: Database, *features: Any, **how: Any) -> SensitiveReport:
    with database.transaction() as session:
        return facade.import_sensitive(session, listed(*features), at=database.clock.now(), **how)


@pytest.fixture
def lone_database(sqlite_template: Path, tmp_path: Path, clock: ManualClock) -> Iterator[Database]:
    """One engine, for what no engine changes."""
    path = tmp_path / "house.sqlite3"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}", clock=clock)
    yield database
    database.close()


@pytest.fixture
def near_hospital(database: Database) -> Database:
    """A shop 400 m north of the hospital's wall, brought in before anybody knew of the hospital; the list comes last."""
    bring(database, shop(630), shop(2_000, "plc_far"))
    bring_sensitive(database, hospital(), church())
    return database
