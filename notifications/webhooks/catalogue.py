"""Which events an integrator can ask for, and under which consent each is told. Pure.

Owns the list. An event is told with the fields docs/events.md shows and no others; one that rests on a consent is told only while that
consent is in force. Orders and uses of coupons are the contract itself, and so is that she waits for a person, or how a case of hers stands (never a word of what was said); that a consent has changed or somebody was erased must be heard.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.privacy.contracts import ConsentChanged, SubjectErased
from app.privacy.purposes import Purpose
from geofences.contracts import MomentDetected, MomentRetracted
from notifications.contracts import MessageAnswered, PushSent, PushSuppressed
from notifications.conversations.contracts import ConversationReferred, ConversationReturned
from notifications.metering.contracts import UsageReported
from notifications.support.contracts import CaseMoved, CaseOpened, CaseRated, PromiseMissed
from notifications.surveys.contracts import SurveyAnswered
from offers.contracts import CouponIssued, CouponRedeemed, CouponReleased, DecisionRecorded
from storefront.contracts import (
    CashCounted,
    DisputeMoved,
    LoyaltyGiftGiven,
    LoyaltyGiftWithdrawn,
    LoyaltyTierMoved,
    OrderClosed,
    OrderConfirmed,
    OrderPaid,
    OrderPicked,
    OrderPlaced,
    ReferralRewarded,
    ReviewJudged,
    ShipmentMoved,
    WishMatched,
    bookings,
    memberships,
    revenue,
)

TOLD: dict[type[Any], Purpose | None] = {
    MomentDetected: Purpose.LOCATION,
    MomentRetracted: Purpose.LOCATION,
    DecisionRecorded: Purpose.PERSONALISATION,
    CouponIssued: Purpose.PERSONALISATION,
    CouponRedeemed: None,
    CouponReleased: None,
    OrderPlaced: None,
    OrderConfirmed: None,
    CashCounted: None,
    OrderPaid: None,
    OrderPicked: None,
    ShipmentMoved: None,
    bookings.BookingConfirmed: None,
    bookings.BookingNeared: None,
    bookings.BookingEnded: None,
    ReviewJudged: None,
    ReferralRewarded: None,
    WishMatched: Purpose.PERSONALISATION,
    OrderClosed: None,
    DisputeMoved: None,
    LoyaltyGiftGiven: None,
    LoyaltyGiftWithdrawn: None,
    LoyaltyTierMoved: None,
    memberships.MembershipStarted: None,
    memberships.MembershipRenewed: None,
    memberships.MembershipPaymentFailed: None,
    memberships.MembershipPaused: None,
    memberships.MembershipResumed: None,
    memberships.MembershipEnded: None,
    revenue.StatementClosed: None,
    UsageReported: None,
    PushSent: Purpose.ANALYTICS,
    PushSuppressed: Purpose.ANALYTICS,
    MessageAnswered: Purpose.ANALYTICS,
    ConversationReferred: None,
    ConversationReturned: None,
    SurveyAnswered: Purpose.PERSONALISATION,
    CaseOpened: None,
    CaseMoved: None,
    PromiseMissed: None,
    CaseRated: None,
    ConsentChanged: None,
    SubjectErased: None,
}
TYPES: tuple[str, ...] = tuple(sorted(event.TYPE for event in TOLD))
PURPOSES: dict[str, Purpose] = {event.TYPE: purpose for event, purpose in TOLD.items() if purpose is not None}
ERASED = SubjectErased.TYPE
NAMING = frozenset(event.TYPE for event in TOLD if "shopper_id" in event.__dataclass_fields__)
"""Those that say which shopper they are about."""
TEST = "webhook.test"
"""What `moments webhooks test` sends; nobody asks for it, everybody may get it."""


def told_of_people(types: Collection[str]) -> bool:
    """Whether an endpoint that asks for these types (none: for all) is ever told which shopper something is about."""
    return not types or not NAMING.isdisjoint(types)
