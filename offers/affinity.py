"""How well a campaign fits this shopper, from what she herself did with coupons and how often she comes here.

Pure. Owns the model; knows nobody else's data. Used only with her consent for personalisation, and only to choose between
offers she may all have: it never keeps one from her (docs/algorithms/ranking.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from offers.definition import CouponPlaces, Definition

EVEN_BP = 10_000
"""The fit of a campaign nothing is known of; 20,000 is twice as good."""
LEAST_BP, MOST_BP = 2_500, 40_000
PRIOR_GIVEN, PRIOR_USED = 400, 100
"""Hundredths of coupons we pretend she had before: four, of which one was used. They keep one coupon from deciding."""


@dataclass(frozen=True, slots=True)
class Past:
    """A coupon of hers that is over: used, or not used in time."""

    campaign_id: str
    scope: frozenset[str]
    used: bool


class Fit(Struct, frozen=True, gc=False):
    """`given` and `used` in hundredths of coupons, each counted by its likeness."""

    given: int
    used: int
    affinity_bp: int


def scope_of(definition: Definition) -> frozenset[str]:
    """What the benefit is about; empty for the whole basket."""
    return frozenset((*definition.benefit.product_ids, *definition.benefit.categories))


def likeness(campaign_id: str, scope: frozenset[str], past: Past) -> int:
    """0 to 100: the same campaign, else the share of products and categories they have in common."""
    if past.campaign_id == campaign_id:
        return 100
    both = len(scope | past.scope)
    return 100 * len(scope & past.scope) // both if both else 0


def fit(campaign_id: str, definition: Definition, past: Sequence[Past], nth_visit: int) -> Fit:
    """Her rate of use of coupons like this against the rate we assume of anybody; less for a coupon good only at a place
    she hardly knows."""
    given, used, fits_bp = 0, 0, EVEN_BP
    if past:
        scope = scope_of(definition)
        alike = [(likeness(campaign_id, scope, p), p.used) for p in past]
        given, used = sum(n for n, _ in alike), sum(n for n, was_used in alike if was_used)
        fits_bp = EVEN_BP * (used + PRIOR_USED) * PRIOR_GIVEN // ((given + PRIOR_GIVEN) * PRIOR_USED)
    if definition.coupon.places is CouponPlaces.PLACE:
        visits = max(1, nth_visit)
        fits_bp = fits_bp * (2 * visits + 1) // (2 * visits + 2)
    return Fit(given, used, min(MOST_BP, max(LEAST_BP, fits_bp)))
