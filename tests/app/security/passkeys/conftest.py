"""A small house at http://localhost with the routes of people and passkeys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.db import Database
from app.kernel.http import RequestGuard, install_problems
from app.security.endpoints import router as people
from app.security.passkeys.endpoints import router as passkeys
from app.security.settings import SecuritySettings


@pytest.fixture
def app(database: Database) -> FastAPI:
    app = FastAPI()
    app.state.house = SimpleNamespace(database=database, settings=SimpleNamespace(security=SecuritySettings(guesses_per_minute=100), public_url=""))
    install_problems(app)
    app.add_middleware(RequestGuard)
    app.include_router(people)
    app.include_router(passkeys)
    return app


@pytest.fixture
def browser(app: FastAPI) -> Iterator[Callable[[], TestClient]]:
    """`browser()` is a fresh one, with its own cookies, at http://localhost."""
    opened: list[TestClient] = []

    def make() -> TestClient:
        opened.append(TestClient(app, base_url="http://localhost", follow_redirects=False))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
