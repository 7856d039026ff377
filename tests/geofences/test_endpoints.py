"""The room over HTTP: three protocols in, places, visits."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_ipc_stream
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.http import RequestGuard, install_problems, no_nul
from app.security.people import NewDevice, make_api_key
from app.security.settings import SecuritySettings
from geofences.endpoints import router
from geofences.jobs import RunnerLoop
from geofences.models import FixLogRow
from geofences.settings import GeofenceSettings
from tests.geofences.conftest import SHOP_FEATURE, pass_time, raw
from tests.geofences.tracks import LAT, LON, K

Make = Callable[..., NewDevice]


@pytest.fixture
def client(database: Database, loop: RunnerLoop, settings: GeofenceSettings) -> Iterator[TestClient]:
    app = FastAPI(dependencies=[Depends(no_nul)])
    app.state.house = SimpleNamespace(
        database=database, runner=loop, settings=SimpleNamespace(security=SecuritySettings(), geofences=settings)  # type: ignore[call-arg]
    )  # fmt: skip
    install_problems(app)
    app.add_middleware(RequestGuard, limits_bytes={"/v1/fixes": 8_000_000})
    app.include_router(router)
    with TestClient(app) as client:
        yield client


def bearer(device: NewDevice) -> dict[str, str]:
    return {"Authorization": f"Bearer {device.token}"}


def batches(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(FixLogRow.position)).all())


def visits(client: TestClient, device: NewDevice) -> list[dict[str, Any]]:
    return client.get("/v1/visits", headers=bearer(device)).json()["visits"]


class TestPostFixes:
    def test_accepted_detected_shown(
        self, client: TestClient, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make
    ) -> None:
        jane = shopper()
        response = client.post("/v1/fixes", json={"fixes": [raw(clock.now(), 0, id="a")]}, headers=bearer(jane))
        assert response.status_code == 200
        assert response.json() == {
            "accepted": 1,
            "duplicate": 0,
            "refused": 0,
            "results": [{"index": 0, "status": "accepted", "reason": None, "field": None, "remedy": None, "id": "a"}],
        }
        pass_time(loop, clock, 2)
        (visit,) = visits(client, jane)
        assert (visit["place_id"], visit["ended_at"]) == ("plc_shop", None)
        assert visits(client, shopper()) == []  # another shopper's are not shown

    def test_a_tracking_key_is_enough(self, client: TestClient, clock: ManualClock, shopper: Make) -> None:
        jane = shopper()
        headers = {"Authorization": f"Bearer {jane.tracking_key}"}
        assert client.post("/v1/fixes", json={"fixes": [raw(clock.now(), 0)]}, headers=headers).status_code == 200
        assert client.get("/v1/visits", headers=headers).status_code == 401

    def test_sent_again_it_is_a_duplicate(
        self, client: TestClient, database: Database, clock: ManualClock, shopper: Make
    ) -> None:
        jane = shopper()
        body = {"fixes": [raw(clock.now(), 0), raw(clock.now(), 5)]}
        assert client.post("/v1/fixes", json=body, headers=bearer(jane)).json()["accepted"] == 2
        assert client.post("/v1/fixes", json=body, headers=bearer(jane)).json()["duplicate"] == 2
        keyed = {**bearer(jane), "Idempotency-Key": "k1"}
        first = client.post("/v1/fixes", json={"fixes": [raw(clock.now(), 9)]}, headers=keyed)
        again = client.post("/v1/fixes", json={"fixes": [raw(clock.now(), 9)]}, headers=keyed)
        assert again.json() == first.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert batches(database) == 2

    def test_without_consent_nothing_is_stored(
        self, client: TestClient, database: Database, clock: ManualClock, shopper: Make
    ) -> None:
        response = client.post(
            "/v1/fixes", json={"fixes": [raw(clock.now(), 0)]}, headers=bearer(shopper(agreed=False))
        )
        assert (response.status_code, response.json()["code"]) == (403, "no_consent_location")
        assert batches(database) == 0

    def test_nobody_and_staff_may_not(self, client: TestClient, database: Database, clock: ManualClock) -> None:
        body = {"fixes": [raw(clock.now(), 0)]}
        assert client.post("/v1/fixes", json=body).status_code == 401
        with database.transaction() as session:
            key = make_api_key(session, "server", ["places"], made_by="per_1", at=clock.now())
        assert client.post("/v1/fixes", json=body, headers={"Authorization": f"Bearer {key.key}"}).status_code == 403

    def test_a_bad_fix_among_good_ones(self, client: TestClient, clock: ManualClock, shopper: Make) -> None:
        body = {"fixes": [raw(clock.now(), 0), {**raw(clock.now(), 1), "lon": 500}]}
        answer = client.post("/v1/fixes", json=body, headers=bearer(shopper())).json()
        assert (answer["accepted"], answer["refused"]) == (1, 1)
        assert (answer["results"][1]["reason"], answer["results"][1]["field"]) == (
            "longitude_out_of_range",
            "fixes[1].lon",
        )

    def test_only_bad_ones_are_a_problem(
        self, client: TestClient, database: Database, clock: ManualClock, shopper: Make
    ) -> None:
        response = client.post(
            "/v1/fixes", json={"fixes": [{**raw(clock.now(), 0), "ts": 0}]}, headers=bearer(shopper())
        )
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "fixes[0].ts"
        assert response.json()["reasons"] == ["time_epoch_zero"]
        assert batches(database) == 0

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 422),
            (b"{", 422),
            (b"[]", 422),
            (b"null", 422),
            (b'{"fixes": {}}', 422),
            (b'{"fixes": [' + b"[" * 100_000, 422),
            (b'{"fixes": [{"lat": ' + b"9" * 5000 + b"}]}", 422),
            (b'{"fixes": [{"id": "\\u0000"}]}', 422),
            (b"\xff\xfe", 422),
            (json.dumps({"fixes": [{}] * 10_001}).encode(), 413),
            (b" " * 8_000_001, 413),
        ],
    )
    def test_malformed(self, client: TestClient, shopper: Make, body: bytes, status: int) -> None:
        response = client.post(
            "/v1/fixes", content=body, headers={**bearer(shopper()), "Content-Type": "application/json"}
        )
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"]


def arrow(**columns: Any) -> bytes:
    table = Table.from_pydict({name: Array(values, kind) for name, (values, kind) in columns.items()})
    stream = io.BytesIO()
    write_ipc_stream(table, stream)
    return stream.getvalue()


LINES, STREAM = "application/x-ndjson", "application/vnd.apache.arrow.stream"


class TestPostFixesOfManyDevices:
    """A server's batches, in each of the three forms."""

    @pytest.fixture
    def server(self, database: Database) -> dict[str, str]:
        with database.transaction() as session:
            key = make_api_key(session, "fleet", ["fixes"], made_by="per_1", at=database.clock.now())
        return {"Authorization": f"Bearer {key.key}"}

    def fixes(self, at: datetime, *devices: NewDevice) -> list[dict[str, Any]]:
        return [raw(at, 0, shopper_id=d.shopper_id, device_id=d.device_id) for d in devices]

    def sent(
        self, client: TestClient, server: dict[str, str], fixes: list[dict[str, Any]], form: str
    ) -> dict[str, Any]:
        if form == STREAM:
            kinds = {
                "ts": DataType.float64(),
                "lat": DataType.float64(),
                "lon": DataType.float64(),
                "accuracy_m": DataType.float32(),
            }
            kinds |= {"shopper_id": DataType.utf8(), "device_id": DataType.utf8()}
            body = arrow(**{name: ([f.get(name) for f in fixes], kind) for name, kind in kinds.items()})
        elif form == LINES:
            body = "\n".join(map(json.dumps, fixes)).encode()
        else:
            body = json.dumps({"fixes": fixes}).encode()
        response = client.post("/v1/fixes", content=body, headers=server | {"Content-Type": form})
        assert response.status_code == 200, response.text
        return response.json()

    @pytest.mark.parametrize("form", ["application/json", LINES, STREAM])
    def test_each_is_answered_and_visits_follow(
        self,
        client: TestClient,
        server: dict[str, str],
        database: Database,
        clock: ManualClock,
        loop: RunnerLoop,
        shopper: Make,
        form: str,
    ) -> None:
        jane, john, shy = shopper(), shopper(), shopper(agreed=False)
        fixes = self.fixes(clock.now(), jane, john, shy)
        unknown = {**fixes[0], "shopper_id": "shp_nobody"}
        answer = self.sent(client, server, [*fixes, unknown], form)
        assert [(r["status"], r["reason"], r["field"]) for r in answer["results"]] == [
            ("accepted", None, None),
            ("accepted", None, None),
            ("refused", "no_consent_location", "fixes[2].shopper_id"),
            ("refused", "no_consent_location", "fixes[3].shopper_id"),
        ]
        assert (answer["accepted"], answer["refused"]) == (2, 2)
        pass_time(loop, clock, 2)
        assert [len(visits(client, d)) for d in (jane, john, shy)] == [1, 1, 0]
        with database.reading() as session:
            first = session.scalars(select(FixLogRow.shopper_id).order_by(FixLogRow.position)).first()
        assert first == ""  # who is in a server's batch is sealed with it

    def test_the_same_batch_again_is_a_duplicate(
        self, client: TestClient, server: dict[str, str], clock: ManualClock, shopper: Make, database: Database
    ) -> None:
        fixes = self.fixes(clock.now(), shopper(), shopper())
        assert self.sent(client, server, fixes, LINES)["accepted"] == 2
        assert self.sent(client, server, fixes, STREAM)["duplicate"] == 2
        assert batches(database) == 1

    def test_ten_thousand_at_once(
        self, client: TestClient, server: dict[str, str], clock: ManualClock, shopper: Make
    ) -> None:
        jane = shopper()
        fixes = [{**f, "ts": clock.now().timestamp() - i} for i, f in enumerate(self.fixes(clock.now(), jane) * 10_000)]
        answer = self.sent(client, server, fixes, "application/json")
        assert (answer["accepted"], len(answer["results"])) == (10_000, 10_000)

    def test_a_key_without_the_scope(self, client: TestClient, database: Database, clock: ManualClock) -> None:
        with database.transaction() as session:
            key = make_api_key(session, "shop", ["places"], made_by="per_1", at=clock.now())
        response = client.post("/v1/fixes", json={"fixes": []}, headers={"Authorization": f"Bearer {key.key}"})
        assert (response.status_code, response.json()["code"]) == (403, "scope_missing")

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"", "not an Arrow IPC stream"),
            (b"ARROW1" + b"\x00" * 64, "not an Arrow IPC stream"),
            (arrow(ts=([1.0], DataType.float64()), lat=([1.0], DataType.float64())), "column lon is missing"),
            (
                arrow(ts=(["x"], DataType.utf8()), lat=([1.0], DataType.float64()), lon=([1.0], DataType.float64())),
                "column ts must hold numbers",
            ),
        ],
    )
    def test_a_stream_that_is_none(self, client: TestClient, server: dict[str, str], body: bytes, says: str) -> None:
        response = client.post("/v1/fixes", content=body, headers=server | {"Content-Type": STREAM})
        assert response.status_code == 422
        assert says in response.json()["detail"]


