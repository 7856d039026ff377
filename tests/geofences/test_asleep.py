"""A process that was asleep between its look at the clock and its work: who has agreed meanwhile has agreed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.privacy.consents import withdraw
from app.privacy.purposes import Purpose
from app.security.people import NewDevice
from geofences.jobs import RunnerLoop
from geofences.settings import GeofenceSettings
from tests.geofences.conftest import raw
from tests.geofences.test_jobs import kinds, send

Make = Callable[..., NewDevice]


@pytest.fixture
def meanwhile(loop: RunnerLoop, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """One turn, in which this happens after the clock was looked at, five seconds later."""

    def turn(happens: Callable[[], None]) -> None:
        def share(_now: Any) -> None:
            clock.advance(5)
            happens()

        with monkeypatch.context() as asleep:
            asleep.setattr(loop, "_share", share)
            loop.run_once()

    return turn


def test_who_agrees_and_comes_meanwhile_is_noticed(
    database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings, meanwhile: Callable[[Callable[[], None]], None]
) -> None:
    """Seen to fail, and her fixes to be forgotten, with the consent asked for as of the look at the clock."""
    loop.settle()
    began = clock.now()
    came: list[NewDevice] = []

    def comes() -> None:
        came.append(shopper())
        send(database, came[0], [{**raw(clock.now(), 0), "ts": began.timestamp() - 30}], settings)

    meanwhile(comes)
    clock.advance(60)
    loop.settle()
    assert kinds(database, came[0])[:1] == ["store_visit"]


def test_who_withdraws_meanwhile_is_not(
    database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings, meanwhile: Callable[[Callable[[], None]], None]
) -> None:
    loop.settle()
    jane = shopper()
    send(database, jane, [{**raw(clock.now(), 0), "ts": clock.now().timestamp() - 30}], settings)

    def goes() -> None:
        with database.transaction() as session:
            withdraw(session, jane.shopper_id, Purpose.LOCATION, source="app", at=clock.now())

    meanwhile(goes)
    clock.advance(60)
    loop.settle()
    assert kinds(database, jane) == []
