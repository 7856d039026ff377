"""The whole house behind its real HTTP edge, with one caller per role; no loop runs, tests turn the relay themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.bootstrap import House, build
from app.kernel.db import Database
from app.main import create_app
from app.privacy.consents import grant
from app.privacy.purposes import Purpose
from app.security.people import make_api_key, open_session, register_device, staff
from app.security.principals import Role
from app.settings import Settings
from geofences.facade import import_geojson

EVERY_SCOPE = ("fixes", "places", "metrics", "events")

STORE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "ooey-1",
            "properties": {"name": "Ooey Gooey Kamppi", "kind": "store", "chain": "Ooey Gooey", "radius_m": 40, "timezone": "Europe/Helsinki"},
            "geometry": {"type": "Point", "coordinates": [24.9320, 60.1690]},
        }
    ],
}


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    unlimited = {"devices_per_minute": 10_000, "sign_ins_per_minute": 10_000, "link_uses_per_minute": 10_000, "till_codes_per_minute": 10_000, "guesses_per_minute": 10_000, "contact_sends_per_hour": 10_000}
    settings = Settings(data_dir=tmp_path / "data", loops=False, security=unlimited, _env_file=None)  # type: ignore[arg-type, call-arg]
    house = build(settings, database=database)
    with database.transaction() as session:
        import_geojson(session, STORE, at=database.clock.now())
    yield house
    house.stop()


@pytest.fixture
def app(house: House) -> FastAPI:
    return create_app(house)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def headers(house: House) -> dict[Role, dict[str, str]]:
    """A valid Authorization header per role; the shopper has granted every purpose."""
    at = house.clock.now()
    found: dict[Role, dict[str, str]] = {}
    with house.database.transaction() as session:
        device = register_device(session, "Phone", "android", at)
        for purpose in Purpose:
            grant(session, device.shopper_id, purpose, source="test", at=at)
        found[Role.SHOPPER] = {"Authorization": f"Bearer {device.token}"}
        for role in (Role.MARKETER, Role.CLERK, Role.OPERATOR):
            person = staff(session, role, f"A {role}", at=at)
            opened = open_session(session, role, at=at, ttl_s=86_400, person_id=person)
            found[role] = {"Authorization": f"Bearer {opened.token}"}
        key = make_api_key(session, "server", known_scopes(), made_by="test", at=at)
        found[Role.SERVER] = {"Authorization": f"Bearer {key.key}"}
    return found


def known_scopes() -> tuple[str, ...]:
    from app.security import api_keys

    return tuple(sorted(getattr(api_keys, "SCOPES", EVERY_SCOPE)))
