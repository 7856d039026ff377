"""Which fences a phone should watch by itself, when the OS lets it watch only a few circles.

Owns the order (soonest reached first), the merging of neighbours, the circle around the phone whose leaving asks for a new plan, and
what is left out and why. Pure. It must not read tables: who asks brings every fence up to `horizon_m` and nothing is known beyond.

docs/algorithms/device-plan.md explains it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from geofences.shapes import METRES_PER_DEGREE, Circle

OS_LIMITS = {"ios": 20, "android": 100}
"""Regions an app may have monitored: Apple, "Monitoring the user's proximity to geographic regions"; Android, "Create and monitor geofences"."""


@dataclass(frozen=True, slots=True)
class PlanRules:
    """`min_radius_m`: Android's guide asks for at least 100 m, the accuracy of Wi-Fi positions; `max_radius_m`: larger fences are
    not drawn as circles; `merged_radius_m`: how coarse a circle over several fences may be; `walk_mps`, `turn`: speed of a phone that
    says none, and the part of its speed it makes good against its heading; `hurry`, `top_mps`: how fast it may become before it asks
    again; `report_delay_s`: an OS tells of a left circle this late (155-258 s were measured)."""

    min_radius_m: float = 100.0
    max_radius_m: float = 5_000.0
    merged_radius_m: float = 300.0
    walk_mps: float = 1.4
    turn: float = 0.25
    hurry: float = 1.5
    top_mps: float = 2.0
    report_delay_s: float = 240.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fence in reach. `circle` holds all of it; `distance_m` to the fence itself is never too long, negative inside."""

    fence_id: str
    place_id: str
    name: str
    circle: Circle
    distance_m: float
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """A circle to monitor for one fence, or for several that lie together. `why`: inside, nearest, ahead, merged."""

    fence_ids: tuple[str, ...]
    place_ids: tuple[str, ...]
    name: str
    circle: Circle
    why: str
    reach_s: float


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`why`: over_limit, too_large, inside_too_large. `asked_first`: the phone surely asks again before it can be there."""

    fence_id: str
    why: str
    reach_s: float
    asked_first: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """`refresh`: when the phone leaves it, or after `ask_again_s` at the latest, it asks for a new plan."""

    monitored: tuple[Watched, ...]
    refresh: Circle
    ask_again_s: float
    reserve: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Phone:
    """Where it is, and where to: heading in degrees from north if known, speed or None."""

    lat_deg: float
    lon_deg: float
    heading_deg: float | None = None
    speed_mps: float | None = None


@dataclass(slots=True)
class _Group:
    """Fences under one circle; metres east and north of the phone."""

    x: float
    y: float
    radius_m: float
    members: list[Candidate]
    reach_s: float
    priority: int
    ahead: bool = field(default=False)


def plan(
    candidates: Sequence[Candidate],
    phone: Phone,
    *,
    os_limit: int,
    reserve: int = 1,
    horizon_m: float,
    rules: PlanRules | None = None,
) -> Plan:
    """The plan for a phone. `reserve` circles of `os_limit` are not used for fences; one of them is `refresh`. Needs reserve >= 1."""
    rules = rules or PlanRules()
    if not 1 <= reserve <= os_limit:
        raise ValueError("the reserve holds at least the circle around the phone, and no more than the limit")
    groups: list[_Group] = []
    large: list[Candidate] = []
    for candidate in candidates:
        if candidate.circle.radius_m > rules.max_radius_m:
            large.append(candidate)
        else:
            groups.append(_alone(candidate, phone, rules))
    groups.sort(key=lambda g: (-g.priority, g.reach_s, g.members[0].fence_id))
    kept, over = _within(groups, os_limit - reserve, rules)
    faster_mps = max(rules.top_mps, rules.hurry * (phone.speed_mps or 0.0))
    outside = [(c, "over_limit") for g in over for c in g.members]
    outside += [(c, "inside_too_large" if c.distance_m <= 0 else "too_large") for c in large]
    refresh_m = _refresh_m(
        [c.distance_m for c, why in outside if why != "inside_too_large"], horizon_m, faster_mps, rules
    )
    left_out = tuple(
        LeftOut(
            c.fence_id,
            why,
            _reach_s(c, phone, rules),
            why == "inside_too_large" or refresh_m + faster_mps * rules.report_delay_s <= c.distance_m,
        )
        for c, why in outside
    )
    near = [c.distance_m for c, why in outside if why != "inside_too_large"]
    ask_again_s = max(30.0, max(0.0, min([horizon_m, *near])) / faster_mps)
    refresh = Circle(phone.lat_deg, phone.lon_deg, refresh_m)
    return Plan(tuple(_watched(g, phone) for g in kept), refresh, min(86_400.0, ask_again_s), reserve, left_out)


def _refresh_m(distances_m: list[float], horizon_m: float, faster_mps: float, rules: PlanRules) -> float:
    """As large as it may be, so that the phone asks rarely, but left and reported before the nearest unwatched fence is reached.
    Never smaller than the OS can do; `asked_first` and `ask_again_s` say what then cannot be promised."""
    return max(rules.min_radius_m, min([horizon_m, *distances_m]) - faster_mps * rules.report_delay_s)


# -- how soon ----------------------------------------------------------------------------------------------------------


def _place(circle: Circle, phone: Phone) -> tuple[float, float]:
    """Metres east and north of the phone."""
    turn = circle.lon_deg - phone.lon_deg
    turn -= 360 * round(turn / 360)
    middle = math.radians((circle.lat_deg + phone.lat_deg) / 2)
    return turn * METRES_PER_DEGREE * math.cos(middle), (circle.lat_deg - phone.lat_deg) * METRES_PER_DEGREE


def _off_heading_deg(circle: Circle, phone: Phone) -> float | None:
    """How far the phone's heading misses the circle, 0 if it hits it; None if it has no heading worth the name."""
    if phone.heading_deg is None or not phone.speed_mps or phone.speed_mps < 0.5:
        return None
    x, y = _place(circle, phone)
    away = math.hypot(x, y)
    if away <= circle.radius_m:
        return 0.0
    off = abs((math.degrees(math.atan2(x, y)) - phone.heading_deg + 180) % 360 - 180)
    return max(0.0, off - math.degrees(math.asin(circle.radius_m / away)))


