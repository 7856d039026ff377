"""How much of what is left of a campaign is leased at once. Pure.

Owns the rule: so much as is set, and towards the end ever less, since what is leased must be brought home before anybody may be told
that nothing is left. Of the last few nothing is leased. Must not read a table.
"""

from __future__ import annotations

PART = 16
"""At most one in so many of the offers that are left."""


def offers_to_lease(chunk_coupons: int, left_coupons: int, left_minor: int, coupons: int, minor: int) -> int:
    """How many offers, each of so many coupons and so much money at most, go into a new chunk; 0: none is made."""
    left = left_coupons // coupons
    if minor:
        left = min(left, left_minor // minor)
    return max(0, min(chunk_coupons // coupons, left // PART))
