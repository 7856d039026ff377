"""The OsmAnd protocol, translated."""

from __future__ import annotations

import pytest

from app.kernel.errors import Invalid
from geofences.osmand import from_form, from_json


class TestFromForm:
    def test_knots_become_metres_a_second(self) -> None:
        key, (fix,) = from_form(
            {"id": "tk_1", "lat": "1", "lon": "2", "timestamp": "5", "speed": "10", "accuracy": "3"}
        )
        assert key == "tk_1"
        assert fix == {"ts": "5", "lat": 1.0, "lon": 2.0, "accuracy_m": 3.0, "speed_mps": 5.14444, "mocked": False}

    @pytest.mark.parametrize("missing", ["id", "lat", "lon"])
    def test_what_is_missing_is_named(self, missing: str) -> None:
        fields = {k: v for k, v in {"id": "tk_1", "lat": "1", "lon": "2"}.items() if k != missing}
        with pytest.raises(Invalid) as caught:
            from_form(fields)
        assert caught.value.fields[0].field == missing


class TestFromJson:
    def test_several_locations(self) -> None:
        one = {
            "timestamp": "2026-11-21T12:00:00Z",
            "coords": {"latitude": 1, "longitude": 2, "speed": -1},
            "mock": True,
        }
        key, fixes = from_json({"device_id": "tk_1", "location": [one, one]})
        assert key == "tk_1"
        assert [(f["speed_mps"], f["mocked"]) for f in fixes] == [(None, True)] * 2
