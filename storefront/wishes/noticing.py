"""She has come to a store where something of her list lies: that is said once a visit and product, if she lets us use visits for what is offered to her.

Owns that step, from a moment to the event `wish.matched`. Must not tell her: notifications weighs whether she is told, and asks the consent for that.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.db import insert_new
from app.kernel.outbox import emit
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import people
from geofences.contracts import MomentDetected
from storefront.catalog.models import ProductRow, ShelfRow
from storefront.wish_contracts import WishMatched
from storefront.wishes.models import WishFoundRow, WishRow

W, F = WishRow, WishFoundRow
MOST_AT_ONCE = 20


def came_in(session: Session, event: MomentDetected, *, at: datetime) -> tuple[str, ...]:
    """What of her list lies there and was not said yet in this visit."""
    gate.hold(session, (event.shopper_id,))
    ids, _ = people.ids_and_owner(session, event.shopper_id)
    if session.scalar(select(W.product_id).where(W.shopper_id.in_(ids)).limit(1)) is None:
        return ()
    if not gate.may(session, event.shopper_id, Purpose.PERSONALISATION, at).ok:
        return ()
    new = tuple(
        product_id
        for product_id in _lying(session, ids, event.place_id)
        if insert_new(session, F, {"visit_id": event.visit_id, "product_id": product_id, "shopper_id": event.shopper_id, "at": at}, unique=["visit_id", "product_id"])
    )
    if new:
        emit(session, WishMatched(event.shopper_id, event.place_id, event.visit_id, event.moment_id, new, at), subject=event.shopper_id)
    return new


def _lying(session: Session, shopper_ids: tuple[str, ...], place_id: str) -> list[str]:
    """What she wishes of which something lies on this store's shelf, the longest wished first; of a product with variants: any that is sold."""
    sold, shelf, wished = aliased(ProductRow), ShelfRow, ProductRow
    rows = (
        select(W.product_id)
        .join(wished, wished.id == W.product_id)
        .join(sold, or_(sold.id == W.product_id, sold.head_id == W.product_id))
        .join(shelf, shelf.product_id == sold.id)
        .where(W.shopper_id.in_(shopper_ids), wished.on_sale, sold.on_sale, shelf.place_id == place_id, shelf.units > 0)
        .group_by(W.product_id)
        .order_by(func.min(W.added_at), W.product_id)
    )
    return list(session.scalars(rows.limit(MOST_AT_ONCE)))
