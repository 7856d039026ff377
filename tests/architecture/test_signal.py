"""Global Privacy Control counts at every route a shopper can call, not only where consent is spoken of.

Seen to fail with the signal obeyed at `/m`, `/m/me` and `GET /v1/consents` alone: more than a hundred other routes left her consent as it was.
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request

from app.bootstrap import House
from app.privacy.consents import grant
from app.privacy.gate import may
from app.privacy.purposes import Purpose
from app.security.access import ANYONE, Role, declared_routes
from tests.architecture.belongings import new_shopper
from tests.architecture.test_routes import BURNS_THE_CALLER, STREAMS, _call
from tests.conftest import START


def _agreed(house: House, shopper_id: str) -> bool:
    with house.database.reading() as session:
        return may(session, shopper_id, Purpose.ANALYTICS, START).ok


WITHOUT = {"POST /v1/fixes", "GET /m", "GET /v1/inbox/stream", "GET /v1/me/export"}


def _left(house: House, app: FastAPI, client: TestClient, only: set[str] | None = None, **signal: str) -> set[str]:
    """The routes after whose call she still agrees to being counted."""
    left: set[str] = set()
    known = new_shopper(house)
    for route in declared_routes(app):
        name = f"{route.method} {route.path}"
        if route.allow is None or not route.allow.roles & {Role.SHOPPER, ANYONE} or name == "PUT /v1/consents/{purpose}":
            continue
        if only is not None and name not in only:
            continue
        shopper_id, headers = new_shopper(house) if name in BURNS_THE_CALLER else known
        with house.database.transaction() as session:
            grant(session, shopper_id, Purpose.ANALYTICS, source="test", at=START)
        if name in STREAMS:  # it would not end
            raw = [(k.lower().encode(), v.encode()) for k, v in {**headers, **signal}.items()]
            route.allow(Request({"type": "http", "method": "GET", "path": route.path, "query_string": b"", "headers": raw, "app": app, "state": {}}))
        else:
            _call(client, name, {**headers, **signal})
        if _agreed(house, shopper_id):
            left.add(name)
    return left


class TestSignal:
    def test_is_obeyed_at_every_route(self, house: House, app: FastAPI, client: TestClient) -> None:
        assert _left(house, app, client, **{"Sec-GPC": "1"}) == set()

    def test_and_without_it_nothing_is_taken_back(self, house: House, app: FastAPI, client: TestClient) -> None:
        assert _left(house, app, client, WITHOUT) == WITHOUT
