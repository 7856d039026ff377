"""The OwnTracks HTTP protocol: what a phone says, what it may be told.

Owns the translation of messages into fixes and of a device plan into waypoints. Pure. Format: the OwnTracks booklet, "JSON"; only
`location` and `transition` carry a position we use, a person's own waypoints are not ours to keep.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from geofences.device_plan import Phone, Plan

KMH_TO_MPS = 1 / 3.6
REFRESH = "Around you"
"""The circle a phone leaves when its plan has grown old; the name is shown to its owner."""
FIRST_SLOT_S = 1_000_000_000
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
        "speed_mps": velocity * KMH_TO_MPS if _is_number(velocity) and velocity >= 0 else None,
    }


def phone_of(message: Mapping[str, Any]) -> Phone:
    """Where the phone is and where to; for messages whose fix was taken."""
    heading, velocity = message.get("cog"), message.get("vel")
    return Phone(
        float(message["lat"]),
        float(message["lon"]),
        float(heading) if _is_number(heading) and 0 <= heading <= 360 else None,
        velocity * KMH_TO_MPS if _is_number(velocity) and 0 <= velocity <= 3600 else None,
    )


def wants_waypoints(message: Mapping[str, Any]) -> bool:
    """Whether the answer should bring a new plan: the phone asks, or it left the circle that says its plan has grown old."""
    if message.get("_type") == "transition":
        return message.get("event") == "leave" and message.get("desc") == REFRESH
    trigger = message.get("t")
    return (
        message.get("_type") == "location"
        and (trigger is None or isinstance(trigger, str))
        and trigger in ASKS_FOR_WAYPOINTS
    )


def set_waypoints(plan: Plan) -> dict[str, Any]:
    """The command that gives a phone the circles of a plan.

    The app has no word for "these and no others". So each circle has a numbered slot, and id (`rid`) and time (`tst`, the id to older
    versions) are the slot's: a new plan overwrites the old one, and the phone never watches more than the plan's circles.
    """
    circles = [(w.name, w.circle) for w in plan.monitored]
    slots = [(REFRESH, plan.refresh), *circles]
    waypoints = [
        {
            "_type": "waypoint",
            "desc": name,
            "lat": circle.lat_deg,
            "lon": circle.lon_deg,
            "rad": math.ceil(circle.radius_m),
            "tst": FIRST_SLOT_S + slot,
            "rid": f"moments{slot:03d}",
        }
        for slot, (name, circle) in enumerate(slots)
    ]
    return {"_type": "cmd", "action": "setWaypoints", "waypoints": {"_type": "waypoints", "waypoints": waypoints}}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
