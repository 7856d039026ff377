"""A device over whose sightings the rules fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.people import NewDevice
from geofences.beacons import runner as beacon_runner_module
from geofences.beacons.runner import BeaconRunner
from tests.geofences.beacons.test_runner import stand
from tests.geofences.test_careful import BadFix, buried, visits

Make = Callable[..., NewDevice]


def test_of_whom_the_rules_fail_is_given_up_and_nobody_else(
    database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail with a trial in which the first failure is everybody's."""
    jane, bob = shopper(), shopper()
    advance = beacon_runner_module.advance_sightings

    def advance_sightings(state: Any, sightings: Any, watermark_s: float, registry: Any, key: Any, rules: Any, **more: Any) -> Any:
        if key.shopper_id == jane.shopper_id:
            raise BadFix
        return advance(state, sightings, watermark_s, registry, key, rules, **more)

    stand(database, clock, jane, hearing, 1, 20)
    assert visits(database, jane) == [False]
    monkeypatch.setattr(beacon_runner_module, "advance_sightings", advance_sightings)
    for one in (jane, bob):
        stand(database, clock, one, hearing, 1, 20)
    assert (visits(database, jane), visits(database, bob)) == ([True], [False])
    assert {reason for reason, _ in buried(database)} == {"rules_failed"}
