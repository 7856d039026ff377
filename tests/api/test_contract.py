"""The OpenAPI document against the running house: generated requests, valid and invalid, never meet a crash."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from starlette.testclient import TestClient

from app.security.principals import Role
from tests.api.callers import role_for

SKIP = ("/v1/inbox/stream", "/v1/me/erase")


@pytest.fixture
def api_schema(app: FastAPI) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", app)


schema = schemathesis.pytest.from_fixture("api_schema")


@schema.exclude(path=list(SKIP)).parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_generated_request_crashes(case: schemathesis.Case, app: FastAPI, headers: dict[Role, dict[str, str]]) -> None:
    role = role_for(app, case.method, case.path)
    answer = case.call(headers=headers[role] if role else {})
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0].startswith("application/problem+json"), answer.headers["content-type"]
        assert answer.json()["detail"]


def test_every_route_is_documented(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    operations = [op for methods in document["paths"].values() for op in methods.values()]
    assert len(operations) > 40
    assert [op["operationId"] for op in operations if not op.get("summary")] == []
    assert len({op["operationId"] for op in operations}) == len(operations)
