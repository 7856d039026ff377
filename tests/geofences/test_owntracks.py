"""OwnTracks messages, translated."""

from __future__ import annotations

from typing import Any

import pytest

from geofences.contracts import Place
from geofences.owntracks import fix_of, set_waypoints, wants_waypoints


class TestFixOf:
    def test_a_location(self) -> None:
        message = {"_type": "location", "tst": 5, "lat": 1.0, "lon": 2.0, "acc": 8, "vel": 36}
        assert fix_of(message) == {"ts": 5, "lat": 1.0, "lon": 2.0, "accuracy_m": 8, "speed_mps": 10.0}

    @pytest.mark.parametrize("velocity", [None, -1, "x", True])
    def test_an_unknown_speed(self, velocity: Any) -> None:
        found = fix_of({"_type": "transition", "tst": 5, "vel": velocity})
        assert found is not None
        assert found["speed_mps"] is None

    @pytest.mark.parametrize("kind", ["waypoint", "waypoints", "lwt", "status", "encrypted", None, 5])
    def test_other_messages_have_none(self, kind: Any) -> None:
        assert fix_of({"_type": kind, "lat": 1, "lon": 2, "tst": 5}) is None


class TestWantsWaypoints:
    @pytest.mark.parametrize(
        ("message", "wanted"),
        [
            ({}, True),
            ({"t": "u"}, True),
            ({"t": "p"}, True),
            ({"t": "t"}, False),
            ({"t": []}, False),
            ({"_type": "lwt"}, False),
        ],
    )
    def test_when(self, message: dict[str, Any], wanted: bool) -> None:
        assert wants_waypoints({"_type": "location", **message}) is wanted


class TestSetWaypoints:
    def test_the_command(self) -> None:
        place = Place("plc_1", "Shop", "store", None, "UTC", (), 1.0, 2.0)
        command = set_waypoints([(place, 12.4, 77)])
        assert command["waypoints"]["waypoints"] == [
            {"_type": "waypoint", "desc": "Shop", "lat": 1.0, "lon": 2.0, "rad": 30, "tst": 77, "rid": "plc_1"}
        ]
