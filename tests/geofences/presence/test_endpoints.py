"""The routes of presence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from app.kernel.db import Database
from app.kernel.http import RequestGuard, install_problems, no_nul
from app.security.people import NewDevice, make_api_key
from app.security.settings import SecuritySettings
from geofences.presence import proving
from geofences.presence.endpoints import router
from geofences.settings import GeofenceSettings
from geofences.tiers import TILL

Make = Callable[..., NewDevice]


@pytest.fixture
def client(database: Database, shop: str, settings: GeofenceSettings) -> Iterator[TestClient]:
    app = FastAPI(dependencies=[Depends(no_nul)])
    house = SimpleNamespace(security=SecuritySettings(guesses_per_minute=5), geofences=settings)  # type: ignore[call-arg]
    app.state.house = SimpleNamespace(database=database, runner=None, settings=house)
    install_problems(app)
    app.add_middleware(RequestGuard, limits_bytes={})
    app.include_router(router)
    with TestClient(app) as client:
        yield client


@pytest.fixture
def screen(database: Database) -> dict[str, str]:
    with database.transaction() as session:
        made = make_api_key(session, "screens", ["places"], made_by="per_1", at=database.clock.now())
    return {"Authorization": f"Bearer {made.key}"}


def bearer(device: NewDevice) -> dict[str, str]:
    return {"Authorization": f"Bearer {device.token}"}


class TestPostPresence:
    def test_what_a_screen_shows_is_taken_once(
        self, client: TestClient, shop: str, shopper: Make, screen: dict[str, str]
    ) -> None:
        ann = bearer(shopper())
        shown = client.get(f"/v1/places/{shop}/presence-code?label=aisle-3", headers=screen)
        assert shown.status_code == 200
        assert shown.json()["digits"] is None
        assert shown.headers["cache-control"] == "no-store"
        code = {"code": shown.json()["code"]}
        taken = client.post("/v1/presence", headers=ann, json=code)
        assert taken.json() == {"place_id": shop, "presence": "shelf_qr", "visit_id": None, "visit_level": "claimed"}
        again = client.post("/v1/presence", headers=ann, json=code)
        assert (again.status_code, again.json()["code"]) == (409, "presence_code_used")

    def test_the_digits_of_a_till(self, client: TestClient, database: Database, shop: str, shopper: Make) -> None:
        digits = proving.shown_digits(shop, database.clock.now())
        typed = {"place_id": shop, "digits": f"{digits[:4]} {digits[4:]}"}
        taken = client.post("/v1/presence", headers=bearer(shopper()), json=typed)
        assert (taken.status_code, taken.json()["presence"]) == (200, "till")

    def test_who_guesses_digits_is_stopped(self, client: TestClient, shop: str, shopper: Make) -> None:
        ann = bearer(shopper())
        wrong = {"place_id": shop, "digits": "00000000"}
        answers = [client.post("/v1/presence", headers=ann, json=wrong).status_code for _ in range(7)]
        assert answers == [422] * 5 + [429] * 2

    def test_all_at_one_place_together_too(self, client: TestClient, shop: str, shopper: Make) -> None:
        """Seen to fail when only callers were counted: new phones went on guessing."""
        wrong = {"place_id": shop, "digits": "00000000"}
        answers = [client.post("/v1/presence", headers=bearer(shopper()), json=wrong).status_code for _ in range(7)]
        assert answers == [422] * 5 + [429] * 2

    @pytest.mark.parametrize("body", [{}, {"place_id": "plc_shop"}, {"digits": "12345678"}])
    def test_nothing_to_look_at_is_said(self, client: TestClient, shopper: Make, body: dict[str, str]) -> None:
        answer = client.post("/v1/presence", headers=bearer(shopper()), json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "code"

    @pytest.mark.parametrize("text", ["x", "MMP1.t.plc_shop.1..", "é" * 50])
    def test_what_is_no_code_is_said(self, client: TestClient, shopper: Make, text: str) -> None:
        answer = client.post("/v1/presence", headers=bearer(shopper()), json={"code": text})
        assert (answer.status_code, answer.json()["code"]) == (422, "presence_code_unknown")


class TestGetPresenceCode:
    def test_of_a_place_that_is_not_there_is_none(self, client: TestClient, screen: dict[str, str]) -> None:
        assert client.get("/v1/places/plc_nowhere/presence-code", headers=screen).status_code == 404

    def test_shoppers_have_none(self, client: TestClient, database: Database, shop: str, shopper: Make) -> None:
        answer = client.get(f"/v1/places/{shop}/presence-code", headers=bearer(shopper()))
        assert answer.status_code in (401, 403)
        assert proving.shown_code(TILL, shop, "", database.clock.now()) not in answer.text
