"""The routes about people in the mass: who may ask, and what they are told."""

from __future__ import annotations

from fastapi.testclient import TestClient

from app.kernel.db import Database
from app.security.access import Role
from tests.conftest import START
from tests.offers.builders import KLUUVI, go_live
from tests.offers.crowd import days, shopper, stay
from tests.offers.test_endpoints import client, staff

__all__ = ["client"]
VISITED = {"fact": "visits", "at_least": 1, "within_days": 7}


def crowd(database: Database) -> None:
    with database.transaction() as session:
        go_live(session, audience=VISITED)
        for n in range(45):
            shopper(session, f"shp_{n}")
            if n < 25:
                stay(session, f"shp_{n}", KLUUVI.id, START - days(1))


class TestCount:
    def test_an_audience_that_is_being_written(self, client: TestClient, database: Database) -> None:
        crowd(database)
        headers = staff(database, Role.MARKETER)
        found = client.post("/v1/audiences/count", json={"audience": VISITED, "campaign_id": "cam_bonbon"}, headers=headers).json()
        assert found == {
            "counted": 40, "members": 20, "open_to_offers": 20, "reachable": 20, "capped": None, "step": 20, "at": "2026-11-21T12:00:00Z",
        }  # fmt: skip
        everybody = client.post("/v1/audiences/count", json={}, headers=headers).json()
        assert everybody["members"] == 40
        assert client.get("/v1/campaigns/cam_bonbon/audience", headers=headers).json()["members"] == 20

    def test_what_is_wrong_is_named(self, client: TestClient, database: Database) -> None:
        headers = staff(database, Role.MARKETER)
        refused = client.post("/v1/audiences/count", json={"audience": {"all": [{"fact": "visits"}]}}, headers=headers)
        assert refused.status_code == 422
        assert "visits needs at_least or at_most" in refused.text
        assert client.post("/v1/audiences/count", json={"campaign_id": "cam_none"}, headers=headers).status_code == 404
        assert client.get("/v1/campaigns/cam_none/audience", headers=headers).status_code == 404

    def test_not_for_clerks(self, client: TestClient, database: Database) -> None:
        headers = staff(database, Role.CLERK)
        assert client.post("/v1/audiences/count", json={}, headers=headers).status_code == 403


class TestFigures:
    def test_by_group(self, client: TestClient, database: Database) -> None:
        crowd(database)
        headers = staff(database, Role.OPERATOR)
        found = client.get("/v1/campaigns/cam_bonbon/figures?days=7", headers=headers).json()
        assert (found["days"], [arm["arm"] for arm in found["arms"]], found["lifts"]) == (7, ["all"], [])
        assert client.get("/v1/campaigns/cam_bonbon/figures?days=0", headers=headers).status_code == 422
        assert client.get("/v1/campaigns/cam_none/figures", headers=headers).status_code == 404


