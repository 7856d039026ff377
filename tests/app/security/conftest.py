"""What the tests of this floor share: keys that are always the same, and a small house around the database."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.db import Database
from app.kernel.http import RequestGuard, install_problems
from app.security.endpoints import router
from app.security.sealing import use_secrets
from app.security.secrets import Secrets
from app.security.settings import SecuritySettings

FIXED = Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"l" * 32, b"p" * 32)


@pytest.fixture(autouse=True)
def secrets() -> Secrets:
    use_secrets(FIXED)
    return FIXED


@pytest.fixture
def app(database: Database) -> FastAPI:
    app = FastAPI()
    app.state.house = SimpleNamespace(database=database, settings=SimpleNamespace(security=SecuritySettings(sign_ins_per_minute=5, devices_per_minute=6)))
    install_problems(app)
    app.add_middleware(RequestGuard)
    app.include_router(router)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as client:
        yield client
