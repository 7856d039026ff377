"""What a membership gives her in the shop now: prices, delivery, points.

Owns asking. What it gave an order is frozen there: a membership that begins or ends later changes no order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.contracts import ProductView
from storefront.memberships import repository
from storefront.memberships.models import MembershipRow
from storefront.memberships.plan import ONE_BP, Benefits, member_price_minor
from storefront.taxes import repository as taxes
from storefront.taxes.rates import VOUCHER

NOTHING = Benefits()


def benefits_of(session: Session, shopper_id: str, at: datetime) -> Benefits:
    """What the plan gives by now: a better plan is better for everybody who has it."""
    m = MembershipRow
    plan_id = session.scalar(select(m.plan_id).where(m.seat == shopper_id, m.gives_until > at))
    plan = repository.in_force(session).plan(plan_id) if plan_id is not None else None
    return plan.benefits if plan is not None else NOTHING


def free_delivery(session: Session, shopper_id: str, at: datetime) -> bool:
    return benefits_of(session, shopper_id, at).free_delivery


def points_bp(session: Session, shopper_id: str, tier_bp: int, at: datetime) -> int:
    """What her points are multiplied by: of her tier and her membership the better."""
    return max(tier_bp, benefits_of(session, shopper_id, at).points_bp, ONE_BP)


def at_member_prices(session: Session, shopper_id: str, products: Mapping[str, ProductView], at: datetime) -> dict[str, ProductView]:
    """The same products at what she pays. A gift card is money, and costs what it is worth."""
    off_bp = benefits_of(session, shopper_id, at).off_bp if products else 0
    if not off_bp:
        return dict(products)
    classes = taxes.classes_of(session, {one.category for one in products.values()})
    return {i: one if classes[one.category] == VOUCHER else replace(one, price_minor=member_price_minor(one.price_minor, off_bp)) for i, one in products.items()}
