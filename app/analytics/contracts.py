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
class HeatCell:
    """A cell of the map (H3) and how many people were seen in it most; `outline` as (longitude, latitude) in degrees."""

    cell: str
    people: int
    outline: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Whole UTC days from `since`, `until` exclusive. `hidden`: some cells are not told. With `epsilon`, counts carry noise; `repeated`: this
    very answer was given before and cost nothing now."""

    since: datetime
    until: datetime
    resolution: int
    cells: tuple[HeatCell, ...]
    hidden: bool
    epsilon: float | None
    repeated: bool


@dataclass(frozen=True, slots=True)
class Funnel:
    """From a moment to a redemption. `campaign_id` None: all campaigns. `since` is the beginning of a UTC day."""

    campaign_id: str | None
    since: datetime
    stages: tuple[FunnelStage, ...]
    totals: tuple[MoneyTotal, ...]
