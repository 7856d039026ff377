"""Which registered beacon a sighting is of. What a beacon calls itself is not who it is.

Owns the registry as the detector sees it, and the rule of identity. Vendors ship thousands of beacons with one id, so: a rotating id
is resolved by its key; an address decides; an id alone counts only where one registered beacon has it, it is not a vendor's default,
and no other address was heard with it; else those heard surely just before, or the phone's position, must leave one candidate. An
ambiguous id alone never says where somebody is. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from geofences.beacons.frames import Kind
from geofences.beacons.rotation import EphemeralTable
from geofences.beacons.sightings import Sighting
from geofences.geometry import haversine_m

NEAR_M = 40.0
"""Two beacons heard together on one floor hang no further apart than about this."""
USUAL_POWER_DBM = -62.0


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of a place told by its beacons: a department, a shop of a mall. `within_place_id`: the place it lies in, "" for none."""

    id: str
    place_id: str
    name: str
    floor: str
    within_place_id: str = ""


@dataclass(frozen=True, slots=True)
class Beacon:
    """A registered transmitter. `identity` is "" for a rotating one, `address` "" where it is not known; `power_dbm` at 1 m."""

    id: str
    zone_id: str
    kind: str
    identity: str = ""
    address: str = ""
    power_dbm: float | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """`beacon` None: a stranger, or one of `candidates` and nobody knows which."""

    beacon: Beacon | None
    candidates: tuple[Beacon, ...] = ()
    rotating: bool = False


class Registry:
    """A snapshot of zones and beacons; `version` counts changes."""

    def __init__(
        self,
        zones: Iterable[Zone],
        beacons: Iterable[Beacon],
        ephemeral: EphemeralTable | None = None,
        version: int = 0,
    ) -> None:
        self.zones: Mapping[str, Zone] = {z.id: z for z in zones}
        self.beacons: Mapping[str, Beacon] = {b.id: b for b in beacons if b.zone_id in self.zones}
        self.version, self._ephemeral = version, ephemeral
        self._by_identity: dict[tuple[str, str], list[Beacon]] = {}
        for beacon in sorted(self.beacons.values(), key=lambda b: b.id):
            if beacon.identity:
                self._by_identity.setdefault((beacon.kind, beacon.identity), []).append(beacon)

    def tell(self, sighting: Sighting, sure: Collection[Beacon] = ()) -> Told:
        """Who was heard; `sure`: the beacons this phone surely hears just now."""
        if sighting.kind == Kind.EDDYSTONE_EID:
            found = (
                self._ephemeral.resolve(bytes.fromhex(sighting.identity), sighting.at_s) if self._ephemeral else None
            )
            beacon = self.beacons.get(found.beacon_id) if found else None
            return Told(beacon, (beacon,) if beacon else (), rotating=True)
        named = self._by_identity.get((sighting.kind, sighting.identity), [])
        # an address that is registered with another one is another one, however it calls itself
        fitting = [b for b in named if not b.address or not sighting.address or b.address == sighting.address]
        by_address = [b for b in fitting if b.address and b.address == sighting.address]
        if len(by_address) == 1:
            return Told(by_address[0], (by_address[0],))
        if len(named) == 1 and len(fitting) == 1 and not is_default(sighting.identity):
            return Told(fitting[0], (fitting[0],))
        left = [b for b in fitting if self._is_near(b, sighting, sure)]
        return Told(left[0] if len(left) == 1 else None, tuple(fitting))

    def _is_near(self, beacon: Beacon, sighting: Sighting, sure: Collection[Beacon]) -> bool:
        """Whether something else than its id speaks for it: a beacon surely heard beside it, or the phone's own position."""
        zone = self.zones[beacon.zone_id]
        for other in sure:
            if other.id == beacon.id or other.zone_id == beacon.zone_id:
                return True
            if self.zones[other.zone_id].floor == zone.floor and _apart_m(beacon, other) <= NEAR_M:
                return True
        if sighting.lat_deg is None or sighting.lon_deg is None or beacon.lat_deg is None or beacon.lon_deg is None:
            return False
        reach_m = (sighting.accuracy_m or 0.0) + NEAR_M
        return haversine_m(sighting.lat_deg, sighting.lon_deg, beacon.lat_deg, beacon.lon_deg) <= reach_m


def is_default(identity: str) -> bool:
    """An id of noughts behind the vendor's own: nobody has set it, so hundreds may send it."""
    return identity.endswith("/0/0")


def _apart_m(one: Beacon, other: Beacon) -> float:
    if one.lat_deg is None or one.lon_deg is None or other.lat_deg is None or other.lon_deg is None:
        return float("inf")
    return haversine_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
