"""Counting what is bought together, from time to time: orders of people who let themselves be counted, as numbers of people.

Owns the count and the table it makes. Reads first and writes afterwards, so that nobody waits for the counting. Who has not agreed to be counted, who was erased and
what came back is not in it.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many, listed
from app.kernel.db import Database
from app.privacy import gate
from app.privacy.purposes import Purpose
from storefront.catalog.models import ProductRow
from storefront.contracts import OrderState
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.recommending.models import BoughtTogetherRow
from storefront.recommending.rules import Pair, Scored, scored
from storefront.settings import StorefrontSettings


def count(database: Database, settings: StorefrontSettings) -> int:
    """The table as it is from now on; how many rows it has."""
    at = database.clock.now()
    with database.reading() as session:
        rows = _scored(session, settings, since_days=settings.recommend_days)
    with database.transaction() as session:
        session.execute(delete(BoughtTogetherRow).execution_options(synchronize_session=False))
        insert_many(session, BoughtTogetherRow, ("product_id", "other_id", "score_bp", "counted_at"), [(row.product_id, row.other_id, row.score_bp, at) for row in rows])
    return len(rows)


def _scored(session: Session, settings: StorefrontSettings, *, since_days: int) -> list[Scored]:
    at, least = session.info["clock"].now(), settings.recommend_least_people
    o, line, p = OrderRow, OrderLineRow, ProductRow
    counted = gate.agreed_to(session, Purpose.ANALYTICS, at)
    if len(counted) < least:
        return []
    basket = (
        select(o.id.label("order_id"), o.shopper_id, func.coalesce(p.head_id, p.id).label("product_id"))
        .join(line, line.order_id == o.id)
        .join(p, p.id == line.product_id)
        .where(o.state == OrderState.PAID, o.refund_state == "none", o.placed_at > at - timedelta(days=since_days), line.returned < line.quantity, p.on_sale)
        .where(o.shopper_id.in_(listed(session, counted)))
        .distinct()
        .cte("basket")
    )
    one, other = basket.alias("one"), basket.alias("other")
    people = func.count(one.c.shopper_id.distinct())
    both = and_(other.c.order_id == one.c.order_id, other.c.product_id > one.c.product_id)
    found = session.execute(select(one.c.product_id, other.c.product_id, people).join(other, both).group_by(one.c.product_id, other.c.product_id).having(people >= least))
    pairs = [Pair(*row) for row in found]
    buyers = {row.product_id: row.people for row in session.execute(select(basket.c.product_id, func.count(basket.c.shopper_id.distinct()).label("people")).group_by(basket.c.product_id))}
    everybody = session.scalar(select(func.count(basket.c.shopper_id.distinct()))) or 0
    return scored(pairs, buyers, everybody, least_people=least)
