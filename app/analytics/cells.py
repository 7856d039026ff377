"""Small cells: a count that few people stand behind is not shown.

Owns the words; the threshold and the rule are those of app/privacy/aggregates.py. Pure. Known limit: counts of overlapping questions can still be subtracted from each other;
`since` is a whole day so that the questions are few.
"""

from __future__ import annotations

from datetime import datetime

from app.analytics.contracts import FunnelStage
from app.privacy import aggregates

SMALL_CELL_SHOPPERS = aggregates.FEWEST


def stage(name: str, moments: int, shoppers: int) -> FunnelStage:
    """A stage with its counts, or without them and a sentence that says why. Zero is hidden too: "none of them" is news about
    each of a small group."""
    if not aggregates.enough(shoppers):
        return FunnelStage(name, None, None, f"fewer than {SMALL_CELL_SHOPPERS} shoppers")
    return FunnelStage(name, moments, shoppers, f"{moments} moments of {shoppers} shoppers")


def day_of(at: datetime) -> datetime:
    """The beginning of the UTC day of an instant in UTC."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
