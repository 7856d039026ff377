"""Who was heard: an address, a rotating id, an id of its own, and ids that hundreds send."""

from __future__ import annotations

from geofences.beacons.ephemeral import ephemeral_id, sends
from geofences.beacons.rotation import EphemeralTable, Rotation
from geofences.beacons.sightings import Sighting
from geofences.beacons.transmitters import Beacon, Registry, Zone, is_default
from tests.geofences.beacons.vectors import KEY
from tests.geofences.tracks import LAT, LON

DEFAULT = "f7826da6-4fa2-4e98-8024-bc5b71e0893e/0/0"
OWN = "f7826da6-4fa2-4e98-8024-bc5b71e0893e/1/7"
ZONES = [
    Zone("shoes", "plc_shoes", "Shoes", "F1"),
    Zone("hats", "plc_hats", "Hats", "F1"),
    Zone("toys", "plc_toys", "Toys", "F2"),
]
A1, A2, A3, A4 = (f"AA:00:00:00:00:0{i}" for i in range(1, 5))
FAR = LAT + 0.01


def sighting(identity: str = DEFAULT, address: str = "", kind: str = "ibeacon", **more: float) -> Sighting:
    return Sighting(1000.0, "s", kind, identity, address, -60, **more)


def beacon(beacon_id: str, zone: str, identity: str = DEFAULT, address: str = "", lat: float | None = None) -> Beacon:
    return Beacon(beacon_id, zone, "ibeacon", identity, address, -60, lat, LON if lat is not None else None)


class TestTell:
    def test_an_id_of_its_own_is_enough(self) -> None:
        registry = Registry(ZONES, [beacon("b1", "shoes", OWN)])
        told = registry.tell(sighting(OWN))
        assert told.beacon is not None
        assert told.beacon.id == "b1"

    def test_a_stranger(self) -> None:
        told = Registry(ZONES, [beacon("b1", "shoes", OWN)]).tell(sighting())
        assert (told.beacon, told.candidates) == (None, ())

    def test_one_id_sent_by_two_is_one_of_these(self) -> None:
        """Planted bug: the first registered of an id is taken for it."""
        two = [beacon("b1", "shoes", OWN), beacon("b2", "hats", OWN)]
        told = Registry(ZONES, two).tell(sighting(OWN))
        assert told.beacon is None
        assert [b.id for b in told.candidates] == ["b1", "b2"]

    def test_a_vendors_default_registered_once_is_still_anybodys(self) -> None:
        told = Registry(ZONES, [beacon("b1", "shoes")]).tell(sighting())
        assert told.beacon is None
        assert [b.id for b in told.candidates] == ["b1"]

    def test_the_address_decides_among_three_hundred(self) -> None:
        many = [
            beacon(f"b{i:03}", "shoes" if i % 2 else "hats", address=f"AA:00:00:00:{i // 256:02X}:{i % 256:02X}")
            for i in range(320)
        ]
        told = Registry(ZONES, many).tell(sighting(address="AA:00:00:00:01:02"))
        assert told.beacon is not None
        assert told.beacon.id == "b258"

    def test_another_address_with_the_same_id_is_another_one(self) -> None:
        """Planted bug: without the comparison of addresses a stranger with the shop's own id is the shop's beacon."""
        assert Registry(ZONES, [beacon("b1", "shoes", OWN, A1)]).tell(sighting(OWN, A2)).beacon is None

    def test_a_known_address_with_an_id_not_its_own_is_nobody(self) -> None:
        assert Registry(ZONES, [beacon("b1", "shoes", OWN, A1)]).tell(sighting(DEFAULT, A1)).beacon is None

    def test_a_phone_that_hides_addresses_hears_the_neighbours(self) -> None:
        sure = beacon("b9", "shoes", OWN)
        registry = Registry(ZONES, [beacon("b1", "shoes"), beacon("b2", "hats"), sure])
        told = registry.tell(sighting(), [sure])
        assert told.beacon is not None
        assert told.beacon.id == "b1"

    def test_neighbours_that_leave_two_leave_it_open(self) -> None:
        sure = beacon("b9", "shoes", OWN)
        registry = Registry(ZONES, [beacon("b1", "shoes"), beacon("b2", "shoes"), sure])
        assert registry.tell(sighting(), [sure]).beacon is None

    def test_near_on_the_same_floor_counts_and_above_does_not(self) -> None:
        sure = beacon("b9", "hats", OWN, lat=LAT)
        near, above = beacon("b1", "shoes", lat=LAT + 0.0001), beacon("b2", "toys", lat=LAT)
        told = Registry(ZONES, [near, above, sure]).tell(sighting(), [sure])
        assert told.beacon == near

    def test_the_phones_position_decides(self) -> None:
        registry = Registry(ZONES, [beacon("b1", "shoes", lat=LAT), beacon("b2", "hats", lat=FAR)])
        told = registry.tell(sighting(lat_deg=FAR, lon_deg=LON, accuracy_m=30.0))
        assert told.beacon is not None
        assert told.beacon.id == "b2"
        assert registry.tell(sighting(lat_deg=FAR, lon_deg=LON, accuracy_m=2000.0)).beacon is None

    def test_a_passing_id_is_told_by_its_key(self) -> None:
        table = EphemeralTable([Rotation("b1", KEY, 4, 1000.0, 5_000)], sends)
        registry = Registry(ZONES, [Beacon("b1", "shoes", "eddystone_eid")], table)
        told = registry.tell(sighting(ephemeral_id(KEY, 4, 5_000).hex(), kind="eddystone_eid"))
        assert told.rotating
        assert told.beacon is not None
        assert registry.tell(sighting("00" * 8, kind="eddystone_eid")).beacon is None
        assert Registry(ZONES, []).tell(sighting("00" * 8, kind="eddystone_eid")).beacon is None


class TestRegistry:
    def test_a_beacon_without_its_zone_is_left_out(self) -> None:
        assert Registry(ZONES, [beacon("b1", "gone", OWN)]).beacons == {}


class TestIsDefault:
    def test_noughts_behind_the_vendors_id(self) -> None:
        assert is_default(DEFAULT)
        assert not is_default(OWN)
        assert not is_default("00112233445566778899aabbccddee00")
