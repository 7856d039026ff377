"""What a piece costs that somebody takes in exchange for another. Pure.

Owns the two sums. **The discount of what comes back goes over**: in proportion to the price, and never more of it than there was. So the same price costs
nothing; for a dearer piece she pays the whole difference of the prices; and of a cheaper one she gets back in proportion to what she paid.
"""

from __future__ import annotations


def unit_minor(bought_minor: int, bought_now_minor: int | None, wanted_now_minor: int) -> int:
    """The price of a piece she takes instead of one bought at `bought_minor`. `bought_now_minor`: what that one costs now, where the two are variants of one
    product: then only what they differ by now counts, and a price that was raised since does not. None: another product, at its price now."""
    return wanted_now_minor if bought_now_minor is None else max(0, bought_minor + wanted_now_minor - bought_now_minor)


def discount_minor(price_minor: int, paid_minor: int, wanted_minor: int) -> int:
    """What goes over of the difference between the price of what comes back and what was paid for it, to something that costs `wanted_minor`."""
    off_minor = price_minor - paid_minor
    return min(off_minor, off_minor * wanted_minor // price_minor) if price_minor else 0
