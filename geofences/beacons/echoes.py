"""The same passing id heard far apart at the same time: somebody carries it over a wire. Both are flagged, for nobody knows which is true.

Owns the short memory of where rotating ids were heard. Pure; in memory only, positions are not stored for this. Must not decide what
a flag costs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from geofences.geometry import haversine_m


@dataclass(frozen=True, slots=True)
class EchoRules:
    """`reach_m`: a beacon is heard no further; `same_time_s`: clocks of two phones differ by no more."""

    reach_m: float = 150.0
    same_time_s: float = 120.0
    most: int = 50_000


@dataclass(frozen=True, slots=True)
class Heard:
    """One phone heard one passing id; metres and seconds since 1970."""

    who: Hashable
    at_s: float
    lat_deg: float
    lon_deg: float
    accuracy_m: float


class Echoes:
    """What was heard lately, by passing id. Each phone's newest word on an id is kept, the oldest ids are forgotten first."""

    def __init__(self, rules: EchoRules | None = None) -> None:
        self._rules = rules or EchoRules()
        self._heard: OrderedDict[str, dict[Hashable, Heard]] = OrderedDict()

    def note(self, ephemeral: str, heard: Heard) -> frozenset[Hashable]:
        """Remember it; returns everybody (the new one too) whose hearing contradicts another's, empty when all agree."""
        known = self._heard.setdefault(ephemeral, {})
        self._heard.move_to_end(ephemeral)
        flagged: set[Hashable] = set()
        for other in known.values():
            if abs(other.at_s - heard.at_s) <= self._rules.same_time_s and self._apart(heard, other):
                flagged |= {heard.who, other.who}
        known[heard.who] = heard
        while len(self._heard) > self._rules.most:
            self._heard.popitem(last=False)
        return frozenset(flagged)

    def _apart(self, one: Heard, other: Heard) -> bool:
        """Further than one beacon reaches to both sides, the phones' errors given the benefit of the doubt."""
        way_m = haversine_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
        return way_m - 2 * one.accuracy_m - 2 * other.accuracy_m > 2 * self._rules.reach_m
