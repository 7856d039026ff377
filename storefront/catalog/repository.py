"""Reading and moving the catalogue: search, single products, taking units off the shelf and putting them back.

Owns the statements about products. Units move by one conditional UPDATE each; callers pass whole orders so that rows are
always locked in the same order (by product id).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from storefront.catalog.models import ProductRow, ProductWordRow
from storefront.catalog.words import MAX_QUERY_WORDS, fold, prefix_range, weighted
from storefront.contracts import Particulars, ProductView

MOST = 100


def view(row: ProductRow) -> ProductView:
    return ProductView(row.id, row.name, row.description, row.category, row.image, row.price_minor, row.currency, row.stock_units)


def product(session: Session, product_id: str) -> ProductView | None:
    """The product if it is on sale."""
    row = session.get(ProductRow, product_id)
    return view(row) if row is not None and row.on_sale else None


def products_by_ids(session: Session, product_ids: Sequence[str]) -> dict[str, ProductView]:
    """Those of `product_ids` that are on sale."""
    rows = session.scalars(select(ProductRow).where(ProductRow.id.in_(product_ids), ProductRow.on_sale))
    return {row.id: view(row) for row in rows}


def search(session: Session, *, query: str = "", category: str | None = None, limit: int = MOST, offset: int = 0) -> list[ProductView]:
    """Products holding, for every word of `query`, a word that begins with it; best places of the words first.

    An empty query lists everything by name; a query of signs only finds nothing.
    """
    words = fold(query)[:MAX_QUERY_WORDS]
    if query.strip() and not words:
        return []
    statement = select(ProductRow).where(ProductRow.on_sale)
    if category:
        statement = statement.where(ProductRow.category == category)
    order = []
    for word in words:
        low, high = prefix_range(word)
        w = ProductWordRow
        hits = (
            select(w.product_id, func.max(w.weight).label("weight")).where(w.word >= low, w.word < high).group_by(w.product_id).subquery()
        )
        statement = statement.join(hits, hits.c.product_id == ProductRow.id)
        order.append(hits.c.weight)
    if order:
        statement = statement.order_by(sum(order[1:], order[0]).desc())
    statement = statement.order_by(ProductRow.name, ProductRow.id).limit(min(limit, MOST)).offset(offset)
    return [view(row) for row in session.scalars(statement)]


def categories(session: Session) -> list[str]:
    """Every category with something on sale, by name."""
    return list(session.scalars(select(ProductRow.category).where(ProductRow.on_sale).distinct().order_by(ProductRow.category)))


def all_names(session: Session) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """(id, name, category, other names) of everything on sale, by id."""
    rows = session.execute(select(ProductRow.id, ProductRow.name, ProductRow.category, ProductRow.particulars).where(ProductRow.on_sale).order_by(ProductRow.id))
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


def put(session: Session, item: ProductView, *, on_sale: bool, at: datetime, particulars: dict[str, Any] | None = None) -> str:
    """Insert or replace one product and its words; returns created, changed or same."""
    values = {
        "name": item.name, "description": item.description, "category": item.category, "image": item.image, "price_minor": item.price_minor,
        "currency": item.currency, "stock_units": item.in_stock, "on_sale": on_sale, "particulars": particulars,
    }  # fmt: skip
    created = insert_new(session, ProductRow, {"id": item.id, **values, "changed_at": at}, unique=["id"])
    if not created:
        row = session.execute(select(ProductRow).where(ProductRow.id == item.id).with_for_update()).scalar_one()
        if all(getattr(row, name) == value for name, value in values.items()):
            return "same"
        session.execute(update(ProductRow).where(ProductRow.id == item.id).values(**values, changed_at=at))
        session.execute(delete(ProductWordRow).where(ProductWordRow.product_id == item.id))
    words = weighted(item.name, item.category, item.description)
    if words:
        rows = [{"word": word, "product_id": item.id, "weight": weight} for word, weight in words.items()]
        session.execute(insert(ProductWordRow), rows)
    return "created" if created else "changed"


def hold(session: Session, units: Mapping[str, int]) -> dict[str, int]:
    """Take `units` (product id -> quantity) off the shelf. Returns what is short (product id -> units left); empty: all held.

    On a shortage the caller must raise, so that its transaction puts back what was already taken.
    """
    short: dict[str, int] = {}
    for product_id in sorted(units):
        enough = ProductRow.stock_units >= units[product_id]
        taken = update(ProductRow).where(ProductRow.id == product_id, ProductRow.on_sale, enough)
        if not moved(session, taken.values(stock_units=ProductRow.stock_units - units[product_id])):
            short[product_id] = session.scalar(select(ProductRow.stock_units).where(ProductRow.id == product_id, ProductRow.on_sale)) or 0
    return short


def put_back(session: Session, units: Mapping[str, int]) -> None:
    """Put held or returned units on the shelf again; a product that was removed meanwhile is passed over."""
    for product_id in sorted(units):
        back = update(ProductRow).where(ProductRow.id == product_id)
        moved(session, back.values(stock_units=ProductRow.stock_units + units[product_id]))