class TestPostDevicePlan:
    def body(self, **more: Any) -> dict[str, Any]:
        return {"lat": LAT + 500 / K, "lon": LON, "os": "ios", **more}

    def test_the_plan(self, client: TestClient, shop: str, shopper: Make) -> None:
        jane = shopper()
        response = client.post("/v1/device-plan", json=self.body(heading_deg=180, speed_mps=5), headers=bearer(jane))
        assert response.status_code == 200
        found = response.json()
        (watched,) = found["monitored"]
        assert (watched["place_ids"], watched["name"], watched["why"]) == ([shop], "Ooey Gooey", "ahead")
        assert watched["circle"] == {"lat_deg": LAT, "lon_deg": LON, "radius_m": 100.0}
        assert (found["left_out"], found["reserve"]) == ([], 1)
        assert found["refresh"]["radius_m"] == 64_000 - 240 * 7.5

    def test_without_consent_nothing_is_told(self, client: TestClient, shop: str, shopper: Make) -> None:
        jane = shopper(agreed=False)
        response = client.post("/v1/device-plan", json=self.body(), headers=bearer(jane))
        assert (response.status_code, response.json()["code"]) == (403, "no_consent_location")

    @pytest.mark.parametrize(
        ("more", "field"),
        [({"lat": 91}, "lat"), ({"lon": "x"}, "lon"), ({"os": "symbian"}, "os"), ({"reserve": 0}, "reserve"), ({"heading_deg": -1}, "heading_deg"), ({"speed": 3}, "speed")],
    )  # fmt: skip
    def test_bad_input_is_named(self, client: TestClient, shopper: Make, more: dict[str, Any], field: str) -> None:
        response = client.post("/v1/device-plan", json=self.body(**more), headers=bearer(shopper()))
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert [e["field"] for e in response.json()["errors"]] == [field]
        assert "24.9" not in response.text


