"""Partners and what their sales earn: whose a product is, and the commission on what is kept of a line. Pure.

Owns the shapes and the arithmetic. A product is the partner's who names it; else of the one who names what it is a variant of; else of the one who names
the nearest of its categories. Commission is rounded half up, line by line: it depends on what is kept alone, never on how it came to be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.revenue.placements import Placement

ONE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Partner:
    """`rate_bp` 1250: 12.5 % of what stays paid, tax included, for what the partner names."""

    id: str
    name: str
    rate_bp: int
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with all partners."""

    partners: tuple[Partner, ...] = ()
    placements: tuple[Placement, ...] = ()

    def placement(self, placement_id: str) -> Placement | None:
        return next((one for one in self.placements if one.id == placement_id), None)

    def partner(self, partner_id: str) -> Partner | None:
        return next((one for one in self.partners if one.id == partner_id), None)

    def partner_of(self, product_ids: Sequence[str], categories: Sequence[str]) -> Partner | None:
        """`product_ids`: its own and what it is a variant of; `categories`: its own and those it lies in; each the nearest first."""
        by_product = {product_id: one for one in self.partners for product_id in one.products}
        by_category = {category: one for one in self.partners for category in one.categories}
        found = (*(by_product.get(one) for one in product_ids), *(by_category.get(one) for one in categories))
        return next((one for one in found if one is not None), None)


def commission_minor(kept_minor: int, rate_bp: int) -> int:
    """Exact in integers; nothing kept earns nothing."""
    return (kept_minor * rate_bp + ONE_BP // 2) // ONE_BP
