"""How many points have lapsed by a day: each lot so long after it came, the oldest spent first. Pure.

Owns that arithmetic. A lot is what stands of one cause (an order, a visit, a gift), at the time it came; what goes back of it makes the lot smaller,
as if it had never been more. So what was reckoned too high before comes back by the same sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Lapse:
    """`points` have lapsed in all; the next `next_points` do at `next_at`."""

    points: int
    next_at: datetime | None = None
    next_points: int = 0


@dataclass(slots=True)
class _Lot:
    ends_at: datetime
    came_at: datetime
    points: int


def lapsed(lots: Sequence[tuple[datetime, int]], spent: Sequence[tuple[datetime, int]], *, life: timedelta, not_before: datetime, at: datetime) -> Lapse:
    """`lots`: when each came and how much it is; `spent`: when and how much she used. What was used beyond what stands (she gave back an order
    whose points were spent) is taken from the lots that come next."""
    left = [_Lot(max(came_at + life, not_before), came_at, points) for came_at, points in sorted(lots) if points > 0 and came_at <= at]
    gone = owed = 0
    for used_at, points in [*sorted([*spent, *((lot.came_at, 0) for lot in left)]), (at, 0)]:
        for lot in left:
            if lot.ends_at <= used_at:
                gone, lot.points = gone + lot.points, 0
        owed += points
        for lot in left:
            if lot.came_at <= used_at:
                part = min(owed, lot.points)
                owed, lot.points = owed - part, lot.points - part
    waiting = sorted((lot.ends_at, lot.points) for lot in left if lot.points)
    if not waiting:
        return Lapse(gone)
    return Lapse(gone, waiting[0][0], sum(points for ends_at, points in waiting if ends_at == waiting[0][0]))
