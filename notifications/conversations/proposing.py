"""What to put on the table for so many people.

Pure. Owns the choice: only food whose declaration is known and free of what must not be in it, enough for everybody, at the least cost.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from notifications.conversations.knowledge import ProductFact

MOST_PIECES = 99


@dataclass(frozen=True, slots=True)
class Line:
    product_id: str
    quantity: int


def free_from(product: ProductFact, allergens: Collection[str]) -> bool:
    """Declared, and neither an ingredient nor a trace. What nobody has declared is never free of anything."""
    if product.contains is None or product.may_contain is None:
        return False
    return not set(allergens) & {*product.contains, *product.may_contain}


def proposal(shelf: Sequence[ProductFact], people: int, allergens: Collection[str]) -> Line | None:
    """The cheapest way to serve `people` with one product; of equals the one that serves most at once. None: nothing fits."""
    fitting: list[tuple[int, int, str, int]] = []
    for product in shelf:
        if not product.serves or (allergens and not free_from(product, allergens)):
            continue
        pieces = -(-people // product.serves)
        if pieces <= min(product.in_stock, MOST_PIECES):
            fitting.append((pieces * product.price_minor, -product.serves, product.id, pieces))
    if not fitting:
        return None
    _, _, product_id, pieces = min(fitting)
    return Line(product_id, pieces)
