"""The routes, as an operator's program calls them, and what others are answered."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.http import RequestGuard, install_problems
from app.security.people import open_session, staff
from app.security.principals import Role
from app.security.settings import SecuritySettings
from notifications.webhooks.endpoints import router
from tests.notifications.webhooks.conftest import URL, Out


@pytest.fixture
def client(out: Out) -> Iterator[TestClient]:
    app = FastAPI()
    settings = SimpleNamespace(security=SecuritySettings(), webhooks=out.settings)
    webhooks = SimpleNamespace(loop=SimpleNamespace(wake=lambda: None))
    app.state.house = SimpleNamespace(database=out.database, settings=settings, webhooks=webhooks)
    install_problems(app)
    app.add_middleware(RequestGuard)
    app.include_router(router)
    with out.database.transaction() as session:
        person_id = staff(session, Role.OPERATOR, "Olga", at=out.now)
        token = open_session(session, Role.OPERATOR, at=out.now, ttl_s=86_400, person_id=person_id).token
    with TestClient(app, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


class TestRoutes:
    def test_life_of_an_endpoint(self, out: Out, client: TestClient) -> None:
        made = client.post("/v1/webhooks", json={"url": URL, "event_types": ["order.paid"]})
        assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
        endpoint_id = made.json()["endpoint"]["id"]
        out.order("ord_1")
        out.until_idle()
        listed: dict[str, Any] = client.get("/v1/webhooks").json()
        assert (listed["newest"], [e["waiting"] for e in listed["endpoints"]]) == (3, [0])
        assert "secret" not in client.get(f"/v1/webhooks/{endpoint_id}").json()
        (told,) = client.get(f"/v1/webhooks/{endpoint_id}/deliveries").json()["deliveries"]
        assert (told["event_type"], told["state"], told["status"], told["cursor"]) == ("order.paid", "delivered", 200, 2)
        assert client.post(f"/v1/webhooks/{endpoint_id}/replay", json={"after": 2}).json() == {"queued": 0}
        assert client.post(f"/v1/webhooks/{endpoint_id}/replay", json={"after": 0}).json() == {"queued": 1}
        assert client.post(f"/v1/webhooks/{endpoint_id}/test").status_code == 202
        out.until_idle()
        assert [e["type"] for e in out.told] == ["order.paid", "order.paid", "webhook.test"]
        assert out.told[0] == out.told[1]
        assert client.post(f"/v1/webhooks/{endpoint_id}/rotate", json={}).json()["secret"] != made.json()["secret"]
        assert client.post(f"/v1/webhooks/{endpoint_id}/rotate", json={}).json()["code"] == "rotation_under_way"
        assert client.post(f"/v1/webhooks/{endpoint_id}/disable").json()["why_off"] == "Somebody switched the endpoint off."
        assert client.post(f"/v1/webhooks/{endpoint_id}/test").json()["code"] == "endpoint_is_off"
        assert client.post(f"/v1/webhooks/{endpoint_id}/enable").json()["state"] == "on"
        assert client.delete(f"/v1/webhooks/{endpoint_id}").status_code == 204
        assert client.get(f"/v1/webhooks/{endpoint_id}").status_code == 404

    @pytest.mark.parametrize(
        ("body", "field"),
        [({}, "url"), ({"url": "https://127.0.0.1/"}, "url"), ({"url": URL, "event_types": ["all"]}, "event_types"), ({"url": URL, "secret": "mine"}, "secret")],
    )
    def test_what_is_wrong_is_named(self, client: TestClient, body: dict[str, Any], field: str) -> None:
        answer = client.post("/v1/webhooks", json=body)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert [e["field"].split("[")[0] for e in answer.json()["errors"]] == [field]
        assert client.get("/v1/webhooks").json()["endpoints"] == []

    def test_nobody_else_may(self, client: TestClient) -> None:
        assert client.get("/v1/webhooks", headers={"Authorization": ""}).status_code == 401
