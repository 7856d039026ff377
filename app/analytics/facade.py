"""The door of analytics: the funnel.

Owns the reading. Every number has passed the small-cell rule; callers must not read the tables.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from app.analytics import cells
from app.analytics.contracts import Funnel, FunnelStage, MoneyTotal
from app.analytics.models import CampaignTotal, FunnelRow

FUNNEL = ("detected", "offered", "pushed", "seen", "ordered", "redeemed")
BESIDE = ("withheld", "suppressed")
"""Not steps of the funnel, but where moments leave it."""


def funnel(session: Session, campaign_id: str | None, since: datetime) -> Funnel:
    """Counts of moments noted since the beginning of the UTC day of `since`, for one campaign or for all.

    A moment several campaigns have met is one moment. For one campaign `detected` are the moments it weighed.
    """
    begin = cells.day_of(since)
    stages = tuple(_stage(session, name, campaign_id, begin) for name in (*FUNNEL, *BESIDE))
    return Funnel(campaign_id, begin, stages, _totals(session, campaign_id))


def _stage(session: Session, name: str, campaign_id: str | None, begin: datetime) -> FunnelStage:
    column = getattr(FunnelRow, f"{name}_at")
    counted = select(func.count(distinct(FunnelRow.moment_id)), func.count(distinct(FunnelRow.shopper_id))).where(
        column.is_not(None), FunnelRow.noted_at >= begin
    )
    if campaign_id is not None:
        counted = counted.where(FunnelRow.campaign_id == campaign_id)
    elif name == "detected":
        counted = counted.where(FunnelRow.campaign_id == "")
    moments, shoppers = session.execute(counted).one()
    return cells.stage(name, moments, shoppers)


def _totals(session: Session, campaign_id: str | None) -> tuple[MoneyTotal, ...]:
    t = CampaignTotal
    sums = select(
        t.currency, func.sum(t.orders), func.sum(t.revenue_minor), func.sum(t.redemptions), func.sum(t.discount_minor)
    )
    if campaign_id is not None:
        sums = sums.where(t.campaign_id == campaign_id)
    found: list[MoneyTotal] = []
    for currency, orders, revenue, redemptions, discount in session.execute(
        sums.group_by(t.currency).order_by(t.currency)
    ):
        enough_orders = (
            _behind(session, "ordered", "revenue_currency", currency, campaign_id) >= cells.SMALL_CELL_SHOPPERS
        )
        enough_uses = (
            _behind(session, "redeemed", "discount_currency", currency, campaign_id) >= cells.SMALL_CELL_SHOPPERS
        )
        found.append(
            MoneyTotal(
                currency,
                int(orders) if enough_orders else None,
                int(revenue) if enough_orders else None,
                int(redemptions) if enough_uses else None,
                int(discount) if enough_uses else None,
            )
        )
    return tuple(found)


def _behind(session: Session, stage: str, currency_column: str, currency: str, campaign_id: str | None) -> int:
    """How many shoppers stand behind a sum of money."""
    people = select(func.count(distinct(FunnelRow.shopper_id))).where(
        getattr(FunnelRow, f"{stage}_at").is_not(None), getattr(FunnelRow, currency_column) == currency
    )
    if campaign_id is not None:
        people = people.where(FunnelRow.campaign_id == campaign_id)
    return session.scalar(people) or 0
