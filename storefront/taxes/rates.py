"""Which rate of tax stands on a day, for a class of products in a region. Pure.

Owns the choice among rates that are handed in. Must not know where they are kept (repository.py) nor reckon with them (reckoning.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

STANDARD = "standard"
"""The class of whatever has no other, and the rate a class falls back to where the law has none for it."""

VOUCHER = "voucher"
"""Gift cards: what they will buy is not known yet, so they are taxed when they are spent and not when they are sold."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate_bp` 2550 is 25.5 % on the price without tax, from the day `valid_from` until another of its kind begins. `region` is empty for the whole country."""

    country: str
    region: str
    tax_class: str
    valid_from: date
    rate_bp: int
    source: str


def rate_on(rates: Sequence[Rate], tax_class: str, *, country: str, region: str, day: date) -> Rate | None:
    """The latest that had begun: the region's own before the country's, the class's own before the standard one. None: nothing is known of that country.

    Of two that begin on one day the later in `rates` counts, so that what somebody has set comes after what is recorded.
    """
    if tax_class == VOUCHER:
        return Rate(country, region, VOUCHER, date.min, 0, "taxed when it is spent")
    for wanted, where in ((tax_class, region), (tax_class, ""), (STANDARD, region), (STANDARD, "")):
        begun = [r for r in rates if (r.country, r.region, r.tax_class) == (country, where, wanted) and r.valid_from <= day]
        if begun:
            return max(enumerate(begun), key=lambda one: (one[1].valid_from, one[0]))[1]
    return None
