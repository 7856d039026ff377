"""Global Privacy Control: read as the draft says, obeyed at once, and not undone by a later request without it."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from app.kernel.db import Database
from app.privacy.signals import opted_out
from app.security.shoppers import NewDevice
from tests.paths import shared


def _request(value: str | None) -> Request:
    return Request({"type": "http", "headers": [] if value is None else [(b"sec-gpc", value.encode())]})


class TestOptedOut:
    @pytest.mark.parametrize(("value", "answer"), [("1", True), (" 1 ", True), (None, False), ("0", False), ("true", False), ("", False), ("1, 1", False), ("11", False)])
    def test_is_the_one_value_alone(self, value: str | None, answer: bool) -> None:
        assert opted_out(_request(value)) is answer

    def test_agrees_with_the_shared_cases(self) -> None:
        cases = json.loads(shared("vectors", "gpc", "cases.json").read_text())["header_cases"]
        assert [case for case in cases if opted_out(_request(case["Sec-GPC"])) is not case["opt_out"]] == []


class TestObey:
    def _live(self, client: TestClient, device: NewDevice, **more: str) -> list[str]:
        views = client.get("/v1/consents", headers={"Authorization": f"Bearer {device.token}", **more}).json()["consents"]
        return [view["purpose"] for view in views if view["live"]]

    def test_it_withdraws_and_stays_withdrawn(self, client: TestClient, jane: NewDevice, database: Database) -> None:
        """Seen to fail with the withdrawal shown and not stored."""
        headers = {"Authorization": f"Bearer {jane.token}"}
        for purpose in ("location", "personalisation", "marketing_push", "analytics"):
            client.put(f"/v1/consents/{purpose}", json={"granted": True}, headers=headers)
        assert len(self._live(client, jane)) == 4
        assert self._live(client, jane, **{"Sec-GPC": "1"}) == ["location"]
        assert self._live(client, jane) == ["location"]
        said = client.get("/v1/consents/analytics/receipt", headers=headers).json()["record"]["events"][0]
        assert (said["granted"], said["source"]) == (False, "gpc")

    def test_a_request_that_carries_it_grants_only_what_it_does_not_speak_of(self, client: TestClient, jane: NewDevice) -> None:
        headers = {"Authorization": f"Bearer {jane.token}", "Sec-GPC": "1"}
        refused = client.put("/v1/consents/marketing_push", json={"granted": True}, headers=headers)
        assert (refused.status_code, refused.json()["type"].rsplit("#", 1)[-1]) == (409, "opted_out_by_signal")
        assert client.put("/v1/consents/location", json={"granted": True}, headers=headers).status_code == 200
        assert client.put("/v1/consents/analytics", json={"granted": False}, headers=headers).status_code == 200

    def test_a_later_word_without_it_counts(self, client: TestClient, jane: NewDevice) -> None:
        self._live(client, jane, **{"Sec-GPC": "1"})
        client.put("/v1/consents/analytics", json={"granted": True}, headers={"Authorization": f"Bearer {jane.token}"})
        assert self._live(client, jane) == ["analytics"]


class TestWellKnown:
    def test_says_that_it_is_obeyed(self, client: TestClient) -> None:
        answer = client.get("/.well-known/gpc.json")
        assert (answer.status_code, answer.headers["content-type"], answer.json()["gpc"]) == (200, "application/json", True)
