"""Which coupons may lie on one cart together, and in which order they take their share.

Pure. At most one of a group; of several, each must say that it combines. `after` names groups that go first; a circle of
them is refused when a campaign is written (`circle`). Must not reckon money (bundles.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One coupon's place among others. `group` is never empty here: a campaign without one is a group by itself."""

    coupon_id: str
    group: str
    combinable: bool
    after: tuple[str, ...]
    priority: int


def against(one: Place, other: Place) -> str | None:
    """Why the two may not go together, as a clause; None when they may."""
    if one.group == other.group:
        return "only one coupon of its group counts on a cart"
    if not one.combinable:
        return "it does not go with other coupons"
    return None if other.combinable else "that one does not go with other coupons"


def legal(places: Sequence[Place]) -> bool:
    return len(places) < 2 or (
        all(place.combinable for place in places) and len({place.group for place in places}) == len(places)
    )


def in_order(places: Iterable[Place]) -> list[Place]:
    """Those whose `after` names nobody who still waits, by priority; should two wait for each other, by priority too."""
    waiting = sorted(places, key=lambda place: (-place.priority, place.coupon_id))
    out: list[Place] = []
    while waiting:
        groups = {place.group for place in waiting}
        free = [place for place in waiting if groups.isdisjoint(set(place.after) - {place.group})]
        out.append((free or waiting)[0])
        waiting.remove(out[-1])
    return out


def circle(after: Mapping[str, Iterable[str]]) -> tuple[str, ...] | None:
    """A way from a group over the groups it comes after back to itself, first and last the same; None if there is none."""
    done: set[str] = set()
    for start in sorted(after):
        way: list[str] = []
        steps = [iter([start])]
        while steps:
            group = next(steps[-1], None)
            if group is None:
                steps.pop()
                if way and len(way) > len(steps) - 1:
                    done.add(way.pop())
            elif group in way:
                return (*way[way.index(group) :], group)
            elif group not in done:
                way.append(group)
                steps.append(iter(sorted(after.get(group, ()))))
    return None