class TestPostOwntracks:
    def message(self, clock: ManualClock, **more: Any) -> dict[str, Any]:
        fix = raw(clock.now(), 0)
        return {
            "_type": "location",
            "lat": fix["lat"],
            "lon": fix["lon"],
            "tst": int(fix["ts"]),
            "acc": 8,
            "vel": 3,
            "tid": "ja",
            **more,
        }

    def test_a_location_is_a_fix_and_brings_waypoints(
        self, client: TestClient, clock: ManualClock, loop: RunnerLoop, shopper: Make
    ) -> None:
        jane = shopper()
        headers = {"X-Limit-U": "jane", "X-Limit-D": "phone"}
        response = client.post(
            "/v1/owntracks", json=self.message(clock), auth=(jane.device_id, jane.token), headers=headers
        )
        assert response.status_code == 200
        (command,) = response.json()
        assert (command["_type"], command["action"]) == ("cmd", "setWaypoints")
        around, waypoint = command["waypoints"]["waypoints"]
        assert (around["desc"], around["rad"]) == ("Around you", 63_520)
        assert (waypoint["_type"], waypoint["desc"], waypoint["rad"]) == ("waypoint", "Ooey Gooey", 100)
        pass_time(loop, clock, 2)
        assert len(visits(client, jane)) == 1

    def test_a_moving_phone_is_not_told_each_time(self, client: TestClient, clock: ManualClock, shopper: Make) -> None:
        jane = shopper()
        assert (
            client.post("/v1/owntracks", json=self.message(clock, t="t"), auth=(jane.device_id, jane.token)).json()
            == []
        )

    def test_a_transition_is_a_fix_too(
        self, client: TestClient, database: Database, clock: ManualClock, shopper: Make
    ) -> None:
        jane = shopper()
        message = {**self.message(clock), "_type": "transition", "event": "enter", "desc": "Ooey Gooey"}
        for _ in range(3):  # a phone that heard no answer sends again
            assert client.post("/v1/owntracks", json=message, auth=(jane.device_id, jane.token)).json() == []
        assert batches(database) == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"  ",
            b'{"_type": "lwt", "tst": 1}',
            b'{"_type": "waypoint", "lat": 1, "lon": 2}',
            b'{"_type": "waypoints", "waypoints": []}',
            b"{}",
        ],
    )
    def test_what_is_not_for_us_is_answered_all_the_same(
        self, client: TestClient, database: Database, shopper: Make, body: bytes
    ) -> None:
        jane = shopper()
        response = client.post("/v1/owntracks", content=body, auth=(jane.device_id, jane.token))
        assert (response.status_code, response.json()) == (200, [])
        assert batches(database) == 0

    @pytest.mark.parametrize(
        "broken",
        [{"lat": 500}, {"lat": None}, {"tst": 0}, {"tst": None}, {"acc": -1}, {"vel": "x"}, {"t": []}, {"t": {}}],
    )
    def test_a_senseless_message_does_not_block_the_queue(
        self, client: TestClient, clock: ManualClock, shopper: Make, broken: dict[str, Any]
    ) -> None:
        jane = shopper()
        assert (
            client.post(
                "/v1/owntracks", json={**self.message(clock), **broken}, auth=(jane.device_id, jane.token)
            ).status_code
            == 200
        )

    def test_no_consent_no_position_no_retry(
        self, client: TestClient, database: Database, clock: ManualClock, shopper: Make
    ) -> None:
        john = shopper(agreed=False)
        response = client.post("/v1/owntracks", json=self.message(clock), auth=(john.device_id, john.token))
        assert (response.status_code, response.json()) == (200, [])
        assert batches(database) == 0

    def test_a_wrong_password(self, client: TestClient, clock: ManualClock, shopper: Make) -> None:
        jane = shopper()
        assert (
            client.post("/v1/owntracks", json=self.message(clock), auth=(jane.device_id, "dt_wrong")).status_code == 401
        )


