"""What may leave the room `offers`: decisions, coupons, quotes, and the events that announce them.

Owns shapes only. Amounts are integer minor units.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from offers import campaign_contracts, decision_contracts, message, quote_contracts

CampaignHistory = campaign_contracts.CampaignHistory
CampaignPlan = campaign_contracts.CampaignPlan
CampaignPreview = campaign_contracts.CampaignPreview
CampaignChange = campaign_contracts.CampaignChange
DecisionRecorded = decision_contracts.DecisionRecorded
MomentDecided = decision_contracts.MomentDecided
QuoteLine = quote_contracts.QuoteLine
LineDiscount = quote_contracts.LineDiscount
Entitlement = quote_contracts.Entitlement
Quote = quote_contracts.Quote
Bundle = quote_contracts.Bundle
Way = message.Way
CampaignMessage = message.CampaignMessage
CouponMessage = message.CouponMessage
MessageExample = message.MessageExample
MESSAGE_VARIABLES = message.VARIABLES


class CouponState(StrEnum):
    ISSUED = "issued"
    RESERVED = "reserved"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in a documented code and in plain words. `passed` tells a condition that held from one that did not."""

    code: str
    passed: bool
    text: str
    facts: dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """`outcome` is `offer` or `withheld`; `reasons` are all of them, in the order they were weighed."""

    id: str
    moment_id: str
    campaign_id: str
    campaign_version: int
    campaign_name: str
    shopper_id: str
    place_id: str
    outcome: str
    reasons: tuple[Reason, ...]
    coupon_id: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class CouponView:
    """What the holder, the till and the shop may see. `code` is shown only to the holder and the till."""

    id: str
    code: str
    state: CouponState
    campaign_id: str
    decision_id: str
    moment_id: str
    shopper_id: str
    place_ids: tuple[str, ...]
    title: str
    benefit_text: str
    terms_text: str
    issued_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None
    redeemed_place_id: str | None
    order_id: str | None
    number: int = 1
    """Its place in the book of the offer; those of one book have the same `decision_id`."""


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One line of an order that was paid, as it was charged."""

    line_no: int
    product_id: str
    category: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The coupon does not apply here and now, with every reason."""

    coupon_id: str | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """Coupons laid on one cart: what each gives beside the others, in the order they take their share, and those that do not
    count, each with every reason (one that may not lie there with another names both)."""

    shares: tuple[Quote, ...]
    refused: tuple[Refused, ...]


COUPON_SIGNING = "offers_coupon"
"""The purpose of the keys that coupons are signed with (app/security/signing.py)."""


@dataclass(frozen=True, slots=True)
class LiveCoupon:
    """What the holder's phone shows and keeps. `text` is for the QR code, `typed` for a clerk, `bars` for Code 128, all until `changes_at`.

    With `stem` (what a live code is put behind) and `secret` (base 64) the phone makes the next ones itself, every `step_s`,
    without a network, until `good_until`. For the holder alone. `signed` is the stem without its dot; empty for a coupon of
    more stores than a signed one can name, whose stem is its code and which a till takes with a network only.
    """

    coupon_id: str
    text: str
    typed: str
    bars: str
    signed: str
    stem: str
    secret: str
    step_s: int
    shown_at: datetime
    changes_at: datetime
    good_until: datetime
    only: bool
    """The till takes it in no other form."""


