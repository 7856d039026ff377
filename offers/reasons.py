"""Every reason the room `offers` gives, as a code.

Owns the codes (docs/reasons/offers.md lists the same ones; a test compares); sentences.py says them to each reader: one code
serves the shopper, the marketer and the clerk. Must not decide anything: rules in conditions, caveats and pricing do.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

Facts = dict[str, "str | int | float | bool | None"]


class Audience(StrEnum):
    SHOPPER = "shopper"
    MARKETER = "marketer"
    CLERK = "clerk"
    AUDITOR = "auditor"


class ReasonCode(StrEnum):
    """Pairs first: the code of a condition that held, then of the same condition when it did not."""

    CAMPAIGN_LIVE = "campaign_live"
    CAMPAIGN_NOT_LIVE = "campaign_not_live"
    CONSENT_GIVEN = "consent_given"
    NO_CONSENT_PERSONALISATION = "no_consent_personalisation"
    SENSITIVE_PLACE = "sensitive_place"
    """Weighed only where the place is refused; also why a fence or a campaign is (geofences/reasons.py)."""
    MOMENT_FRESH = "moment_fresh"
    MOMENT_TOO_OLD = "moment_too_old"
    PLACE_MATCHES = "place_matches"
    WRONG_PLACE = "wrong_place"
    MOMENT_KIND_MATCHES = "moment_kind_matches"
    WRONG_MOMENT_KIND = "wrong_moment_kind"
    DWELL_LONG_ENOUGH = "dwell_long_enough"
    DWELL_TOO_SHORT = "dwell_too_short"
    VISIT_NUMBER_MATCHES = "visit_number_matches"
    WRONG_VISIT_NUMBER = "wrong_visit_number"
    CAMPAIGN_STARTED = "campaign_started"
    CAMPAIGN_NOT_STARTED = "campaign_not_started"
    CAMPAIGN_NOT_OVER = "campaign_not_over"
    CAMPAIGN_OVER = "campaign_over"
    WITHIN_HOURS = "within_hours"
    OUTSIDE_HOURS = "outside_hours"
    PLACE_ZONE_UNKNOWN = "place_zone_unknown"
    WEATHER_FITS = "weather_fits"
    WEATHER_DOES_NOT_FIT = "weather_does_not_fit"
    WEATHER_DAYS_FAR = "weather_days_far"
    WEATHER_UNKNOWN = "weather_unknown"
    SPECIAL_DAY = "special_day"
    NO_SPECIAL_DAY = "no_special_day"
    CALENDAR_UNKNOWN = "calendar_unknown"
    IN_AUDIENCE = "in_audience"
    NOT_IN_AUDIENCE = "not_in_audience"
    AUDIENCE_PART_MISSED = "audience_part_missed"
    TRUST_SUFFICIENT = "trust_sufficient"
    TRUST_TOO_LOW = "trust_too_low"
    UNDER_SHOPPER_CAP = "under_shopper_cap"
    SHOPPER_CAP_REACHED = "shopper_cap_reached"
    UNDER_SHOPPER_WINDOW_CAP = "under_shopper_window_cap"
    SHOPPER_WINDOW_CAP_REACHED = "shopper_window_cap_reached"
    UNDER_PERSON_CAP = "under_person_cap"
    PERSON_CAP_REACHED = "person_cap_reached"
    UNDER_PERSON_WINDOW_CAP = "under_person_window_cap"
    PERSON_WINDOW_CAP_REACHED = "person_window_cap_reached"
    UNDER_PLACE_CAP = "under_place_cap"
    PLACE_CAP_REACHED = "place_cap_reached"
    UNDER_TOTAL_CAP = "under_total_cap"
    TOTAL_CAP_REACHED = "total_cap_reached"
    UNDER_TOTAL_WINDOW_CAP = "under_total_window_cap"
    TOTAL_WINDOW_CAP_REACHED = "total_window_cap_reached"
    BUDGET_LEFT = "budget_left"
    BUDGET_EXHAUSTED = "budget_exhausted"
    BUDGET_ON_PACE = "budget_on_pace"
    BUDGET_AHEAD = "budget_ahead"
    OPEN_TO_OFFERS = "open_to_offers"
    SHOPPER_ASKED_FOR_FEWER = "shopper_asked_for_fewer"
    NOT_HELD_OUT = "not_held_out"
    HELD_OUT = "held_out"
    VERSION_DRAWN = "version_drawn"
    EXPECTED_WORTH = "expected_worth"
    BEST_OFFER = "best_offer"
    OUTRANKED = "outranked"
    # A coupon that does not apply here and now.
    CODE_UNKNOWN = "code_unknown"
    CODE_MISTYPED = "code_mistyped"
    COUPON_NOT_YET_VALID = "coupon_not_yet_valid"
    COUPON_EXPIRED = "coupon_expired"
    COUPON_ALREADY_REDEEMED = "coupon_already_redeemed"
    COUPON_RESERVED = "coupon_reserved"
    COUPON_REVOKED = "coupon_revoked"
    DEVICE_STANDING = "device_standing"
    WRONG_HOLDER = "wrong_holder"
    PLACE_NOT_COVERED = "place_not_covered"
    CHANNEL_NOT_COVERED = "channel_not_covered"
    ORDER_HAS_ANOTHER_COUPON = "order_has_another_coupon"
    WRONG_CURRENCY = "wrong_currency"
    PERSON_LIMIT_USED = "person_limit_used"
    BASKET_EMPTY = "basket_empty"
    BELOW_MINIMUM_BASKET = "below_minimum_basket"
    BELOW_MINIMUM_ITEMS = "below_minimum_items"
    NO_MATCHING_ITEM = "no_matching_item"
    NOTHING_TO_DISCOUNT = "nothing_to_discount"
    DELIVERY_FREE_ALREADY = "delivery_free_already"
    COUPONS_DO_NOT_COMBINE = "coupons_do_not_combine"
    ADDS_NOTHING = "adds_nothing"
    # Why a coupon was taken or given back (kept in the ledger).
    MOMENT_RETRACTED = "moment_retracted"
    SHOPPER_ERASED = "shopper_erased"
    RESERVATION_LAPSED = "reservation_lapsed"
    USED_ELSEWHERE = "used_elsewhere"
    BUDGET_OVERRUN = "budget_overrun"
    UNDONE_AT_TILL = "undone_at_till"
    PIECES_RETURNED = "pieces_returned"
    CASHBACK_NOT_EARNED = "cashback_not_earned"
    CASHBACK_TAKEN_BACK = "cashback_taken_back"


class Weighed(Struct, frozen=True, gc=False):
    """One condition after weighing: its code, whether it held, and the numbers behind it (no text: texts may be reworded)."""

    code: str
    passed: bool
    facts: Facts
