"""What the tests of this floor share: fixed keys, a small house, and the registries put back after each test."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.db import Database
from app.kernel.http import RequestGuard, install_problems
from app.privacy import retention, signals, subjects
from app.privacy.endpoints import router
from app.privacy.privacy import HOLDERS, RULES
from app.security.access import WHEN_KNOWN
from app.security.endpoints import router as people_router
from app.security.sealing import use_secrets
from app.security.secrets import Secrets
from app.security.shoppers import NewDevice, register_device


@pytest.fixture(autouse=True)
def cellar(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cellar's own holders and rules, alone."""
    use_secrets(Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"l" * 32, b"p" * 32))
    monkeypatch.setattr(subjects, "_holders", {})
    monkeypatch.setattr(retention, "_rules", {})
    subjects.register_holders(*HOLDERS)
    retention.register_rules(*RULES)


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.house = SimpleNamespace(database=database)
    setattr(app.state, WHEN_KNOWN, (signals.heed,))
    install_problems(app)
    app.add_middleware(RequestGuard)
    app.include_router(router)
    app.include_router(people_router)
    with TestClient(app) as client:
        yield client


@pytest.fixture
def jane(database: Database) -> NewDevice:
    with database.transaction() as session:
        return register_device(session, "Phone", "ios", database.clock.now())


@pytest.fixture
def john(database: Database) -> NewDevice:
    with database.transaction() as session:
        return register_device(session, "Phone", "android", database.clock.now())