class TestOsmand:
    def query(self, clock: ManualClock, device: NewDevice, **more: Any) -> dict[str, Any]:
        fix = raw(clock.now(), 0)
        return {
            "id": device.tracking_key,
            "lat": fix["lat"],
            "lon": fix["lon"],
            "timestamp": int(fix["ts"]),
            "accuracy": 8,
            "speed": 1,
            **more,
        }

    @pytest.mark.parametrize("way", ["get", "query", "form", "json"])
    def test_every_form_is_the_same_fix(
        self, client: TestClient, clock: ManualClock, loop: RunnerLoop, shopper: Make, way: str
    ) -> None:
        jane = shopper()
        query = self.query(clock, jane)
        coords = {
            "latitude": query["lat"],
            "longitude": query["lon"],
            "accuracy": 8,
            "speed": 0.5,
            "heading": 1,
            "altitude": 2,
        }
        document = {
            "device_id": jane.tracking_key,
            "location": {"timestamp": clock.now().isoformat(), "coords": coords, "is_moving": True},
        }
        response = {
            "get": lambda: client.get("/v1/osmand", params=query),
            "query": lambda: client.post("/v1/osmand", params=query),
            "form": lambda: client.post("/v1/osmand", data=query),
            "json": lambda: client.post("/v1/osmand", json=document),
        }[way]()
        assert response.status_code == 200
        assert response.json()["accepted"] == 1
        pass_time(loop, clock, 2)
        assert len(visits(client, jane)) == 1

    @pytest.mark.parametrize(
        "stamp",
        [lambda c: c.now().isoformat(), lambda c: int(c.now().timestamp() * 1000), lambda c: c.now().timestamp()],
    )
    def test_times(
        self, client: TestClient, clock: ManualClock, shopper: Make, stamp: Callable[[ManualClock], Any]
    ) -> None:
        assert (
            client.get("/v1/osmand", params=self.query(clock, shopper(), timestamp=stamp(clock))).json()["accepted"]
            == 1
        )

    def test_an_unknown_key(self, client: TestClient, clock: ManualClock, shopper: Make) -> None:
        query = self.query(clock, shopper())
        assert client.get("/v1/osmand", params={**query, "id": "tk_wrong"}).json()["code"] == "unknown_tracking_key"
        assert client.get("/v1/osmand", params={**query, "id": shopper().token}).status_code == 401

    @pytest.mark.parametrize(
        ("broken", "status"),
        [
            ({"lat": "x"}, 422),
            ({"lat": ""}, 422),
            ({"id": ""}, 422),
            ({"lat": 91}, 200),
            ({"timestamp": "x"}, 200),
            ({"lat": "nan"}, 200),
        ],
    )
    def test_broken(
        self,
        client: TestClient,
        database: Database,
        clock: ManualClock,
        shopper: Make,
        broken: dict[str, Any],
        status: int,
    ) -> None:
        response = client.get("/v1/osmand", params={**self.query(clock, shopper()), **broken})
        assert response.status_code == status
        assert batches(database) == 0

    @pytest.mark.parametrize(
        "document", [[], {"device_id": 5}, {"location": []}, {"location": {"coords": []}}, {"location": [{}] * 2000}]
    )
    def test_broken_json(self, client: TestClient, shopper: Make, document: Any) -> None:
        jane = shopper()
        if isinstance(document, dict):
            document = {"device_id": jane.tracking_key, **document}
        response = client.post("/v1/osmand", json=document)
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"]

    def test_no_consent(self, client: TestClient, database: Database, clock: ManualClock, shopper: Make) -> None:
        answer = client.get("/v1/osmand", params=self.query(clock, shopper(agreed=False)))
        assert (answer.status_code, answer.json()["reason"]) == (200, "no_consent_location")
        assert batches(database) == 0


