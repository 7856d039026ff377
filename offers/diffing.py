"""What one version of a campaign says otherwise than another: field by field, in words.

Pure, over campaign documents (as `POST /v1/campaigns` takes them). Must name every field that differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

from app.kernel.money import Money
from offers import audience_words
from offers.campaign_contracts import CampaignChange
from offers.segments import Segment

NAMES = {
    "name": "Name",
    "title": "Headline",
    "because": "Reason for the shopper",
    "currency": "Currency",
    "trigger.moment_kinds": "Moments",
    "trigger.place_ids": "Places",
    "trigger.chains": "Chains",
    "trigger.tags": "Tags of places",
    "trigger.everywhere": "Every place",
    "trigger.min_dwell_s": "Least stay",
    "trigger.max_age_s": "Oldest moment",
    "benefit.kind": "Kind of benefit",
    "benefit.percent": "Percent off",
    "benefit.amount_minor": "Amount off",
    "benefit.price_minor": "Price",
    "benefit.product_ids": "Products",
    "benefit.categories": "Categories",
    "benefit.min_basket_minor": "Smallest basket",
    "benefit.min_items": "Fewest items",
    "benefit.max_items": "Most items",
    "benefit.max_discount_minor": "Most off with one coupon",
    "benefit.floor_percent": "Always paid, share in percent",
    "benefit.floor_unit_minor": "Always paid, each item",
    "audience": "Audience",
    "schedule.starts_on": "First day",
    "schedule.ends_on": "Last day",
    "schedule.weekly": "Weekly hours",
    "caps.per_shopper": "Coupons for one shopper",
    "caps.per_shopper_window": "Coupons for one shopper in a while",
    "caps.total": "Coupons in all",
    "caps.per_place": "Coupons at one place",
    "caps.total_window": "Coupons in all in a while",
    "caps.counted_by": "One shopper is known by",
    "coupon.valid_for_s": "Coupon good for",
    "coupon.places": "Coupon good at",
    "coupon.show": "Shown at the till",
    "coupon.uses": "Coupons in an offer",
    "min_trust": "Least trust in the position",
    "weather.within_days": "Weather, days ahead",
    "weather.on": "Weather, on",
    "weather.rain": "Weather, rain",
    "weather.sunny": "Weather, sun",
    "weather.min_high_c": "Weather, warmest at least",
    "weather.max_high_c": "Weather, warmest at most",
    "special_days.within_days": "Special days, days ahead",
    "special_days.kinds": "Special days",
    "special_days.named": "Special days by name",
    "budget_minor": "Budget",
    "priority": "Priority",
    "expected_value_minor": "Expected value",
}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[CampaignChange, ...]:
    """In the order the fields stand in the document."""
    currencies = str(before.get("currency", "EUR")), str(after.get("currency", "EUR"))
    return tuple(_changes("", before, after, currencies))


def _changes(
    path: str, before: Mapping[str, Any], after: Mapping[str, Any], currencies: tuple[str, str]
) -> Iterator[CampaignChange]:
    for name in dict.fromkeys((*before, *after)):
        field, old, new = f"{path}{name}", before.get(name), after.get(name)
        if old == new:
            continue
        if name != "audience" and isinstance(old, Mapping) and isinstance(new, Mapping):
            inner = cast("tuple[Mapping[str, Any], Mapping[str, Any]]", (old, new))
            yield from _changes(f"{field}.", *inner, currencies)
        else:
            yield CampaignChange(field, old, new, _sentence(field, old, new, currencies))


def _sentence(field: str, old: Any, new: Any, currencies: tuple[str, str]) -> str:
    label = NAMES.get(field) or field.replace("_minor", "").replace("_", " ").replace(".", ": ").capitalize()
    if _plain(old) and _plain(new):
        added, gone = [x for x in new if x not in old], [x for x in old if x not in new]
        parts = [f"{', '.join(map(str, added))} added"] if added else []
        parts += [f"{', '.join(map(str, gone))} taken out"] if gone else []
        return f"{label}: {'; '.join(parts) or 'another order'}."
    return f"{label}: {_said(field, old, currencies[0])} → {_said(field, new, currencies[1])}."


def _plain(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(x, (str, int)) for x in cast("list[Any]", value))


def _said(field: str, value: Any, currency: str) -> str:
    if field == "audience":
        return "everybody" if value is None else audience_words.phrase(msgspec.convert(value, Segment))
    if value in (None, "", []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and field.endswith("_minor"):
        return Money(value, currency).display()
    if isinstance(value, int) and field.endswith("_s"):
        return _span(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "; ".join(_said("", x, currency) for x in cast("list[Any]", value))
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return ", ".join(f"{k.removesuffix('_s').replace('_', ' ')} {_said(k, v, currency)}" for k, v in items)
    return f"“{value}”" if isinstance(value, str) and " " in value else str(value)


def _span(seconds: int) -> str:
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} seconds"
