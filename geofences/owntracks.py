"""The OwnTracks HTTP protocol: what a phone says, what it may be told.

Owns the translation of messages into fixes and of places into waypoints. Pure. Format: the OwnTracks booklet, "JSON"; only
`location` and `transition` carry a position we use, a person's own waypoints are not ours to keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from geofences.contracts import Place

KMH_TO_MPS = 1 / 3.6
ASKS_FOR_WAYPOINTS = frozenset({None, "u", "p"})
"""Triggers of a location at which the answer brings waypoints: sent by hand, by the periodic ping, or not said."""


def fix_of(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fix in a `location` or `transition` message; None for every other type."""
    if message.get("_type") not in ("location", "transition"):
        return None
    velocity = message.get("vel")
    return {
        "ts": message.get("tst"),
        "lat": message.get("lat"),
        "lon": message.get("lon"),
        "accuracy_m": message.get("acc"),
        "speed_mps": velocity * KMH_TO_MPS
        if isinstance(velocity, int | float) and not isinstance(velocity, bool) and velocity >= 0
        else None,
    }


def wants_waypoints(message: Mapping[str, Any]) -> bool:
    trigger = message.get("t")
    return (
        message.get("_type") == "location"
        and (trigger is None or isinstance(trigger, str))
        and trigger in ASKS_FOR_WAYPOINTS
    )


def set_waypoints(places: Iterable[tuple[Place, float, int]]) -> dict[str, Any]:
    """The command that gives a phone fences to watch itself: (place, radius in metres, time of its last change)."""
    waypoints = [
        {
            "_type": "waypoint",
            "desc": p.name,
            "lat": p.lat_deg,
            "lon": p.lon_deg,
            "rad": max(30, round(radius_m)),
            "tst": changed_s,
            "rid": p.id[-24:],
        }
        for p, radius_m, changed_s in places
    ]
    return {"_type": "cmd", "action": "setWaypoints", "waypoints": {"_type": "waypoints", "waypoints": waypoints}}
