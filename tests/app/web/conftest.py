"""What the tests of the pages share: one seeded demo house (SQLite, a clock that stands still) and browsers signed in to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.bootstrap import House, build
from app.demo.seed import seed
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.main import create_app
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import people
from app.security.cookies import cookie_name
from app.security.principals import Role
from app.security.sealing import use_secrets
from app.security.secrets import load_or_create
from app.security.vault import use_vault
from app.settings import load_settings
from geofences.contracts import MomentKind, MomentView, TrustLevel
from offers import facade as offers
from offers.contracts import CouponView
from tests.conftest import START

BONBON_SHOP = "plc_ooey_gooey_kluuvi"
PAGE = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}
HTMX = PAGE | {"HX-Request": "true"}


@dataclass
class Browser:
    """A browser with the session of one role; `id` is the shopper's or the member of staff's."""

    client: TestClient
    id: str
    device_id: str | None

    def get(self, path: str, **given: Any) -> Any:
        return self.client.get(path, headers=PAGE | given.pop("headers", {}), **given)

    def post(self, path: str, form: dict[str, Any] | None = None, *, htmx: bool = False) -> Any:
        return self.client.post(path, data=form or {}, headers=HTMX if htmx else PAGE)


@dataclass
class Town:
    """The house with the hands of the tests on it."""

    house: House
    app: FastAPI
    clock: ManualClock

    def browser(self, role: Role | None = None, *, place_ids: tuple[str, ...] = (), consents: tuple[Purpose, ...] = tuple(Purpose)) -> Browser:
        client = TestClient(self.app, follow_redirects=False)
        if role is None:
            return Browser(client, "", None)
        at = self.clock.now()
        with self.house.database.transaction() as session:
            if role is Role.SHOPPER:
                device = people.register_device(session, "Browser", "web", at)
                opened = people.open_session(session, role, at=at, ttl_s=86_400, shopper_id=device.shopper_id, device_id=device.device_id)
                for purpose in consents:
                    set_consent(session, device.shopper_id, purpose, granted=True, source="demo", at=at)
                who, device_id = device.shopper_id, device.device_id
            else:
                who = people.staff(session, role, f"{role} {new_id('t')}", at=at, place_ids=place_ids)
                opened, device_id = people.open_session(session, role, at=at, ttl_s=86_400, person_id=who), None
        client.cookies.set(cookie_name(role), opened.token)
        return Browser(client, who, device_id)

    def moment(self, shopper_id: str, place_id: str = BONBON_SHOP, kind: MomentKind = MomentKind.STORE_VISIT) -> MomentView:
        at = self.clock.now()
        return MomentView(
            new_id("mom"), kind, shopper_id, "dev_test", place_id, new_id("vis"), at - timedelta(seconds=5), 0, 1, 0.94, TrustLevel.CLAIMED, ()
        )

    def coupon(self, shopper: Browser, place_id: str = BONBON_SHOP) -> CouponView:
        """She walks in, and the bonbon of the month is hers."""
        with self.house.database.transaction() as session:
            offers.decide(session, self.moment(shopper.id, place_id), at=self.clock.now())
            return offers.wallet(session, shopper.id, self.clock.now())[0]

    def withheld(self, shopper: Browser) -> str:
        """The same shop a second time: the campaign says no. Returns the decision's id."""
        self.coupon(shopper)
        with self.house.database.transaction() as session:
            return offers.decide(session, self.moment(shopper.id), at=self.clock.now())[0]


def _house(folder: Path, clock: ManualClock) -> House:
    unlimited = {"devices_per_minute": 10_000, "sign_ins_per_minute": 10_000, "link_uses_per_minute": 10_000, "till_codes_per_minute": 10_000, "guesses_per_minute": 10_000, "contact_sends_per_hour": 10_000}
    settings = load_settings(data_dir=folder, demo=True, loops=False, database_url="", security=unlimited)
    return build(settings, clock=clock, database=Database(f"sqlite:///{folder / 'house.sqlite3'}", clock=clock))


@pytest.fixture(scope="session")
def _seeded(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A folder with the demo city in it, filled once; each module takes a copy."""
    folder = tmp_path_factory.mktemp("seeded")
    shutil.copy(sqlite_template, folder / "house.sqlite3")
    clock = ManualClock(START)
    house = _house(folder, clock)
    with house.database.transaction() as session:
        seed(session, clock.now())
    house.stop()
    house.database.close()
    return folder


@pytest.fixture(scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory, _seeded: Path) -> Iterator[tuple[Town, Path]]:
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(_seeded, folder, dirs_exist_ok=True)
    clock = ManualClock(START)
    house = _house(folder, clock)
    yield Town(house, create_app(house), clock), folder
    house.stop()


@pytest.fixture
def town(_built: tuple[Town, Path]) -> Town:
    made, folder = _built
    use_secrets(load_or_create(folder))  # another folder's tests may have put theirs in between
    use_vault(made.house.vault)
    return made


@pytest.fixture
def browser(town: Town) -> Callable[..., Browser]:
    return town.browser
