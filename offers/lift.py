"""What an offer brings: the share of those who could get it against the share of those who were held out.

Pure. Owns the comparison and its interval: Newcombe's hybrid score interval for the difference of two independent proportions
(R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10), which stays true with few people and with shares near 0
or 1. Must not show what too few people stand behind, and must not call chance an effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from app.privacy import aggregates

FEWEST = aggregates.FEWEST
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """`did` of `people`."""

    did: int
    people: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Shares as fractions; `low` to `high` is the 95 % interval of `treated - held_out`."""

    treated: float
    held_out: float
    difference: float
    low: float
    high: float


shown = aggregates.shown


def wilson(share: Share) -> tuple[float, float]:
    """The 95 % score interval of one share."""
    n, p, zz = share.people, share.did / share.people, Z_95 * Z_95
    middle, reach = 2 * share.did + zz, Z_95 * sqrt(zz + 4 * share.did * (1 - p))
    return (middle - reach) / (2 * (n + zz)), (middle + reach) / (2 * (n + zz))


def difference(treated: Share, held_out: Share) -> Difference | None:
    """None where one of the two may not be told."""
    if not (shown(treated.did, treated.people) and shown(held_out.did, held_out.people)):
        return None
    return compared(treated, held_out)


def compared(treated: Share, held_out: Share) -> Difference:
    """Whatever may be told of it."""
    p1, p0 = treated.did / treated.people, held_out.did / held_out.people
    (low1, high1), (low0, high0) = wilson(treated), wilson(held_out)
    d = p1 - p0
    return Difference(p1, p0, d, d - sqrt((p1 - low1) ** 2 + (high0 - p0) ** 2), d + sqrt((high1 - p1) ** 2 + (p0 - low0) ** 2))


def sentence(found: Difference | None, did: str, days: int) -> str:
    """`did` is what was done: `bought something`."""
    if found is None:
        return (
            f"Not enough to tell who {did} within {days} days: in each group {FEWEST} people must have, and {FEWEST} not. "
            "Let it run on, or hold out more."
        )
    points = found.difference * 100
    more = f"{abs(points):.1f} points {'more' if points >= 0 else 'fewer'}"
    chance = "It may be chance: the interval goes from fewer to more." if found.low <= 0 <= found.high else "It is hardly chance."
    return (
        f"Of those who could get it {found.treated:.1%} {did} within {days} days, of those held out {found.held_out:.1%}: {more} "
        f"(95 % interval {found.low * 100:+.1f} to {found.high * 100:+.1f}). {chance}"
    )
