"""One product as its page shows it: its variants, what one chooses among them, and which store has it. Owns joining these."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from storefront.catalog import shelves
from storefront.catalog.repository import product, variants
from storefront.contracts import ProductDetail, ProductView


def detail(session: Session, product_id: str) -> ProductDetail | None:
    """None for what is not on sale. Of a variant too: its product is then asked for by `head_id`."""
    found = product(session, product_id)
    if found is None:
        return None
    several = variants(session, found.id) if found.is_head else ()
    lies = shelves.of_products(session, [item.id for item in several] or [found.id])
    return ProductDetail(found, several, lies, choices(several))


def choices(several: Sequence[ProductView]) -> dict[str, tuple[str, ...]]:
    """Option -> its values; numbers by size, else in the order the variants stand in."""
    out: dict[str, list[str]] = {}
    for item in several:
        for name, value in item.options.items():
            if value not in out.setdefault(name, []):
                out[name].append(value)
    return {name: tuple(sorted(values, key=float) if all(map(_is_number, values)) else values) for name, values in out.items()}


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
