"""One reported fix: is it one, and when did it happen?"""

from __future__ import annotations

import math
from typing import Any

import pytest

from geofences.fixes import Refused, read_fix, read_time

NOW = 1_800_000_000.0
GOOD: dict[str, Any] = {"ts": NOW - 5, "lat": 60.17, "lon": 24.94, "accuracy_m": 10}


def refusal(**changed: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        read_fix({**GOOD, **changed}, received_s=NOW, max_age_s=604_800)
    return caught.value.field, str(caught.value.reason)


class TestReadFix:
    def test_a_good_one(self) -> None:
        one = read_fix({**GOOD, "speed_mps": 1.5, "mocked": True}, received_s=NOW, max_age_s=604_800)
        assert (one.at_s, one.lat_deg, one.lon_deg, one.accuracy_m, one.speed_mps, one.mocked, one.age_s) == (
            NOW - 5,
            60.17,
            24.94,
            10.0,
            1.5,
            True,
            5.0,
        )

    def test_iso_time_and_no_accuracy(self) -> None:
        one = read_fix({"occurred_at": "2027-01-15T07:59:55Z", "lat": 1, "lon": 2}, received_s=NOW, max_age_s=604_800)
        assert (one.at_s, one.accuracy_m) == (NOW - 5, 20.0)

    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ({"lat": 91}, ("lat", "latitude_out_of_range")),
            ({"lon": 500}, ("lon", "longitude_out_of_range")),
            ({"lat": math.nan}, ("lat", "not_a_number")),
            ({"lon": math.inf}, ("lon", "not_a_number")),
            ({"lat": "60"}, ("lat", "not_a_number")),
            ({"lat": True}, ("lat", "not_a_number")),
            ({"lat": 10**400}, ("lat", "not_a_number")),
            ({"lon": None}, ("lon", "not_a_number")),
            ({"accuracy_m": -1}, ("accuracy_m", "accuracy_invalid")),
            ({"accuracy_m": 1e6}, ("accuracy_m", "accuracy_invalid")),
            ({"ts": None}, ("ts", "time_missing")),
            ({"ts": 0}, ("ts", "time_epoch_zero")),
            ({"ts": -1}, ("ts", "time_epoch_zero")),
            ({"ts": NOW * 1000}, ("ts", "time_in_milliseconds")),
            ({"ts": NOW + 90_000}, ("ts", "time_in_future")),
            ({"ts": NOW - 700_000}, ("ts", "time_too_old")),
            ({"ts": "noon"}, ("ts", "time_invalid")),
            ({"ts": []}, ("ts", "time_invalid")),
            ({"ts": math.nan}, ("ts", "time_invalid")),
            ({"id": ""}, ("id", "id_invalid")),
            ({"id": 5}, ("id", "id_invalid")),
        ],
    )
    def test_what_is_refused(self, changed: dict[str, Any], expected: tuple[str, str]) -> None:
        assert refusal(**changed) == expected

    @pytest.mark.parametrize("item", [None, [], 5, "x"])
    def test_what_is_no_object(self, item: object) -> None:
        with pytest.raises(Refused, match="not_an_object"):
            read_fix(item, received_s=NOW, max_age_s=60)


class TestReadTime:
    def test_milliseconds_where_the_protocol_has_them(self) -> None:
        assert read_time(NOW * 1000, "timestamp", milliseconds=True) == NOW
        assert read_time(str(int(NOW)), "timestamp") == NOW
