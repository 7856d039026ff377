"""Who may read the funnel, and what a wrong question is told."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.analytics.endpoints import router
from app.kernel.http import install_problems
from app.security.access import Role
from app.security.people import open_session, register_device, staff
from app.security.settings import SecuritySettings
from tests.app.analytics.conftest import Counting, decided


@pytest.fixture
def client(counting: Counting) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.house = SimpleNamespace(database=counting.database, settings=SimpleNamespace(security=SecuritySettings()))
    install_problems(app)
    app.include_router(router)
    with TestClient(app) as client:
        yield client


def signed(counting: Counting, role: Role) -> dict[str, str]:
    at = counting.database.clock.now()
    with counting.database.transaction() as session:
        if role is Role.SHOPPER:
            return {"Authorization": f"Bearer {register_device(session, 'Phone', 'android', at).token}"}
        opened = open_session(session, role, at=at, ttl_s=3600, person_id=staff(session, role, "Somebody", at=at))
    return {"Authorization": f"Bearer {opened.token}"}


class TestShowFunnel:
    def test_counts(self, counting: Counting, client: TestClient) -> None:
        counting.consent(*range(20))
        counting.hear(*(decided(n) for n in range(20)))
        answer = client.get(
            "/v1/analytics/funnel", params={"campaign_id": "cmp_1"}, headers=signed(counting, Role.MARKETER)
        )
        assert answer.status_code == 200
        stages = {s["name"]: s["shoppers"] for s in answer.json()["stages"]}
        assert (stages["offered"], stages["pushed"]) == (20, None)
        assert "shp_" not in answer.text

    @pytest.mark.parametrize(
        ("role", "status"), [(Role.MARKETER, 200), (Role.OPERATOR, 200), (Role.CLERK, 403), (Role.SHOPPER, 403)]
    )
    def test_roles(self, counting: Counting, client: TestClient, role: Role, status: int) -> None:
        assert client.get("/v1/analytics/funnel", headers=signed(counting, role)).status_code == status

    def test_nobody(self, client: TestClient) -> None:
        assert client.get("/v1/analytics/funnel").status_code == 401

    @pytest.mark.parametrize(
        ("params", "field"),
        [
            ({"since": "yesterday"}, "since"),
            ({"since": "2026-11-21T00:00:00"}, "since"),
            ({"since": "0001-01-01T00:00:00+23:59"}, "since"),
            ({"campaign_id": "x" * 41}, "campaign_id"),
        ],
    )
    def test_bad_question(self, counting: Counting, client: TestClient, params: dict[str, str], field: str) -> None:
        answer = client.get("/v1/analytics/funnel", params=params, headers=signed(counting, Role.MARKETER))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
