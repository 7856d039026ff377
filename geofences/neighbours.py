"""Who stands beside whom: for one device, which fences contest a fix, and whose visit a visit is part of.

Owns the order in which the fences of a fix are weighed. Pure. It must not decide when a visit begins or ends (`transitions`).
"""

from __future__ import annotations

from collections.abc import Mapping

from geofences.index import FenceIndex
from geofences.levels import holds
from geofences.transitions import Presence


class Neighbours:
    """Rivals are fences of one level neither of which lies within the other: a shopper is in one of them at a time."""

    def __init__(self, fences: FenceIndex) -> None:
        self._fences = fences
        self._within: dict[tuple[str, str], bool] = {}

    def in_order(self, presences: Mapping[str, Presence], distances_m: Mapping[str, float]) -> list[str]:
        """Larger places first; of one level open visits, then the likelier (deeper inside), then by id."""
        if len(distances_m) < 2:
            return list(distances_m)

        def rank(fence_id: str) -> tuple[int, bool, float, str]:
            known = presences.get(fence_id)
            return self._level(fence_id), known is None or not known.is_open, distances_m[fence_id], fence_id

        return sorted(distances_m, key=rank)

    def contested(self, fence_id: str, distances_m: Mapping[str, float]) -> bool:
        """Whether a rival holds the fix."""
        return any(d <= 0 and self._rivals(fence_id, other) for other, d in distances_m.items())

    def held_by(
        self,
        fence_id: str,
        presences: Mapping[str, Presence],
        distances_m: Mapping[str, float] | None = None,
        reach_m: float = 0.0,
    ) -> Presence | None:
        """The open visit at a rival that keeps one at `fence_id` from beginning: with distances one within `reach_m`, else one that
        nothing has been heard outside of."""
        for other, presence in presences.items():
            if not presence.is_open:
                continue
            near = presence.out_since_s is None if distances_m is None else distances_m[other] <= reach_m
            if near and self._rivals(fence_id, other):
                return presence
        return None

    def parent_of(self, fence_id: str, presences: Mapping[str, Presence]) -> Presence | None:
        """The open visit at the smallest place that this one is part of."""
        above = [p for f, p in presences.items() if p.is_open and f != fence_id and self._above(f, fence_id)]
        return max(above, key=lambda p: (self._level(p.fence_id), p.since_s, p.fence_id), default=None)

    def _above(self, outer: str, inner: str) -> bool:
        rank, mine = self._level(outer), self._level(inner)
        return rank < mine or (rank == mine and self._is_within(inner, outer))

    def _rivals(self, one: str, other: str) -> bool:
        return (
            one != other
            and self._level(one) == self._level(other)
            and not self._is_within(one, other)
            and not self._is_within(other, one)
        )

    def _is_within(self, inner: str, outer: str) -> bool:
        known = self._within.get((inner, outer))
        if known is None:
            small, large = self._fences.get(inner), self._fences.get(outer)
            known = small is not None and large is not None and holds(large.shape, small.shape)
            self._within[inner, outer] = known
        return known

    def _level(self, fence_id: str) -> int:
        fence = self._fences.get(fence_id)
        return fence.level if fence is not None else 0
