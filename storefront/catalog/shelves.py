"""What lies in which store, and where there.

Owns the statements about shelves. A shelf is counted by staff and moves by one conditional UPDATE; it stands beside the stock of the
warehouse (`ProductRow.stock_units`), from which is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many, listed
from app.kernel.db import moved
from app.kernel.errors import Invalid
from geofences import facade as geofences
from storefront.catalog.models import ProductRow, ShelfRow
from storefront.catalog.schemas import ShelfIn
from storefront.contracts import ShelfView


def put(session: Session, shelves: Sequence[ShelfIn], *, at: datetime) -> int:
    """So many lie there from now on, all or none of them; how many were told. Raises Invalid naming the first that is nothing we have."""
    p, places = ProductRow, geofences.places_by_ids(session, {s.place_id for s in shelves})
    sold = set(session.scalars(select(p.id).where(p.id.in_(listed(session, {s.product_id for s in shelves})), p.is_head.is_(False))))
    told: set[tuple[str, str]] = set()
    for index, shelf in enumerate(shelves):
        if shelf.place_id not in places:
            raise Invalid.field(f"shelves[{index}].place_id", f"there is no place {shelf.place_id}; bring the places in first")
        if shelf.product_id not in sold:
            raise Invalid.field(f"shelves[{index}].product_id", f"{shelf.product_id} is not sold; name a product, or one of its variants where it has some")
        if (shelf.place_id, shelf.product_id) in told:
            raise Invalid.field(f"shelves[{index}].product_id", f"{shelf.product_id} is told twice of {shelf.place_id}; say it once")
        told.add((shelf.place_id, shelf.product_id))
    rows = sorted((s.place_id, s.product_id, s.units, s.aisle, at) for s in shelves)
    columns = ("place_id", "product_id", "units", "aisle", "changed_at")
    insert_many(session, ShelfRow, columns, rows, unique=("place_id", "product_id"), replace=("units", "aisle", "changed_at"))
    return len(rows)


def of_products(session: Session, product_ids: Sequence[str]) -> tuple[ShelfView, ...]:
    """What lies anywhere of these; where nothing is left, nothing is told."""
    s = ShelfRow
    rows = session.execute(
        select(s.place_id, s.product_id, s.units, s.aisle).where(s.product_id.in_(product_ids), s.units > 0).order_by(s.place_id, s.product_id)
    )
    return tuple(ShelfView(*row) for row in rows)


def take(session: Session, place_id: str, units: Mapping[str, int], *, at: datetime) -> dict[str, int]:
    """Take so many of each product off a store's shelf. Returns what is short (product id -> units left); then the caller must raise."""
    short: dict[str, int] = {}
    for product_id in sorted(units):
        here = (ShelfRow.place_id == place_id, ShelfRow.product_id == product_id)
        enough = update(ShelfRow).where(*here, ShelfRow.units >= units[product_id])
        if not moved(session, enough.values(units=ShelfRow.units - units[product_id], changed_at=at)):
            short[product_id] = session.scalar(select(ShelfRow.units).where(*here)) or 0
    return short


def put_back(session: Session, place_id: str, units: Mapping[str, int], *, at: datetime) -> None:
    """Back onto the shelf; one that is not kept any more is passed over."""
    for product_id in sorted(units):
        back = update(ShelfRow).where(ShelfRow.place_id == place_id, ShelfRow.product_id == product_id)
        moved(session, back.values(units=ShelfRow.units + units[product_id], changed_at=at))
