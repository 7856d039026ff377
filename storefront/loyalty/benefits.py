"""What her tier gives her at the checkout now.

Owns asking. What it gave an order is frozen there: a tier that comes or goes later changes no order.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from storefront.loyalty import repository
from storefront.loyalty.programme import Level

ONE_BP = 10_000


def level(session: Session, shopper_id: str, at: datetime) -> Level | None:
    row = repository.standing(session, shopper_id)
    if row is None or row.tier is None or row.tier_until is None or row.tier_until <= at:
        return None
    programme = repository.in_force(session)
    return programme.level(row.tier) if programme is not None else None


def points(session: Session, shopper_id: str, rate: int, at: datetime) -> tuple[int, int]:
    """(points for each 100 minor units, what they are multiplied by) of an order she places now; none for whoever does not want them counted."""
    if not repository.wants(session, shopper_id):
        return 0, ONE_BP
    found = level(session, shopper_id, at)
    return rate, found.points_bp if found is not None else ONE_BP


def free_delivery(session: Session, shopper_id: str, at: datetime) -> bool:
    found = level(session, shopper_id, at)
    return found is not None and found.free_delivery
