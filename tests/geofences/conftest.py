"""What the tests of this room share: fixed keys, a shop in Helsinki, shoppers who have agreed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.privacy.consents import grant
from app.privacy.purposes import Purpose
from app.security.people import NewDevice, register_device
from app.security.sealing import use_secrets
from app.security.secrets import Secrets
from geofences import facade
from geofences.jobs import RunnerLoop
from geofences.settings import GeofenceSettings
from tests.geofences.tracks import LAT, LON, sample

SHOP_ID = "plc_shop"
SHOP_FEATURE = {
    "type": "Feature",
    "id": SHOP_ID,
    "properties": {"name": "Ooey Gooey", "chain": "ooey-gooey", "tags": ["chocolate"], "radius_m": 60},
    "geometry": {"type": "Point", "coordinates": [LON, LAT]},
}


@pytest.fixture(autouse=True)
def secrets() -> None:
    use_secrets(Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"l" * 32, b"p" * 32))


@pytest.fixture
def settings() -> GeofenceSettings:
    return GeofenceSettings()  # type: ignore[call-arg]


@pytest.fixture
def shop(database: Database) -> str:
    with database.transaction() as session:
        facade.import_geojson(session, SHOP_FEATURE, at=database.clock.now())
    return SHOP_ID


@pytest.fixture
def shopper(database: Database) -> Callable[..., NewDevice]:
    """Make a shopper with a device; she has agreed to location unless told otherwise."""

    def make(*, agreed: bool = True) -> NewDevice:
        at = database.clock.now()
        with database.transaction() as session:
            made = register_device(session, "Phone", "android", at)
            if agreed:
                grant(session, made.shopper_id, Purpose.LOCATION, source="app", at=at)
        return made

    return make


@pytest.fixture
def loop(database: Database, settings: GeofenceSettings, shop: str) -> RunnerLoop:
    return RunnerLoop(database, settings)


def raw(at: datetime, east_m: float, north_m: float = 0.0, accuracy_m: float = 8.0, **more: Any) -> dict[str, Any]:
    """A fix as a client sends it, `east_m` and `north_m` metres from the shop."""
    s = sample(0, east_m, north_m)
    return {"ts": at.timestamp(), "lat": s.lat_deg, "lon": s.lon_deg, "accuracy_m": accuracy_m, **more}


def pass_time(loop: RunnerLoop, clock: ManualClock, seconds: float) -> None:
    clock.advance(seconds)
    loop.settle()
