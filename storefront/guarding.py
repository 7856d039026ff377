"""What the rules of app/security want to know of an order: what its coupons give and how far their visits are believed, and its sum.

Owns collecting these facts and asking, for the coupons first and the payment then. Must not decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.security.asking import Asker
from app.security.policies.contracts import Action, Context
from geofences import facade as geofences
from offers import facade as offers
from offers.contracts import Quote
from storefront.carts.totals import Totals
from storefront.orders.models import OrderRow
from storefront.orders.repository import fresh

HOUR = timedelta(hours=1)


def may_order(
    session: Session, asker: Asker, shares: Sequence[Quote], sums: Totals, *, currency: str, place_id: str | None, at: datetime
) -> None:
    """Raises PolicyRefused 403 or StepUpNeeded 401; the caller's transaction then comes to nothing."""
    recent = select(func.count()).where(OrderRow.shopper_id == asker.principal.id, OrderRow.placed_at > at - HOUR)
    known = Context(
        hour=_local_hour(session, place_id, at),
        velocity_1h=session.scalar(recent) or 0,
    )
    if shares:
        level, verdict, presence = offers.visits_behind(session, [share.coupon_id for share in shares])
        given_minor = sum(share.cost_minor for share in shares)
        coupons = replace(known, visit_level=level, trust_verdict=verdict, presence=presence, amount_minor=given_minor)
        asker.allow(session, Action.RESERVE, coupons, currency=currency, at=at)
    if sums.total_minor:
        asker.allow(session, Action.PAY, replace(known, amount_minor=sums.total_minor), currency=currency, at=at)


def may_pay_kept(database: Database, asker: Asker | None, order_id: str, kept_id: str | None, *, at: datetime) -> None:
    """An order that stands is paid with what she has kept: whoever has her phone has her card with it, so the rules are asked once more, by what
    is known now. Raises as `may_order`. No asker: the house itself, which is not asked."""
    if kept_id is None or asker is None:
        return

    def ask(informed: Asker) -> None:
        with database.transaction() as session:
            row = fresh(session, order_id)
            if row is not None:
                recent = select(func.count()).where(OrderRow.shopper_id == row.shopper_id, OrderRow.placed_at > at - HOUR)
                known = Context(hour=_local_hour(session, row.place_id, at), velocity_1h=session.scalar(recent) or 0, amount_minor=row.total_minor)
                informed.allow(session, Action.PAY, known, currency=row.currency, at=at)

    asker.informed(ask)


def _local_hour(session: Session, place_id: str | None, at: datetime) -> int | None:
    place = geofences.place(session, place_id) if place_id is not None else None
    return at.astimezone(ZoneInfo(place.timezone)).hour if place is not None else None
