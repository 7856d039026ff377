"""The table of routes answers as the framework does, also for what nobody has."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.routing import Match

from app.kernel.routes import RouteTable


def told_apart() -> FastAPI:
    """Routes that could be taken for each other, in an order that matters, in routers within routers."""
    outer, inner = APIRouter(prefix="/v1"), APIRouter(prefix="/coupons")
    answers = [
        (inner, "GET", "/{coupon_id}"), (inner, "GET", "/newest"), (inner, "POST", "/newest"), (inner, "GET", "/{coupon_id}/passes/{kind}.pkpass"),
        (outer, "GET", "/coupons/"), (outer, "GET", "/files/{rest:path}"), (outer, "GET", "/files/known"), (outer, "PUT", "/coupons/{coupon_id}"),
    ]  # fmt: skip

    def said(name: str) -> Callable[[], str]:
        def answer() -> str:
            return name

        return answer

    for router, method, path in answers:
        router.add_api_route(path, said(f"{method} {path}"), methods=[method])
    outer.include_router(inner)
    app = FastAPI()
    app.include_router(outer)
    app.add_api_route("/", said("root"))
    app.add_api_route("/{anything}", said("anything"))
    return app


class TestRouteTable:
    @pytest.mark.parametrize("path", ["/", "/v1", "/v1/coupons", "/v1/coupons/", "/v1/coupons/newest", "/v1/coupons/new", "/v1/coupons/new/", "/v1/coupons/x/passes/apple.pkpass",
                                      "/v1/coupons/x/passes/apple", "/v1/files/known", "/v1/files/a/b", "/v1/files/", "//", "/v1//coupons", "/favicon", "/v1/coupons/%2e%2e", ""])  # fmt: skip
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD", "DELETE"])
    def test_answers_as_the_framework_does(self, path: str, method: str) -> None:
        """Planted bugs, each seen here: routes in the order of their stems and not of declaration; stems without their last slash."""
        plain, with_table = told_apart(), told_apart()
        with_table.router.routes.insert(0, RouteTable(iter_route_contexts(with_table.routes)))
        wanted, found = (TestClient(app).request(method, path, follow_redirects=False) for app in (plain, with_table))
        assert (found.status_code, found.text, dict(found.headers)) == (wanted.status_code, wanted.text, dict(wanted.headers))

    def test_slashes_without_end_cost_nothing(self) -> None:
        """Planted bug this was seen to fail on: a look for each slash, with a copy of the path so far (half a minute)."""
        table = RouteTable(iter_route_contexts(told_apart().routes))
        begun = time.process_time()
        assert table.matches({"type": "http", "method": "GET", "path": "/" * 600_000, "root_path": ""})[0] == Match.NONE
        assert time.process_time() - begun < 5.0  # of the processor, for what takes some millionths
