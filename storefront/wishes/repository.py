"""A shopper's list: kept, taken off, read. One person's ids are one list, so that it is the same on every phone of hers.

Owns the statements. Must not tell anybody anything: noticing.py says when something of it is near.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, touched
from app.privacy import gate
from app.security.people import same_person
from storefront.catalog import shelves
from storefront.catalog.repository import product, products_by_ids, variants
from storefront.contracts import ProductView, ShelfView
from storefront.errors import UnknownProduct, WishListFull
from storefront.wishes.models import WishFoundRow, WishRow

MOST_WISHES = 200
W, F = WishRow, WishFoundRow
ANY = select(W.product_id).limit(1)
"""Whether anybody wishes anything: if not, nobody who comes in matters here."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What stands on her list, as it is sold now, and where it lies (of a product with variants: any of them)."""

    product: ProductView
    added_at: datetime
    shelves: tuple[ShelfView, ...]


def put(session: Session, shopper_id: str, product_id: str, *, at: datetime) -> None:
    """On her list; a second time changes nothing. Raises UnknownProduct, WishListFull."""
    if product(session, product_id) is None:
        raise UnknownProduct
    gate.hold(session, (shopper_id,))  # somebody may be erasing her: nothing is written after that
    ids = same_person(session, shopper_id)
    if kept(session, shopper_id, [product_id]):
        return
    if (session.scalar(select(func.count()).where(W.shopper_id.in_(ids))) or 0) >= MOST_WISHES:
        raise WishListFull(extra={"most": MOST_WISHES})
    insert_new(session, W, {"shopper_id": shopper_id, "product_id": product_id, "added_at": at}, unique=["shopper_id", "product_id"])


def take_off(session: Session, shopper_id: str, product_ids: Collection[str]) -> int:
    """Off her list, whichever phone had put it there; how many there were."""
    return touched(session, delete(W).where(W.shopper_id.in_(same_person(session, shopper_id)), W.product_id.in_(product_ids)))


def kept(session: Session, shopper_id: str, product_ids: Collection[str]) -> set[str]:
    """Those of them that are on her list."""
    return set(session.scalars(select(W.product_id).where(W.shopper_id.in_(same_person(session, shopper_id)), W.product_id.in_(product_ids))))


def of_shopper(session: Session, shopper_id: str) -> list[Wish]:
    """What is on her list and still sold, the newest first."""
    added = {row.product_id: row.added_at for row in session.execute(select(W.product_id, W.added_at).where(W.shopper_id.in_(same_person(session, shopper_id))).order_by(W.added_at, W.product_id))}
    found = products_by_ids(session, list(added))
    kinds = {item.id: tuple(one.id for one in variants(session, item.id)) if item.is_head else (item.id,) for item in found.values()}
    lies = shelves.of_products(session, [kind for ids in kinds.values() for kind in ids])
    return [Wish(found[i], added[i], tuple(s for s in lies if s.product_id in kinds[i])) for i in reversed(added) if i in found]


# --- her data ---------------------------------------------------------------------------------------------------------


def told(session: Session, shopper_id: str) -> dict[str, Any]:
    wishes = [{"product_id": row.product_id, "added_at": row.added_at} for row in session.scalars(select(W).where(W.shopper_id == shopper_id).order_by(W.added_at, W.product_id))]
    found = [{"visit_id": row.visit_id, "product_id": row.product_id, "at": row.at} for row in session.scalars(select(F).where(F.shopper_id == shopper_id).order_by(F.at, F.product_id))]
    return {name: said for name, said in (("wishes", wishes), ("found_near", found)) if said}


def forget(session: Session, shopper_id: str) -> int:
    """Her list, and what of it was near; returns how many rows."""
    gone = 0
    for model in (W, F):
        gone += touched(session, delete(model).where(model.shopper_id == shopper_id))
    return gone