@dataclass(frozen=True, slots=True)
class TillRedemption:
    """What the clerk sees after scanning: redeemed now, with the undo deadline."""

    redemption_id: str
    coupon_id: str
    title: str
    benefit_text: str
    place_id: str
    redeemed_at: datetime
    undo_until: datetime


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why, for one reader: the answer in one sentence, then every reason. `decision.reasons` carries codes and facts."""

    audience: str
    headline: str
    sentences: tuple[str, ...]
    decision: DecisionView


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    """What a campaign has given so far. `issued` includes the revoked ones; money in minor units of `currency`."""

    issued: int
    redeemed: int
    revoked: int
    budget_reserved_minor: int
    budget_spent_minor: int
    budget_minor: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign with the definition in force (a JSON document, as `POST /v1/campaigns` takes it)."""

    id: str
    name: str
    state: str
    version: int
    title: str
    benefit_text: str
    definition: dict[str, Any]
    figures: CampaignFigures
    created_at: datetime
    changed_at: datetime
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    approved_version: int | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A count of moments and the shoppers behind it; both None where so few stand behind it, or outside it, that it would
    tell of each of them."""

    moments: int | None
    shoppers: int | None


@dataclass(frozen=True, slots=True)
class SimulatedReason:
    code: str
    text: str
    count: Cell


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a campaign would have done between two instants, had it been live. Money in minor units of `currency`.

    `reasons` stood against an offer, those with the most shoppers first; one moment may count in several. `rare_reasons` says
    that there were others, too few shoppers each. `cost_most_minor`: all coupons used, None if unbounded or hidden;
    `cost_likely_minor`: as many used as of those the campaign has given so far.
    """

    campaign_id: str
    campaign_version: int
    campaign_name: str
    since: datetime
    until: datetime
    weighed: Cell
    offered: Cell
    reasons: tuple[SimulatedReason, ...]
    rare_reasons: bool
    cost_most_minor: int | None
    cost_likely_minor: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class AudienceCount:
    """Shoppers, rounded down to `step`; None where there are fewer.

    `counted`: all who have agreed to be counted. Of these `members` belong to the audience; of the members `open_to_offers` allow
    personal offers; of those `reachable` take messages on a live device, and `capped` have had as many coupons as one may.
    """

    counted: int | None
    members: int | None
    open_to_offers: int | None
    reachable: int | None
    capped: int | None
    step: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One group of a campaign: `people` in it; how many of them were `offered` something, coupons `issued` and `redeemed`, and the
    money of those; what they `bought` in the days after, what they spent, and how many came back. None: too few stand behind it."""

    arm: str
    people: int | None
    offered: int | None = None
    issued: int | None = None
    redeemed: int | None = None
    discount_minor: int | None = None
    bought: int | None = None
    spent_minor: int | None = None
    came_back: int | None = None


@dataclass(frozen=True, slots=True)
class Lift:
    """The share of a group that did something (`outcome`: bought, came_back) less that of those held out, with the ends of its
    interval; all None where it cannot be told. `text` says it in words."""

    arm: str
    outcome: str
    share: float | None
    held_out_share: float | None
    difference: float | None
    low: float | None
    high: float | None
    text: str


@dataclass(frozen=True, slots=True)
class FiguresByArm:
    """`waiting`: people whose `days` are not over yet. `method` is how the intervals are reckoned. Money in `currency`."""

    campaign_id: str
    days: int
    arms: tuple[ArmFigures, ...]
    lifts: tuple[Lift, ...]
    waiting: int | None
    currency: str
    method: str
    text: str


@dataclass(frozen=True, slots=True)
class Books:
    """The ledger identity of one campaign: `issued` is the sum of the five states, by three independent counts.
    `drift` names every difference between coupon rows, ledger and counter; it is empty when the books are right. `overrun_minor` is
    what late payments have spent after the budget was gone: money reserved and spent, less this, never exceeds the budget.
    """

    campaign_id: str
    issued: int
    live: int
    reserved: int
    redeemed: int
    expired: int
    revoked: int
    drift: tuple[str, ...]
    overrun_minor: int = 0


@dataclass(frozen=True, slots=True)
class CouponIssued:
    """Event `coupon.issued`: notifications may now tell the shopper."""

    TYPE: ClassVar[str] = "coupon.issued"

    coupon_id: str
    decision_id: str
    campaign_id: str
    moment_id: str
    visit_id: str
    shopper_id: str
    place_id: str
    place_name: str
    title: str
    body: str
    issued_at: datetime
    expires_at: datetime
    value_minor: int = 0
    """What the merchant expects to earn by it if it is used: of two messages, which is the better one to send."""
    campaign_ends_at: datetime | None = None
    has_message: bool = False
    """The campaign has texts or ways of its own for its messages."""


@dataclass(frozen=True, slots=True)
class CouponRedeemed:
    """Event `coupon.redeemed`: used, in an order or at a till (`channel` is `order` or `till`)."""

    TYPE: ClassVar[str] = "coupon.redeemed"

    coupon_id: str
    campaign_id: str
    shopper_id: str
    place_id: str | None
    channel: str
    order_id: str | None
    discount_minor: int
    currency: str
    redeemed_at: datetime


@dataclass(frozen=True, slots=True)
class CouponMoved:
    """Event `coupon.moved`: it is in another state; which one is asked of the facade. Told while a wallet holds a pass."""

    TYPE: ClassVar[str] = "coupon.moved"

    coupon_id: str
    shopper_id: str
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class CouponReleased:
    """Event `coupon.released`: a reservation was given back, or a till redemption undone."""

    TYPE: ClassVar[str] = "coupon.released"

    coupon_id: str
    campaign_id: str
    shopper_id: str
    why: str
    released_at: datetime