def _reach_s(candidate: Candidate, phone: Phone, rules: PlanRules) -> float:
    """Seconds until the phone may be at the fence: its speed counts in full ahead and for `turn` of it behind."""
    speed = max(rules.walk_mps, phone.speed_mps or 0.0)
    off = _off_heading_deg(candidate.circle, phone)
    if off is not None:
        speed *= rules.turn + (1 - rules.turn) * (1 + math.cos(math.radians(off))) / 2
    return max(0.0, candidate.distance_m) / speed


# -- circles -----------------------------------------------------------------------------------------------------------


def _alone(candidate: Candidate, phone: Phone, rules: PlanRules) -> _Group:
    x, y = _place(candidate.circle, phone)
    off = _off_heading_deg(candidate.circle, phone)
    radius = max(rules.min_radius_m, candidate.circle.radius_m)
    reach = _reach_s(candidate, phone, rules)
    return _Group(x, y, radius, [candidate], reach, candidate.priority, ahead=off is not None and off < 45)


def _within(groups: list[_Group], slots: int, rules: PlanRules) -> tuple[list[_Group], list[_Group]]:
    """Those that fit, and those left over. Too many: the later ones are merged with their neighbours, half the slots at least stay
    with one fence each; what then is still too much is left out from the end."""
    if len(groups) <= slots:
        return groups, []
    low, high = (slots + 1) // 2, slots  # the most that can stay alone so that all fit, by halving
    best: list[_Group] | None = None
    while low <= high:
        alone = (low + high) // 2
        found = groups[:alone] + _merged(groups[alone:], rules, slots - alone + 1)
        if len(found) <= slots:
            best, low = found, alone + 1
        else:
            high = alone - 1
    if best is not None:
        return best, []
    alone = (slots + 1) // 2
    found = groups[:alone] + _merged(groups[alone:], rules, len(groups))
    return found[:slots], found[slots:]


def _merged(groups: list[_Group], rules: PlanRules, most: int) -> list[_Group]:
    """Neighbours under common circles, in the order of the first of each; stops once there are more than `most`."""
    out: list[_Group] = []
    for group in groups:
        for i, other in enumerate(out):
            both = _around(other, group)
            if both.radius_m <= rules.merged_radius_m:
                out[i] = both
                break
        else:
            out.append(group)
            if len(out) > most:
                break
    return out


def _around(first: _Group, second: _Group) -> _Group:
    """The least circle around two circles."""
    dx, dy = second.x - first.x, second.y - first.y
    away = math.hypot(dx, dy)
    members = [*first.members, *second.members]
    head = (min(first.reach_s, second.reach_s), max(first.priority, second.priority), first.ahead or second.ahead)
    if away + second.radius_m <= first.radius_m:
        return _Group(first.x, first.y, first.radius_m, members, *head)
    if away + first.radius_m <= second.radius_m:
        return _Group(second.x, second.y, second.radius_m, members, *head)
    radius = (away + first.radius_m + second.radius_m) / 2
    part = (radius - first.radius_m) / away
    return _Group(first.x + part * dx, first.y + part * dy, radius, members, *head)


def _watched(group: _Group, phone: Phone) -> Watched:
    first = group.members[0]
    ids, places = tuple(c.fence_id for c in group.members), tuple(dict.fromkeys(c.place_id for c in group.members))
    if len(group.members) > 1:
        lat = phone.lat_deg + group.y / METRES_PER_DEGREE
        k_lon = METRES_PER_DEGREE * math.cos(math.radians((lat + phone.lat_deg) / 2))
        lon = phone.lon_deg + group.x / k_lon
        # 2 m and 0.1 %: the plane the circles were merged in is flat.
        circle = Circle(lat, lon - 360 * round(lon / 360), group.radius_m * 1.001 + 2)
        return Watched(ids, places, f"{first.name} and {len(ids) - 1} more", circle, "merged", group.reach_s)
    circle = Circle(first.circle.lat_deg, first.circle.lon_deg, group.radius_m)
    why = "inside" if first.distance_m <= 0 else "ahead" if group.ahead else "nearest"
    return Watched(ids, places, first.name, circle, why, group.reach_s)
