"""Reading and moving the catalogue: single products, their variants, taking units off the shelf and putting them back.

Owns the statements about products. Units move by one conditional UPDATE each; callers pass whole orders so that rows are
always locked in the same order (by product id). Searching is search.py, bringing in is importing.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import moved
from storefront.catalog.categories import above, parents
from storefront.catalog.models import ProductRow
from storefront.contracts import Particulars, ProductView


def view(row: ProductRow) -> ProductView:
    return ProductView(
        row.id, row.name, row.description, row.category, row.image, row.price_minor, row.currency, row.stock_units, row.kind, row.sku, row.head_id,
        row.is_head, row.options, tuple(row.images), row.prices,
    )  # fmt: skip


def product(session: Session, product_id: str) -> ProductView | None:
    """The product if it is on sale."""
    return products_by_ids(session, [product_id]).get(product_id)


def products_by_ids(session: Session, product_ids: Sequence[str]) -> dict[str, ProductView]:
    """Those of `product_ids` that are on sale; of one with variants `in_stock` is what there is of all of them."""
    views = {row.id: view(row) for row in session.scalars(select(ProductRow).where(ProductRow.id.in_(product_ids), ProductRow.on_sale))}
    heads = [item.id for item in views.values() if item.is_head]
    if heads:
        p = ProductRow
        units = session.execute(select(p.head_id, func.sum(p.stock_units)).where(p.head_id.in_(listed(session, heads)), p.on_sale).group_by(p.head_id))
        views |= {head_id: replace(views[head_id], in_stock=int(there)) for head_id, there in units if head_id is not None}
    return views


def variants(session: Session, head_id: str) -> tuple[ProductView, ...]:
    """What is sold of a product with variants, in the order they were brought in."""
    return tuple(view(row) for row in session.scalars(select(ProductRow).where(ProductRow.head_id == head_id, ProductRow.on_sale).order_by(ProductRow.position, ProductRow.id)))


def for_cart(session: Session, product_ids: Sequence[str], currency: str | None) -> dict[str, ProductView]:
    """Those that are sold, at their prices in the currency of the cart (one that has none there keeps its own), with the categories above theirs."""
    tree = parents(session)
    views = products_by_ids(session, product_ids)
    return {i: replace(in_currency(v, currency), above=above(v.category, tree)) for i, v in views.items() if not v.is_head}


def in_currency(item: ProductView, currency: str | None) -> ProductView:
    """The same at its price in `currency`, where it has one."""
    if currency is None or currency == item.currency or currency not in item.prices:
        return item
    return replace(item, price_minor=item.prices[currency], currency=currency)


def all_names(session: Session) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """(id, name, category, other names) of everything that is sold, by id."""
    p = ProductRow
    rows = session.execute(select(p.id, p.name, p.category, p.particulars).where(p.on_sale, p.is_head.is_(False)).order_by(p.id))
    return [(row.id, row.name, row.category, tuple((row.particulars or {}).get("also_called", ()))) for row in rows]


def particulars(session: Session, product_ids: Sequence[str]) -> dict[str, Particulars]:
    """What is declared of each that is on sale; a product without a declaration has an empty one."""
    rows = session.execute(select(ProductRow.id, ProductRow.particulars).where(ProductRow.id.in_(product_ids), ProductRow.on_sale))
    return {row.id: _particulars(row.particulars or {}) for row in rows}


def _particulars(kept: Mapping[str, Any]) -> Particulars:
    allergens, may_contain = kept.get("allergens"), kept.get("may_contain")
    return Particulars(
        None if allergens is None else tuple(allergens), None if may_contain is None else tuple(may_contain), kept.get("ingredients", {}), kept.get("care", {}),
        tuple(kept.get("also_called", ())), kept.get("serves"),
    )  # fmt: skip


def hold(session: Session, units: Mapping[str, int]) -> dict[str, int]:
    """Take `units` (product id -> quantity) off the shelf. Returns what is short (product id -> units left); empty: all held.

    On a shortage the caller must raise, so that its transaction puts back what was already taken.
    """
    short: dict[str, int] = {}
    for product_id in sorted(units):
        enough = ProductRow.stock_units >= units[product_id]
        taken = update(ProductRow).where(ProductRow.id == product_id, ProductRow.on_sale, ProductRow.is_head.is_(False), enough)
        if not moved(session, taken.values(stock_units=ProductRow.stock_units - units[product_id])):
            short[product_id] = session.scalar(select(ProductRow.stock_units).where(ProductRow.id == product_id, ProductRow.on_sale)) or 0
    return short


def put_back(session: Session, units: Mapping[str, int]) -> None:
    """Put held or returned units on the shelf again; a product that was removed meanwhile is passed over."""
    for product_id in sorted(units):
        back = update(ProductRow).where(ProductRow.id == product_id)
        moved(session, back.values(stock_units=ProductRow.stock_units + units[product_id]))
