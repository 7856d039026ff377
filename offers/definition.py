"""What a campaign says: when, where, for whom, how much, as one frozen value that is stored whole with each version.

Owns the shape and its canonical JSON (the same definition always gives the same bytes). Must not validate user input
(schemas.py names wrong fields) and must not decide (conditions.py does).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec


class BenefitKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"
    FIXED_PRICE = "fixed_price"
    FREE_ITEM = "free_item"


class CouponPlaces(StrEnum):
    """Where the coupon may be used: at the place of the moment, or at any place of the campaign."""

    PLACE = "place"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class NthVisit:
    """Which visits count; all that are set must hold."""

    exactly: int | None = None
    at_least: int | None = None
    every: int | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """Places (any selector suffices) and kinds of moment."""

    moment_kinds: tuple[str, ...]
    place_ids: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    everywhere: bool = False
    min_dwell_s: int = 0
    nth_visit: NthVisit | None = None
    max_age_s: int = 1800
    """A moment older than this when it is weighed (a phone that was offline) earns no offer."""


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """`days` are 0 (Monday) to 6; minutes of the local day, `until_minute` exclusive. `until <= from` runs past midnight."""

    days: tuple[int, ...]
    from_minute: int
    until_minute: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Dates are inclusive, in each store's own zone (ISO 8601). No weekly hours: the whole week."""

    starts_on: str | None = None
    ends_on: str | None = None
    weekly: tuple[WeeklyHours, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowCap:
    count: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Caps:
    """Coupons issued, less those revoked; None is no cap."""

    per_shopper: int | None = 1
    per_shopper_window: WindowCap | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Benefit:
    """What the shopper gets. `percent_bp` basis points; amounts in minor units of the campaign's currency.

    Scope: `product_ids` or `categories`; both empty is the whole basket. `max_discount_minor` bounds every coupon.
    """

    kind: BenefitKind
    percent_bp: int = 0
    amount_minor: int = 0
    price_minor: int = 0
    product_ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    min_basket_minor: int = 0
    max_items: int | None = None
    """For fixed_price and free_item: how many items it covers (free_item: 1 unless said otherwise)."""
    max_discount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """`valid_for_s` from the moment of issue, but never past the campaign's last day in the store."""

    valid_for_s: int = 86_400
    places: CouponPlaces = CouponPlaces.CAMPAIGN
    in_app: bool = True
    at_till: bool = True


@dataclass(frozen=True, slots=True)
class Definition:
    name: str
    title: str
    """The headline of the coupon, for the shopper."""
    because: str
    """A clause for the explanation: `the bonbon of the month is on sale there`."""
    currency: str
    trigger: Trigger
    benefit: Benefit
    schedule: Schedule = field(default_factory=Schedule)
    caps: Caps = field(default_factory=Caps)
    coupon: CouponTerms = field(default_factory=CouponTerms)
    min_trust: str = "claimed"
    budget_minor: int | None = None
    priority: int = 0
    expected_value_minor: int = 0

    @property
    def face_minor(self) -> int:
        """What one coupon can cost at most, 0 if unbounded (then there is no budget; schemas.py sees to it)."""
        bounds = [self.benefit.max_discount_minor] if self.benefit.max_discount_minor is not None else []
        if self.benefit.kind is BenefitKind.AMOUNT:
            bounds.append(self.benefit.amount_minor)
        return min(bounds, default=0)


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, no NaN. Accepts dataclasses, enums and plain JSON values."""
    return json.dumps(
        msgspec.to_builtins(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def definition_from(document: dict[str, Any]) -> Definition:
    """A stored or validated document as a value; raises `msgspec.ValidationError` when it is not one of ours."""
    return msgspec.convert(document, Definition)


def document_of(definition: Definition) -> dict[str, Any]:
    return msgspec.to_builtins(definition)
