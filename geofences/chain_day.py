"""A national chain's shoppers on a Saturday, to measure with: who goes where and when, and what their phones report on the way.

Owns the making of it. Each shopper leaves home once, at the hours at which people are on their way in the National Travel Survey of England
(Department for Transport, table NTS0501, car drivers on a Saturday). One in four goes to a store of the chain near home and stays for five to forty
minutes; the others go by. Phones report about every four minutes on the way and every two in a store, one fix in four no better than 65 m. Must not
time anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from geofences.benching import ARRIVES_AFTER_S, arrow_body
from geofences.columns import Floats, Ints
from geofences.index import FenceIndex
from geofences.index.fence import Fence
from geofences.shapes import METRES_PER_DEGREE, Circle
from geofences.track import Key

ON_THE_WAY = (9, 4, 3, 3, 4, 11, 22, 48, 93, 149, 202, 215, 207, 182, 178, 159, 150, 136, 115, 87, 57, 37, 37, 29)
"""Trips in progress by hour of a Saturday; 100: the average hour of the week."""
TO_STORE = 0.25
WAY_FIXES, WAY_EVERY_S, STAY_EVERY_S = 4, 240.0, 120.0
STARTS_S = 1_795_219_200.0
"""Saturday 2026-11-21, midnight, in the chain's zone (taken for UTC)."""


class ChainDay:
    """The same one every time. `stays`: how many of them are in a store, on purpose."""

    def __init__(self, stores: int, shoppers: int) -> None:
        rng = np.random.default_rng(20_261_121)
        lat, lon, radius_m = rng.uniform(47.5, 54.5, stores), rng.uniform(6.5, 14.5, stores), rng.uniform(60, 120, stores)
        circles = [Circle(*at) for at in zip(lat.tolist(), lon.tolist(), radius_m.tolist(), strict=True)]
        self.index = FenceIndex([Fence(f"fen_{n:05d}", f"plc_{n:05d}", f"Store {n}", circle) for n, circle in enumerate(circles)])
        self.devices, self.starts_s = shoppers, STARTS_S
        self.device_no, self.at_s, self.lat_deg, self.lon_deg, self._accuracy_m, self.stays = _day(rng, lat, lon, shoppers)

    def __len__(self) -> int:
        """How many fixes."""
        return len(self.device_no)

    def batches(self, keys: Sequence[Key], size: int) -> Iterator[tuple[float, bytes]]:
        """(time of receipt, Arrow stream) of each batch, in order; `keys` names the devices."""
        for start in range(0, len(self), size):
            some = slice(start, start + size)
            at_s, whose = self.at_s[some], [keys[no] for no in self.device_no[some].tolist()]
            yield float(at_s[-1]) + ARRIVES_AFTER_S, arrow_body(at_s, self.lat_deg[some], self.lon_deg[some], whose, self._accuracy_m[some])


def _day(rng: np.random.Generator, store_lat: Floats, store_lon: Floats, shoppers: int) -> tuple[Ints, Floats, Floats, Floats, Floats, int]:
    """Device, time (seconds), latitude, longitude and accuracy (metres) of every fix, in order of time, and how many go to a store."""
    store = rng.integers(0, len(store_lat), shoppers)
    to_store = rng.random(shoppers) < TO_STORE
    home = _offset(rng, store_lat[store], store_lon[store], 1_000, 12_000)
    elsewhere = _offset(rng, store_lat[store], store_lon[store], 500, 8_000)
    inside = _offset(rng, store_lat[store], store_lon[store], 0, 25)
    goal_lat, goal_lon = (np.where(to_store, a, b) for a, b in zip(inside, elsewhere, strict=True))
    shape = np.array(ON_THE_WAY) / sum(ON_THE_WAY)
    leaves_s = STARTS_S + 3600.0 * (rng.choice(24, shoppers, p=shape) + rng.random(shoppers))
    stay_fixes: Ints = np.where(to_store, rng.integers(3, 21, shoppers), rng.integers(1, 4, shoppers))
    each = 2 * WAY_FIXES + stay_fixes
    who: Ints = np.repeat(np.arange(shoppers), each)
    nth = np.arange(len(who)) - np.repeat(np.cumsum(each) - each, each)
    there, back = nth - WAY_FIXES, nth - WAY_FIXES - stay_fixes[who]
    arrives_s = leaves_s + WAY_FIXES * WAY_EVERY_S
    at_s = np.where(
        there < 0,
        leaves_s[who] + nth * WAY_EVERY_S,
        np.where(back < 0, arrives_s[who] + there * STAY_EVERY_S, arrives_s[who] + (stay_fixes[who] - 1) * STAY_EVERY_S + (back + 1) * WAY_EVERY_S),
    ) + rng.uniform(0, 20, len(who))
    share = np.where(there < 0, nth / WAY_FIXES, np.where(back < 0, 1.0, 1.0 - (back + 1) / WAY_FIXES))  # of the way to the goal
    accuracy_m = np.where(rng.random(len(who)) < 0.25, 65.0, rng.uniform(5, 25, len(who)))
    lat = home[0][who] + share * (goal_lat - home[0])[who] + rng.normal(0, 1, len(who)) * accuracy_m / 2 / METRES_PER_DEGREE
    lon = home[1][who] + share * (goal_lon - home[1])[who] + rng.normal(0, 1, len(who)) * accuracy_m / 2 / METRES_PER_DEGREE / np.cos(np.radians(lat))
    order = np.argsort(at_s, kind="stable")
    return who[order], at_s[order].round(3), lat[order].round(7), lon[order].round(7), accuracy_m[order].round(1), int(to_store.sum())


def _offset(rng: np.random.Generator, lat: Floats, lon: Floats, least_m: float, most_m: float) -> tuple[Floats, Floats]:
    """Points so far from others, in any direction."""
    away, angle = rng.uniform(least_m, most_m, len(lat)) / METRES_PER_DEGREE, rng.uniform(0, 2 * np.pi, len(lat))
    return lat + away * np.cos(angle), lon + away * np.sin(angle) / np.cos(np.radians(lat))
