"""Jane's walk: along Aleksanterinkatu, into Ooey Gooey Kluuvi, a few minutes inside, and out again.

Pure: owns her route as a track. Must not send anything (headless.py and live.py do).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo.city.layers import city_place, street_lines
from app.demo.streets import Point, Streets
from app.demo.walkers import Gait, SimFix, Track, fixes

SHOP = "plc_ooey_gooey_kluuvi"
START: Point = (24.94395, 60.16895)
"""Aleksanterinkatu at Keskuskatu: 240 m from the shop."""
AFTERWARDS: Point = (24.9479, 60.1679)
"""Kluuvikatu at Pohjoisesplanadi."""
SPEED_MPS = 1.35
INSIDE_S = 240.0
ACCURACY_M = 6.0
FIX_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class JanesWalk:
    """`enters_s`: when she reaches the counter; `leaves_s`: when she sets off again; seconds from the start."""

    track: Track
    enters_s: float
    leaves_s: float


def streets() -> Streets:
    return Streets(street_lines())


def janes_walk(network: Streets, *, inside_s: float = INSIDE_S, start: Point = START) -> JanesWalk:
    shop = city_place(SHOP)
    counter: Point = (shop.lon_deg, shop.lat_deg)
    track, gait = Track(start), Gait(random.Random(SHOP), SPEED_MPS)  # noqa: S311 - a simulation that must repeat
    track.walk(network.walk(start, counter), gait)
    enters_s = track.ends_s
    track.rest(inside_s)
    leaves_s = track.ends_s
    track.walk(network.walk(counter, AFTERWARDS), gait)
    return JanesWalk(track, enters_s, leaves_s)


def walked_in(now: datetime, *, seed: int, inside_s: float = 100.0) -> list[tuple[datetime, SimFix]]:
    """Her walk as her phone noted it, ending `now`, when she has been at the counter for so long."""
    walk = janes_walk(streets())
    until_s = walk.enters_s + inside_s
    begun = now - timedelta(seconds=until_s)
    return [(begun + timedelta(seconds=f.at_s), f) for f in fixes(walk.track, seed=seed, accuracy_m=ACCURACY_M, every_s=FIX_EVERY_S, until_s=until_s)]
