"""What analytics answers: a funnel of counts, each of enough shoppers to hide in.

Owns shapes only. No shopper id leaves here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """One stage. `moments` and `shoppers` are None where fewer than `SMALL_CELL_SHOPPERS` stand behind them."""

    name: str
    moments: int | None
    shoppers: int | None
    text: str

    @property
    def suppressed(self) -> bool:
        return self.shoppers is None


@dataclass(frozen=True, slots=True)
class MoneyTotal:
    """What a currency adds up to over the campaign's life; None where too few shoppers stand behind it."""

    currency: str
    orders: int | None
    revenue_minor: int | None
    redemptions: int | None
    discount_minor: int | None


@dataclass(frozen=True, slots=True)
class Funnel:
    """From a moment to a redemption. `campaign_id` None: all campaigns. `since` is the beginning of a UTC day."""

    campaign_id: str | None
    since: datetime
    stages: tuple[FunnelStage, ...]
    totals: tuple[MoneyTotal, ...]
