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

from offers.message import CampaignMessage
from offers.outside.asked import SpecialDays, Weather
from offers.segments import Segment


class BenefitKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"
    FIXED_PRICE = "fixed_price"
    FREE_ITEM = "free_item"
    BUY_X_GET_Y = "buy_x_get_y"
    TIERED = "tiered"
    FREE_DELIVERY = "free_delivery"
    CASHBACK = "cashback"
    POINTS = "points"


ENTITLEMENTS = frozenset({BenefitKind.FREE_DELIVERY, BenefitKind.CASHBACK, BenefitKind.POINTS})
"""What these give is not taken off any line: it is frozen on the quote as an entitlement of its own."""


class Pacing(StrEnum):
    """How the budget is released: all of it at once, or evenly over the days of the schedule (pacing.py)."""

    NONE = "none"
    EVEN = "even"


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
class StoreHours:
    """The weekly hours of one store, where they are not those of the campaign."""

    place_id: str
    weekly: tuple[WeeklyHours, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Dates are inclusive, in each store's own zone (ISO 8601). No weekly hours: the whole week."""

    starts_on: str | None = None
    ends_on: str | None = None
    weekly: tuple[WeeklyHours, ...] = ()
    store_hours: tuple[StoreHours, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowCap:
    count: int
    window_s: int


class Hint(StrEnum):
    """What tells that two shoppers may be one person (identity.py). An account always does; the others where a campaign says so."""

    ACCOUNT = "account"
    CONTACT = "contact"
    DEVICE = "device"
    PAYMENT = "payment"


_ACCOUNT_ALONE = (Hint.ACCOUNT,)


@dataclass(frozen=True, slots=True)
class Caps:
    """Coupons issued, less those revoked; None is no cap."""

    per_shopper: int | None = 1
    per_shopper_window: WindowCap | None = None
    total: int | None = None
    per_place: int | None = None
    total_window: WindowCap | None = None
    """Of all shoppers together, in a rolling window."""
    counted_by: tuple[Hint, ...] = _ACCOUNT_ALONE
    """Who is one shopper for `per_shopper` and its window."""

    @property
    def joined_by(self) -> tuple[Hint, ...]:
        """The hints beside the account; none where nobody but herself counts."""
        if self.counted_by == _ACCOUNT_ALONE:
            return ()
        bounded = self.per_shopper is not None or self.per_shopper_window is not None
        return tuple(h for h in self.counted_by if h is not Hint.ACCOUNT) if bounded else ()


@dataclass(frozen=True, slots=True)
class Tier:
    """From this much on (items in scope, minor units): a percentage or an amount, the other is 0."""

    from_minor: int
    percent_bp: int = 0
    amount_minor: int = 0


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
    """For fixed_price, free_item and buy_x_get_y: how many items it covers (free_item: 1 unless said otherwise)."""
    max_discount_minor: int | None = None
    buy_items: int = 0
    get_items: int = 0
    """For buy_x_get_y: of each `buy_items + get_items` in scope, dearest first, the last `get_items` are `percent_bp` off."""
    tiers: tuple[Tier, ...] = ()
    payment_methods: tuple[str, ...] = ()
    multiplier_bp: int = 0
    """For points: 20000 is double."""
    min_items: int = 0
    floor_bp: int = 0
    """The share of each line that is always paid."""
    floor_unit_minor: int = 0
    """What is always paid for each item."""

    @property
    def most_minor(self) -> int | None:
        """What one coupon can cost at most, None if that depends on the cart alone."""
        worth_minor: int | None = None
        if self.kind is BenefitKind.AMOUNT or (self.kind is BenefitKind.CASHBACK and self.amount_minor):
            worth_minor = self.amount_minor
        elif self.kind is BenefitKind.TIERED and all(tier.amount_minor for tier in self.tiers):
            worth_minor = max((tier.amount_minor for tier in self.tiers), default=0)
        if worth_minor is None or self.max_discount_minor is None:
            return self.max_discount_minor if worth_minor is None else worth_minor
        return min(worth_minor, self.max_discount_minor)


@dataclass(frozen=True, slots=True)
class Stacking:
    """With which other coupons it may lie on a cart: at most one of a `group` (empty: the campaign is one by itself).

    `after` are groups whose coupons take their share first.
    """

    group: str = ""
    combinable: bool = False
    after: tuple[str, ...] = ()


class Show(StrEnum):
    """What the till asks to see: the changing code of her phone where the coupon is worth it, always, or any form of it."""

    BY_VALUE = "by_value"
    LIVE = "live"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """`valid_for_s` from the moment of issue, but never past the campaign's last day in the store."""

    valid_for_s: int = 86_400
    places: CouponPlaces = CouponPlaces.CAMPAIGN
    in_app: bool = True
    at_till: bool = True
    show: Show = Show.BY_VALUE
    uses: int = 1
    """How often: an offer is a book of so many coupons, and each of them is used once."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One version of the offer in an A/B test; what is None stays as the campaign says. `weight` is its share of all weights."""

    name: str
    weight: int = 1
    title: str | None = None
    because: str | None = None
    percent_bp: int | None = None
    amount_minor: int | None = None
    price_minor: int | None = None
    max_discount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """Who is held out and who sees which version: experiment.py draws, by `salt`, shopper and campaign.

    The defaults are those of versions stored before there were experiments: nobody is held out, there is one version.
    """

    holdout_bp: int = 0
    variants: tuple[Variant, ...] = ()
    salt: str = ""


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
    """What the merchant expects to earn by one such coupon that is used."""
    experiment: Experiment = field(default_factory=Experiment)
    stacking: Stacking = field(default_factory=Stacking)
    pacing: Pacing = Pacing.NONE
    audience: Segment | None = None
    """Whom it is meant for; None: everybody."""
    message: CampaignMessage | None = None
    """What is said of it and by which ways; None: headline and benefit, by all of them."""
    weather: Weather | None = None
    """What must be forecast where the store lies; None: it does not ask."""
    special_days: SpecialDays | None = None
    """Which days of the region's calendar it is for; None: it does not ask."""

    @property
    def face_minor(self) -> int:
        """What one coupon can cost at most, 0 if unbounded (then there is no budget; schemas.py sees to it)."""
        return self.benefit.most_minor or 0

    @property
    def outlay_minor(self) -> int:
        """What one offer can cost at most: all coupons of its book."""
        return self.face_minor * self.coupon.uses


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, no NaN. Accepts dataclasses, enums and plain JSON values."""
    return json.dumps(
        msgspec.to_builtins(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


_SEEN = msgspec.json.Decoder(Definition)
"""Makes msgspec look at these classes now, at import: it remembers what it finds at their first use, half of it before it is
done, and two threads that use them for the first time at once would end the process."""


def definition_from(document: dict[str, Any]) -> Definition:
    """A stored or validated document as a value; raises `msgspec.ValidationError` when it is not one of ours."""
    return msgspec.convert(document, Definition)


def document_of(definition: Definition) -> dict[str, Any]:
    return msgspec.to_builtins(definition)
