"""The routes of beacons: sightings answered item by item, imports for keepers only, no key in any answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.http import RequestGuard, install_problems, no_nul
from app.security.people import NewDevice, make_api_key
from app.security.settings import SecuritySettings
from geofences.beacons.endpoints import router
from geofences.beacons.models import SightingLogRow
from geofences.beacons.runner import BeaconRunner
from geofences.beacons.settings import BeaconSettings
from tests.geofences.beacons.conftest import KEY_HEX, ROWS, UUID_TEXT, rotating, row

Make = Callable[..., NewDevice]


@pytest.fixture
def client(database: Database, departments: str, beacon_settings: BeaconSettings) -> Iterator[TestClient]:
    app = FastAPI(dependencies=[Depends(no_nul)])
    settings = SimpleNamespace(security=SecuritySettings(), beacons=beacon_settings)  # type: ignore[call-arg]
    app.state.house = SimpleNamespace(database=database, runner=None, settings=settings)
    install_problems(app)
    app.add_middleware(RequestGuard, limits_bytes={})
    app.include_router(router)
    with TestClient(app) as client:
        yield client


@pytest.fixture
def keeper(database: Database) -> dict[str, str]:
    with database.transaction() as session:
        made = make_api_key(session, "keeper", ["places"], made_by="per_1", at=database.clock.now())
    return {"Authorization": f"Bearer {made.key}"}


def bearer(device: NewDevice) -> dict[str, str]:
    return {"Authorization": f"Bearer {device.token}"}


def heard(clock: ManualClock, minor: int = 1, **more: Any) -> dict[str, Any]:
    return {"ts": clock.now().timestamp() - 1, "rssi_dbm": -62, "uuid": UUID_TEXT, "major": 1, "minor": minor, **more}


def stored(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(SightingLogRow.position)).all())


class TestPostSightings:
    def test_accepted_detected(
        self, client: TestClient, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Make
    ) -> None:
        items = [heard(clock, ts=clock.now().timestamp() - i) for i in range(10)]
        response = client.post("/v1/sightings", json={"sightings": items}, headers=bearer(shopper()))
        assert response.status_code == 200
        assert (response.json()["accepted"], response.json()["refused"]) == (10, 0)
        clock.advance(5)
        assert hearing.run_once() is False
        hearing.settle()
        with database.reading() as session:
            from geofences.models import VisitRow

            assert session.scalars(select(VisitRow.place_id)).all() == ["plc_shoes"]

    def test_item_by_item(self, client: TestClient, clock: ManualClock, shopper: Make) -> None:
        items = [heard(clock), heard(clock), {**heard(clock), "rssi_dbm": 127}, 5]
        results = client.post("/v1/sightings", json={"sightings": items}, headers=bearer(shopper())).json()["results"]
        assert [r["status"] for r in results] == ["accepted", "duplicate", "refused", "refused"]
        assert (results[2]["field"], results[2]["reason"]) == ("sightings[2].rssi_dbm", "rssi_invalid")

    def test_nothing_good_is_a_problem_that_names_the_field(
        self, client: TestClient, database: Database, shopper: Make
    ) -> None:
        response = client.post("/v1/sightings", json={"sightings": [{}]}, headers=bearer(shopper()))
        assert response.status_code == 422
        assert response.json()["reasons"] == ["time_missing"]
        assert response.json()["errors"][0]["field"] == "sightings[0].ts"
        assert stored(database) == 0

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"{}",
            b'{"sightings": 5}',
            b"\xff",
            b"[" * 100_000,
            b'{"sightings": [' + b"1" * 5000 + b"]}",
        ],
    )
    def test_what_is_no_batch(self, client: TestClient, shopper: Make, body: bytes) -> None:
        response = client.post("/v1/sightings", content=body, headers=bearer(shopper()))
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"

    def test_too_many(self, client: TestClient, shopper: Make) -> None:
        response = client.post("/v1/sightings", json={"sightings": [1] * 2001}, headers=bearer(shopper()))
        assert response.status_code == 413

    def test_without_consent_nothing_is_stored(
        self, client: TestClient, database: Database, clock: ManualClock, shopper: Make
    ) -> None:
        response = client.post(
            "/v1/sightings", json={"sightings": [heard(clock)]}, headers=bearer(shopper(agreed=False))
        )
        assert (response.status_code, response.json()["code"]) == (403, "no_consent_location")
        assert stored(database) == 0

    def test_nobody(self, client: TestClient) -> None:
        assert client.post("/v1/sightings", json={"sightings": []}).status_code == 401


class TestImportBeacons:
    def test_in_and_listed_without_keys(self, client: TestClient, keeper: dict[str, str]) -> None:
        answer = client.post("/v1/beacons/import", json={"beacons": [*ROWS, rotating("hats")]}, headers=keeper)
        assert answer.status_code == 200
        assert answer.json() == {"zones": 2, "beacons": 5, "notices": []}
        listed = client.get("/v1/beacons", headers=keeper)
        assert listed.json()["beacons_total"] == 5
        assert [b["rotating"] for b in listed.json()["beacons"] if b["id"] == "bcn_rotating"] == [True]
        assert KEY_HEX not in answer.text + listed.text

    def test_a_wrong_row_is_named(self, client: TestClient, keeper: dict[str, str]) -> None:
        answer = client.post(
            "/v1/beacons/import", json={"beacons": [row("shoes", 1), rotating("hats", exponent=99)]}, headers=keeper
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "beacon_import_refused")
        assert answer.json()["problems"] == ["beacons[1].exponent: a number from 0 to 15"]
        assert KEY_HEX not in answer.text

    def test_not_for_shoppers(self, client: TestClient, shopper: Make) -> None:
        jane = bearer(shopper())
        assert client.post("/v1/beacons/import", json={"beacons": ROWS}, headers=jane).status_code == 403
        assert client.get("/v1/beacons", headers=jane).status_code == 403
