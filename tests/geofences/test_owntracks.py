"""OwnTracks messages, translated."""

from __future__ import annotations

from typing import Any

import pytest

from geofences.device_plan import Phone, Plan, Watched
from geofences.owntracks import REFRESH, fix_of, phone_of, set_waypoints, wants_waypoints
from geofences.shapes import Circle


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


class TestPhoneOf:
    def test_where_to(self) -> None:
        assert phone_of({"lat": 1, "lon": 2.5, "cog": 90, "vel": 36}) == Phone(1.0, 2.5, 90.0, 10.0)

    @pytest.mark.parametrize("unknown", [None, -1, "x", True, [], 361, 1e9])
    def test_an_unknown_heading_and_speed(self, unknown: Any) -> None:
        found = phone_of({"lat": 1, "lon": 2.5, "cog": unknown, "vel": unknown})
        assert (found.heading_deg, found.speed_mps) == (None, None if unknown != 361 else pytest.approx(361 / 3.6))


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
            ({"_type": "transition", "event": "leave", "desc": REFRESH}, True),
            ({"_type": "transition", "event": "enter", "desc": REFRESH}, False),
            ({"_type": "transition", "event": "leave", "desc": "Shop"}, False),
        ],
    )
    def test_when(self, message: dict[str, Any], wanted: bool) -> None:
        assert wants_waypoints({"_type": "location", **message}) is wanted


class TestSetWaypoints:
    def test_the_command(self) -> None:
        shop = Watched(("fen_1",), ("plc_1",), "Shop", Circle(1.0, 2.0, 100.2), "nearest", 5.0)
        command = set_waypoints(Plan((shop,), Circle(1.5, 2.5, 900.0), 60.0, 1, ()))
        assert (command["_type"], command["action"]) == ("cmd", "setWaypoints")
        assert command["waypoints"]["waypoints"] == [
            {
                "_type": "waypoint",
                "desc": "Around you",
                "lat": 1.5,
                "lon": 2.5,
                "rad": 900,
                "tst": 1_000_000_000,
                "rid": "moments000",
            },
            {
                "_type": "waypoint",
                "desc": "Shop",
                "lat": 1.0,
                "lon": 2.0,
                "rad": 101,
                "tst": 1_000_000_001,
                "rid": "moments001",
            },
        ]

    def test_a_new_plan_overwrites_the_old(self) -> None:
        """The app forgets no waypoint it is not told of: ids are those of the slots, or it would watch more and more."""

        def ids(name: str) -> list[tuple[str, int]]:
            shop = Watched((name,), (name,), name, Circle(1.0, 2.0, 100.0), "nearest", 5.0)
            told = set_waypoints(Plan((shop,), Circle(1.5, 2.5, 900.0), 60.0, 1, ()))["waypoints"]["waypoints"]
            return [(w["rid"], w["tst"]) for w in told]

        assert ids("fen_1") == ids("fen_2")
