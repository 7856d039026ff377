"""One OwnTracks message, whichever way it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from app.kernel.db import Database
from app.security.people import NewDevice
from geofences.listening import hear
from geofences.models import FixLogRow
from geofences.settings import GeofenceSettings
from geofences.track import Key
from tests.geofences.conftest import raw

Make = Callable[..., NewDevice]


def told(
    database: Database, device: NewDevice, settings: GeofenceSettings, **more: Any
) -> tuple[list[dict[str, Any]], int, int]:
    """Commands, batches in the log afterwards, how often detection was woken."""
    now, woken = database.clock.now(), list[int]()
    fix = raw(now, 0)
    message = {"_type": "location", "lat": fix["lat"], "lon": fix["lon"], "tst": fix["ts"], "acc": 8, **more}
    with database.transaction() as session:
        key = Key(device.shopper_id, device.device_id)
        commands = hear(session, key, message, received_at=now, settings=settings, wake=lambda: woken.append(1))
        assert woken == []  # not before the commit
    with database.reading() as session:
        return commands, session.scalar(select(func.count()).select_from(FixLogRow)) or 0, len(woken)


class TestHear:
    def test_a_fix_is_kept_and_a_plan_told(
        self, database: Database, settings: GeofenceSettings, shop: str, shopper: Make
    ) -> None:
        (command,), batches, woken = told(database, shopper(), settings)
        assert [w["desc"] for w in command["waypoints"]["waypoints"]] == ["Around you", "Ooey Gooey"]
        assert (batches, woken) == (1, 1)

    @pytest.mark.parametrize("slots", [0, 1])
    def test_a_house_that_gives_no_waypoints(self, database: Database, shop: str, shopper: Make, slots: int) -> None:
        settings = GeofenceSettings(waypoints_per_phone=slots)  # type: ignore[call-arg]
        assert told(database, shopper(), settings) == ([], 1, 1)

    def test_no_more_waypoints_than_the_setting(self, database: Database, shop: str, shopper: Make) -> None:
        settings = GeofenceSettings(waypoints_per_phone=2)  # type: ignore[call-arg]
        (command,), _, _ = told(database, shopper(), settings)
        assert len(command["waypoints"]["waypoints"]) == 2

    def test_without_consent(self, database: Database, settings: GeofenceSettings, shop: str, shopper: Make) -> None:
        assert told(database, shopper(agreed=False), settings) == ([], 0, 0)

    @pytest.mark.parametrize(
        "more", [{"lat": 91}, {"tst": 0}, {"acc": -1}, {"_type": "waypoint"}, {"lat": None}, {"_type": []}]
    )
    def test_what_is_not_taken(
        self, database: Database, settings: GeofenceSettings, shop: str, shopper: Make, more: dict[str, Any]
    ) -> None:
        assert told(database, shopper(), settings, **more) == ([], 0, 0)
