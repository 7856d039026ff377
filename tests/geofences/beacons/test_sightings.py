"""One sighting: read, refused by name, and its clock set."""

from __future__ import annotations

import math
from typing import Any

import pytest

from geofences.beacons.reasons import SIGHTING_REASONS
from geofences.beacons.sightings import Refused, Sighting, read_address, read_batch, read_sighting
from tests.geofences.beacons.test_frames import EID, IBEACON, UUID_TEXT

NOW = 1_790_000_000.0
GOOD: dict[str, Any] = {"ts": NOW - 5, "rssi_dbm": -70, "uuid": UUID_TEXT, "major": 258, "minor": 65534}


def read(raw: object) -> Sighting:
    return read_sighting(raw, received_s=NOW, max_age_s=86_400)


class TestReadSighting:
    def test_words_and_bytes_are_the_same_sighting(self) -> None:
        spoken = read(GOOD)
        assert (spoken.kind, spoken.identity, spoken.rssi_dbm, spoken.address) == (
            "ibeacon",
            f"{UUID_TEXT}/258/65534",
            -70,
            "",
        )
        assert read({"ts": NOW - 5, "rssi_dbm": -70, "advertisement": IBEACON}).id == spoken.id

    def test_a_position_and_an_address_may_come_with_it(self) -> None:
        found = read({**GOOD, "address": "e0-78-a3-3e-93-35", "lat": 60.0, "lon": 24.0, "accuracy_m": 12})
        assert (found.address, found.lat_deg, found.lon_deg, found.accuracy_m) == (
            "E0:78:A3:3E:93:35",
            60.0,
            24.0,
            12.0,
        )

    def test_a_rotating_id(self) -> None:
        assert read({"ts": NOW, "rssi_dbm": -60, "advertisement": EID}).identity == "a9b76a71c5f89290"

    @pytest.mark.parametrize(
        ("change", "field", "reason"),
        [
            ({"rssi_dbm": 127}, "rssi_dbm", "rssi_invalid"),
            ({"rssi_dbm": None}, "rssi_dbm", "rssi_invalid"),
            ({"rssi_dbm": "-70"}, "rssi_dbm", "rssi_invalid"),
            ({"rssi_dbm": math.nan}, "rssi_dbm", "rssi_invalid"),
            ({"rssi_dbm": True}, "rssi_dbm", "rssi_invalid"),
            ({"ts": None}, "ts", "time_missing"),
            ({"ts": 0}, "ts", "time_epoch_zero"),
            ({"ts": NOW * 1000}, "ts", "time_in_milliseconds"),
            ({"ts": NOW + 90_000}, "ts", "time_in_future"),
            ({"ts": NOW - 90_000}, "ts", "time_too_old"),
            ({"ts": "soon"}, "ts", "time_invalid"),
            ({"address": "here"}, "address", "address_invalid"),
            ({"address": 5}, "address", "address_invalid"),
            ({"lat": 60.0}, "lat", "sighting_position_incomplete"),
            ({"lat": 60.0, "lon": 24.0}, "lat", "sighting_position_incomplete"),
            ({"lat": 91.0, "lon": 24.0, "accuracy_m": 5}, "lat", "sighting_position_incomplete"),
            ({"uuid": "none"}, "uuid", "uuid_invalid"),
            ({"advertisement": "!!"}, "advertisement", "advertisement_not_bytes"),
        ],
    )
    def test_what_is_wrong_is_named(self, change: dict[str, Any], field: str, reason: str) -> None:
        with pytest.raises(Refused) as wrong:
            read({**GOOD, **change})
        assert (wrong.value.field, wrong.value.reason) == (field, reason)
        assert wrong.value.remedy

    @pytest.mark.parametrize("raw", [None, 5, "x", []])
    def test_no_object(self, raw: object) -> None:
        with pytest.raises(Refused, match="sighting_not_an_object"):
            read(raw)


class TestReadAddress:
    @pytest.mark.parametrize("text", ["E0:78:A3:3E:93:35", "e078a33e9335", "E0-78-a3-3e-93-35"])
    def test_writings_of_one_address(self, text: str) -> None:
        assert read_address(text) == "E0:78:A3:3E:93:35"

    def test_none(self) -> None:
        assert read_address(None) == read_address("") == ""


class TestReadBatch:
    def test_item_by_item(self) -> None:
        taken, results = read_batch([GOOD, GOOD, {}, {**GOOD, "rssi_dbm": -71}], received_s=NOW, max_age_s=86_400)
        assert [r.status for r in results] == ["accepted", "duplicate", "refused", "accepted"]
        assert results[2].field == "sightings[2].ts"
        assert len(taken) == 2

    def test_nothing_is_heard_after_it_was_received(self) -> None:
        ahead = [{**GOOD, "ts": NOW + 20}, {**GOOD, "ts": NOW + 10}, {**GOOD, "ts": NOW + 5000}]
        taken, _ = read_batch(ahead, received_s=NOW, max_age_s=86_400)
        assert [s.at_s for s in taken] == [NOW, NOW - 10, NOW]

    def test_every_reason_has_words(self) -> None:
        assert all(SIGHTING_REASONS.values())
