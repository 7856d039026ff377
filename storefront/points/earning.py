"""How many points an order is worth. Pure.

Owns the arithmetic: points for each 100 minor units that stay paid, and what a coupon multiplies on its lines. Rounded down once
for the order and once for each coupon; nothing kept is nothing earned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ONE_BP = 10_000
"""A multiplier of one: the plain points."""


@dataclass(frozen=True, slots=True)
class Multiplier:
    """`multiplier_bp` 20000 is double, on the lines of these numbers."""

    multiplier_bp: int
    line_nos: tuple[int, ...]


def kept_minor(total_minor: int, quantity: int, returned: int) -> int:
    """What stays paid of a line when so many of its pieces have come back (the complement of a refund, to the cent)."""
    return total_minor - total_minor * returned // quantity


def earned(kept: Mapping[int, int], multipliers: Sequence[Multiplier], *, points_per_100_minor: int) -> int:
    """`kept`: line number -> minor units that stay paid. Several multipliers add what each gives beyond the plain points."""
    points = points_per_100_minor * sum(kept.values()) // 100
    for one in multipliers:
        scoped_minor = sum(kept.get(line_no, 0) for line_no in one.line_nos)
        points += points_per_100_minor * scoped_minor * (one.multiplier_bp - ONE_BP) // (100 * ONE_BP)
    return points