class TestPlaces:
    def server(self, database: Database, *scopes: str) -> dict[str, str]:
        with database.transaction() as session:
            key = make_api_key(session, "server", list(scopes), made_by="per_1", at=database.clock.now())
        return {"Authorization": f"Bearer {key.key}"}

    def test_import_and_list(self, client: TestClient, database: Database) -> None:
        headers = self.server(database, "places")
        response = client.post("/v1/places/import", json={**SHOP_FEATURE, "id": "plc_two"}, headers=headers)
        assert (response.status_code, response.json()["created"]) == (200, 1)
        assert {p["id"] for p in client.get("/v1/places", headers=headers).json()["places"]} == {"plc_shop", "plc_two"}
        assert len(client.get("/v1/places/geojson", headers=headers).json()["features"]) == 2

    def test_a_refusal_names_feature_and_reason(self, client: TestClient, database: Database) -> None:
        far = {**SHOP_FEATURE, "geometry": {"type": "Point", "coordinates": [500, 0]}}
        response = client.post("/v1/places/import", json=far, headers=self.server(database, "places"))
        assert (response.status_code, response.json()["code"]) == (422, "import_refused")
        assert response.json()["problems"][0]["reason"] == "longitude_out_of_range"
        assert response.json()["errors"][0]["field"] == "feature 1 ('Ooey Gooey')"

    def test_shoppers_look_but_do_not_import(self, client: TestClient, shopper: Make) -> None:
        jane = bearer(shopper())
        assert client.get("/v1/places", headers=jane).status_code == 200
        assert client.post("/v1/places/import", json=SHOP_FEATURE, headers=jane).status_code == 403

    def test_a_key_without_the_scope(self, client: TestClient, database: Database) -> None:
        assert (
            client.post("/v1/places/import", json=SHOP_FEATURE, headers=self.server(database, "metrics")).status_code
            == 403
        )
