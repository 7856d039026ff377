"""What is filled into the texts of a campaign: the value of every declared variable.

Owns that alone. Pure. A value a campaign does not have is None, so that a text that asks for it is refused or has a default.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.kernel.money import Money
from offers.definition import Definition
from offers.phrases import benefit_text


def values_of(definition: Definition, *, place_name: str, zone: ZoneInfo, nth_visit: int, at: datetime, ends: datetime) -> dict[str, object]:
    """Every declared variable but `name`, which the campaign does not know; None where this campaign has no such value."""
    benefit, left = definition.benefit, max(ends - at, timedelta(0))
    percent_bp = benefit.percent_bp
    return {
        "name": None,
        "place": place_name,
        "title": definition.title,
        "offer": benefit_text(benefit, definition.currency),
        "percent": (percent_bp // 100 if percent_bp % 100 == 0 else percent_bp / 100) if percent_bp else None,
        "amount": Money(benefit.amount_minor, definition.currency) if benefit.amount_minor else None,
        "price": Money(benefit.price_minor, definition.currency) if benefit.kind == "fixed_price" else None,
        "ends": ends.astimezone(zone),
        "days_left": left.days,
        "hours_left": int(left.total_seconds() // 3600),
        "visit": nth_visit,
        "uses": definition.coupon.uses,
    }


_ZONE = ZoneInfo("Europe/Helsinki")


def example_of(definition: Definition, at: datetime) -> dict[str, object]:
    """Values as they may be: what a preview shows, and what texts are tried with when they are written."""
    ends = at + timedelta(seconds=definition.coupon.valid_for_s)
    return values_of(definition, place_name="Ooey Gooey Kamppi", zone=_ZONE, nth_visit=3, at=at, ends=ends) | {"name": "Aino"}
