"""One whole house for the architecture tests that need one: every room, on SQLite, no loop running, no limit reached."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.bootstrap import House, build
from app.kernel.clock import ManualClock
from app.main import create_app
from app.settings import Settings
from tests.architecture.belongings import Belongings, one_of_everything
from tests.conftest import START
from tests.offers.builders import go_live


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house on SQLite for the module: who may call does not depend on the engine. No loop runs, no limit is reached."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(sqlite_template, folder / "moments.sqlite3")
    unlimited = {f"{name}_per_minute": 10_000 for name in ("devices", "sign_ins", "link_uses", "till_codes", "guesses")} | {"contact_sends_per_hour": 10_000}
    house = build(Settings(data_dir=folder, loops=False, security=unlimited, _env_file=None), clock=ManualClock(START))  # type: ignore[arg-type, call-arg]
    yield house
    house.stop()


@pytest.fixture(scope="module")
def app(house: House) -> FastAPI:
    return create_app(house)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture(scope="module")
def campaign(house: House) -> str:
    with house.database.transaction() as session:
        return go_live(session)


@pytest.fixture
def owned(house: House, campaign: str) -> Callable[[], Belongings]:
    """Makes a new shopper who has one of everything."""
    return lambda: one_of_everything(house)
