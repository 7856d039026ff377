"""A shop with two departments told by beacons, in the database."""

from __future__ import annotations

from typing import Any

import pytest

from app.kernel.db import Database
from geofences import facade
from geofences.beacons.importing import import_beacons
from geofences.beacons.runner import BeaconRunner
from geofences.beacons.settings import BeaconSettings
from tests.geofences.tracks import LAT, LON

UUID_TEXT = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
KEY_HEX = "0102030405060708090a111213141516"
DEPARTMENTS = ("plc_shoes", "plc_hats")


def place(place_id: str, north_m: float = 0.0) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": place_id,
        "properties": {"name": place_id, "radius_m": 10, "kind": "department"},
        "geometry": {"type": "Point", "coordinates": [LON, LAT + north_m / 111_195]},
    }


def row(department: str, minor: int, **more: Any) -> dict[str, Any]:
    zone = {"place_id": f"plc_{department}", "within_place_id": "plc_shop", "zone": department, "floor": "F1"}
    return {**zone, "uuid": UUID_TEXT, "major": 1, "minor": minor, "tx_power_dbm": -60, "lat": LAT, "lon": LON, **more}


def rotating(department: str, beacon_id: str = "bcn_rotating", **more: Any) -> dict[str, Any]:
    zone = {"place_id": f"plc_{department}", "within_place_id": "plc_shop", "zone": department, "floor": "F1"}
    return {
        **zone,
        "id": beacon_id,
        "kind": "eddystone_eid",
        "identity_key": KEY_HEX,
        "exponent": 4,
        "clock_s": 5_000,
        "tx_power_dbm": -60,
        "lat": LAT,
        "lon": LON,
        **more,
    }


ROWS = [row("shoes", 1), row("shoes", 2), row("hats", 11), row("hats", 12)]


@pytest.fixture
def beacon_settings() -> BeaconSettings:
    return BeaconSettings()  # type: ignore[call-arg]


@pytest.fixture
def departments(database: Database, shop: str) -> str:
    """The shop's departments with two beacons each; returns the shop's id."""
    with database.transaction() as session:
        # far from where the fixes of these tests lie: positions must not tell of the departments themselves
        document = {"type": "FeatureCollection", "features": [place(p, 50_000.0) for p in DEPARTMENTS]}
        facade.import_geojson(session, document, at=database.clock.now())
        import_beacons(session, ROWS, at=database.clock.now())
    return shop


@pytest.fixture
def hearing(database: Database, beacon_settings: BeaconSettings, departments: str) -> BeaconRunner:
    return BeaconRunner(database, beacon_settings)
