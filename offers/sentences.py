"""What each reason of the room `offers` says to each reader.

Pure. Owns the words of the codes in reasons.py. Must not know numbers: explanation.py puts them in.
"""

from __future__ import annotations

from dataclasses import dataclass

from offers.reasons import Audience, ReasonCode


@dataclass(frozen=True, slots=True)
class Sentence:
    """Templates over the facts; `{dwell_text}` and the like are made by explanation.py from `dwell_s` and friends."""

    shopper: str
    marketer: str
    clerk: str = ""

    def to(self, audience: Audience) -> str:
        if audience is Audience.SHOPPER:
            return self.shopper
        return (self.clerk or self.marketer) if audience is Audience.CLERK else self.marketer


_R = ReasonCode
SENTENCES: dict[str, Sentence] = {
    _R.CAMPAIGN_LIVE: Sentence("The offer is running.", "The campaign is live."),
    _R.CAMPAIGN_NOT_LIVE: Sentence("The offer is not running at the moment.", "The campaign is {state}, not live."),
    _R.CONSENT_GIVEN: Sentence("You allow us to choose offers for you.", "The shopper allows personalised offers."),
    _R.NO_CONSENT_PERSONALISATION: Sentence(
        "You have not switched on “Offers that fit”, so no offer was chosen for you.",
        "The shopper has not allowed personalised offers, so nothing else was looked at.",
    ),
    _R.SENSITIVE_PLACE: Sentence(
        "This store is near a place that is nobody’s business, such as a doctor’s. We offer nothing there and keep no visits.",
        "The place is too near a sensitive one: {sensitive}.",
    ),
    _R.MOMENT_FRESH: Sentence(
        "You were there just then.", "The moment was reported in time ({age_text} old, limit {limit_text})."
    ),
    _R.MOMENT_TOO_OLD: Sentence(
        "Your phone told us about this visit too late for an offer to be of use.",
        "The moment reached us {age_text} late; this campaign allows {limit_text}.",
    ),
    _R.PLACE_MATCHES: Sentence("The offer is for this store.", "The place is one of the campaign's places."),
    _R.WRONG_PLACE: Sentence("The offer is for other stores.", "The place is not one of the campaign's places."),
    _R.MOMENT_KIND_MATCHES: Sentence(
        "It is meant for a moment like this one.", "The campaign listens for {kind_text}."
    ),
    _R.WRONG_MOMENT_KIND: Sentence(
        "It is meant for another kind of visit.", "The campaign does not listen for {kind_text}."
    ),
    _R.DWELL_LONG_ENOUGH: Sentence(
        "You had been in the store for {dwell_text}.", "The visit had lasted {dwell_text}; {needed_text} are needed."
    ),
    _R.DWELL_TOO_SHORT: Sentence(
        "The offer comes after {needed_text} in the store; you had been there for {dwell_text}.",
        "The visit had lasted {dwell_text}; {needed_text} are needed.",
    ),
    _R.VISIT_NUMBER_MATCHES: Sentence(
        "It was your {nth_visit_text} visit.", "It was the shopper's {nth_visit_text} visit; {wanted} is asked for."
    ),
    _R.WRONG_VISIT_NUMBER: Sentence(
        "The offer is for {wanted}; this was your {nth_visit_text}.",
        "It was the shopper's {nth_visit_text} visit; {wanted} is asked for.",
    ),
    _R.CAMPAIGN_STARTED: Sentence("The offer has begun.", "The campaign began on {starts_on} (store time)."),
    _R.CAMPAIGN_NOT_STARTED: Sentence(
        "The offer begins on {starts_on}.", "The campaign begins on {starts_on}; in the store it was {local_date}."
    ),
    _R.CAMPAIGN_NOT_OVER: Sentence(
        "The offer runs until {ends_on}.", "The campaign runs until {ends_on} (store time)."
    ),
    _R.CAMPAIGN_OVER: Sentence(
        "The offer ended on {ends_on}.", "The campaign ended on {ends_on}; in the store it was {local_date}."
    ),
    _R.WITHIN_HOURS: Sentence(
        "It runs at this time of day.", "{local_weekday} {local_time} store time is within the weekly hours."
    ),
    _R.OUTSIDE_HOURS: Sentence(
        "The offer does not run on a {local_weekday} at {local_time}.",
        "{local_weekday} {local_time} store time is outside the weekly hours.",
    ),
    _R.PLACE_ZONE_UNKNOWN: Sentence(
        "We could not tell the time of day in the store.",
        "The place's time zone {timezone} is not known; correct it in the places file.",
    ),
    _R.WEATHER_FITS: Sentence(
        "The forecast for {forecast_day} is right for it: up to {high_c} °C, {rain_mm} mm of rain.",
        "Asked for is {wanted}; for {forecast_day} {source} told {high_c} °C and {rain_mm} mm of rain.",
        "The weather forecast is right for it.",
    ),
    _R.WEATHER_DOES_NOT_FIT: Sentence(
        "The offer waits for {wanted}. The closest we knew of was {forecast_day}: up to {high_c} °C, {rain_mm} mm of rain.",
        "Asked for is {wanted}; the closest was {forecast_day}, of which {source} told {high_c} °C and {rain_mm} mm of rain.",
    ),
    _R.WEATHER_DAYS_FAR: Sentence(
        "The offer waits for {wanted}, and that was not near yet.", "Asked for is {wanted}; no such day was that near."
    ),
    _R.WEATHER_UNKNOWN: Sentence(
        "The offer goes by the weather, and we had no forecast for this store.",
        "Asked for is {wanted}; no forecast was known for the place then (area: {area}). See: moments weather show.",
    ),
    _R.SPECIAL_DAY: Sentence(
        "The offer is for such a day: {special_day}, {special_text}.", "Asked for is {wanted}; {special_day} is one: {special_text}."
    ),
    _R.NO_SPECIAL_DAY: Sentence("The offer is for {wanted}.", "Asked for is {wanted}; there was no such day."),
    _R.CALENDAR_UNKNOWN: Sentence(
        "The offer goes by the holidays, and we had no calendar for this store.",
        "Asked for is {wanted}; the calendar of the place's region (region: {region}) does not reach these days. See: moments weather show.",
    ),
    _R.IN_AUDIENCE: Sentence(
        "You are among those it is meant for.", "The shopper belongs to the campaign's audience."
    ),
    _R.NOT_IN_AUDIENCE: Sentence(
        "The offer is meant for other shoppers than you, for now.",
        "The shopper does not belong to the campaign's audience.",
        "The offer is meant for a group this shopper is not in now. What the group is, the shopper can read in the app.",
    ),
    _R.AUDIENCE_PART_MISSED: Sentence(
        "It asks for {asked_text}; what we know of is: {known_text}.",
        "Asked for is {asked_text}; known is: {known_text}.",
        "It goes by earlier visits and purchases, which are the shopper's own business.",
    ),
    _R.TRUST_SUFFICIENT: Sentence(
        "We could tell that you were really there.", "The position is {trust}; at least {needed} is asked for."
    ),
    _R.TRUST_TOO_LOW: Sentence(
        "We could not tell well enough that you were really there.",
        "The position is {trust}; at least {needed} is asked for.",
    ),
    _R.UNDER_SHOPPER_CAP: Sentence("You have not had this offer too often.", "The shopper has had {issued} of {cap}."),
    _R.SHOPPER_CAP_REACHED: Sentence(
        "You have already had this offer as often as it is given to one person ({cap_times_text}).",
        "The shopper has had {issued} of {cap}.",
    ),
    _R.UNDER_SHOPPER_WINDOW_CAP: Sentence(
        "You have not had this offer too often lately.", "The shopper has had {issued} of {cap} within {window_text}."
    ),
    _R.SHOPPER_WINDOW_CAP_REACHED: Sentence(
        "You had this offer recently; it is given {cap_times_text} within {window_text}.",
        "The shopper has had {issued} of {cap} within {window_text}.",
    ),
    _R.UNDER_PERSON_CAP: Sentence(
        "It has not been given too often on your phone, card or address.",
        "All shoppers who may be the same person (by {counted_by}) have had {issued} of {cap}.",
        "It has not been given too often to this shopper.",
    ),
    _R.PERSON_CAP_REACHED: Sentence(
        "This offer is given {cap_times_text} to one person, and it has been given on your phone, card or address already.",
        "All shoppers who may be the same person (by {counted_by}) have had {issued} of {cap}.",
        "The offer is given {cap_times_text} to one person, whichever account is used. The shopper can read more in the app.",
    ),
    _R.UNDER_PERSON_WINDOW_CAP: Sentence(
        "It has not been given too often lately on your phone, card or address.",
        "All shoppers who may be the same person (by {counted_by}) have had {issued} of {cap} within {window_text}.",
        "It has not been given too often lately to this shopper.",
    ),
    _R.PERSON_WINDOW_CAP_REACHED: Sentence(
        "This offer is given {cap_times_text} within {window_text} to one person, and it was given on your phone, card or address "
        "recently.",
        "All shoppers who may be the same person (by {counted_by}) have had {issued} of {cap} within {window_text}.",
        "The offer is given {cap_times_text} within {window_text} to one person, whichever account is used.",
    ),
    _R.UNDER_PLACE_CAP: Sentence("There were some left in this store.", "{issued} of {cap} coupons were given here."),
    _R.PLACE_CAP_REACHED: Sentence(
        "The ones for this store have all been given away.", "All {cap} coupons for this place are given."
    ),
    _R.UNDER_TOTAL_CAP: Sentence("There were some left.", "{issued} of {cap} coupons were out."),
    _R.TOTAL_CAP_REACHED: Sentence("They have all been given away.", "All {cap} coupons are out."),
    _R.UNDER_TOTAL_WINDOW_CAP: Sentence(
        "There were some left.", "{issued} of {cap} coupons were given within {window_text}."
    ),
    _R.TOTAL_WINDOW_CAP_REACHED: Sentence(
        "There are none left just now; there will be more later.",
        "{issued} of {cap} coupons were given within {window_text}; the next one becomes free as they grow older than that.",
    ),
    _R.BUDGET_LEFT: Sentence(
        "There were some left.",
        "{committed_text} of the budget of {budget_text} was spoken for; this coupon needs {needed_text}.",
    ),
    _R.BUDGET_EXHAUSTED: Sentence(
        "They have all been given away.",
        "{committed_text} of the budget of {budget_text} is spoken for; another {needed_text} does not fit.",
    ),
    _R.BUDGET_ON_PACE: Sentence(
        "There are some left today.", "{committed_text} is held or spent; {released_text} is released by today."
    ),
    _R.BUDGET_AHEAD: Sentence(
        "Today's share of these coupons has been given away; there are more tomorrow.",
        "{committed_text} is held or spent, and only {released_text} is released by today, so that the budget lasts to the end.",
    ),
    _R.OPEN_TO_OFFERS: Sentence(
        "You have not asked us for fewer of these.", "The shopper has not asked for fewer of these."
    ),
    _R.SHOPPER_ASKED_FOR_FEWER: Sentence(
        "You asked for fewer offers like this one, so we kept it to ourselves.",
        "The shopper asked for fewer offers of this campaign.",
    ),
    _R.NOT_HELD_OUT: Sentence(
        "You are not in the small group that we leave this offer out for.",
        "The shopper is not among the {share_text} who are held out.",
    ),
    _R.HELD_OUT: Sentence(
        "A small group, drawn by lot, is not made this offer, so that we can see what it is good for. You are in it.",
        "The shopper is among the {share_text}, drawn by lot, who are not made this offer, for comparison.",
        "This shopper was not given this offer. It goes to most people, not to all; that is by lot and cannot be changed here.",
    ),
    _R.VERSION_DRAWN: Sentence(
        "There are {versions} versions of this offer; which one you see was drawn by lot.",
        "Of {versions} versions the shopper was drawn “{version}”.",
    ),
    _R.EXPECTED_WORTH: Sentence(
        "Several offers were possible. We looked at which ones are used, by you and by others.",
        "Worth {value_text} when used; fit for this shopper {affinity_text}; rate of use drawn {use_text}; before the draw its chance "
        "to be chosen was {propensity_text}.",
    ),
    _R.BEST_OFFER: Sentence("It was the best of what we could offer you there.", "It ranked first of {candidates}."),
    _R.OUTRANKED: Sentence(
        "Another offer suited the moment better, and we give one at a time.",
        "Campaign {by} ranked higher; one offer is given per moment.",
    ),
    _R.CODE_UNKNOWN: Sentence(
        "We do not know this code. Please check it against the one in your wallet.",
        "No coupon has this code.",
        "No coupon has this code. Ask the shopper to open the coupon in the wallet and scan it again.",
    ),
    _R.CODE_MISTYPED: Sentence(
        "A character of this code is mistyped. Please check it against the one in your wallet.",
        "The check character does not fit.",
        "A character is mistyped. Please read the code once more; a code has 16 letters and digits.",
    ),
    _R.COUPON_NOT_YET_VALID: Sentence(
        "This coupon can be used from {valid_from} on.", "The coupon is valid from {valid_from}."
    ),
    _R.COUPON_EXPIRED: Sentence("This coupon expired on {expired_at}.", "The coupon expired on {expired_at}."),
    _R.COUPON_ALREADY_REDEEMED: Sentence(
        "This coupon has already been used.",
        "The coupon was redeemed on {redeemed_at}.",
        "This coupon has already been used: {redeemed_at}.",
    ),
    _R.COUPON_RESERVED: Sentence(
        "This coupon is held by another order of yours. Finish or cancel that order first.",
        "The coupon is reserved by an order.",
        "This coupon is part of an unfinished online order. The shopper can cancel that order to use it here.",
    ),
    _R.DEVICE_STANDING: Sentence(
        "We were warned that somebody else may be using your phone, so your coupons wait. Show once that it is you, under Me.",
        "The holder's phone or sign-in is in doubt; her coupons are frozen until that is cleared.",
        "This coupon waits: its holder is asked to confirm on her phone that it is she. Please do not take it now.",
    ),
    _R.COUPON_REVOKED: Sentence("This coupon was withdrawn.", "The coupon was revoked."),
    _R.WRONG_HOLDER: Sentence("This coupon was given to somebody else.", "The coupon belongs to another shopper."),
    _R.PLACE_NOT_COVERED: Sentence(
        "This coupon is not for this store. The stores are listed on the coupon.",
        "The coupon does not cover this place.",
        "This coupon is for another store; the shopper's coupon lists which.",
    ),
    _R.CHANNEL_NOT_COVERED: Sentence(
        "This coupon can be used {allowed_text} only.", "The coupon can be used {allowed_text} only."
    ),
    _R.ORDER_HAS_ANOTHER_COUPON: Sentence("This order already has a coupon.", "The order holds another coupon."),
    _R.WRONG_CURRENCY: Sentence(
        "This coupon is in {wanted}, your cart in {given}.", "The coupon is in {wanted}, the cart in {given}."
    ),
    _R.PERSON_LIMIT_USED: Sentence(
        "This offer is for one person {cap_times_text}, and it has been used with your phone, card or address already.",
        "Shoppers who may be the same person (by {counted_by}) have used it {used} times; the campaign allows {cap}.",
        "This offer is for one person {cap_times_text}, and it has been used already with another account.",
    ),
    _R.BASKET_EMPTY: Sentence("Your cart is empty.", "The cart has no lines."),
    _R.BELOW_MINIMUM_BASKET: Sentence(
        "Your cart comes to {basket_text}; this coupon needs at least {minimum_text}.",
        "The cart comes to {basket_text}; at least {minimum_text} is asked for.",
    ),
    _R.BELOW_MINIMUM_ITEMS: Sentence(
        "The coupon counts from {minimum_items} items it applies to; your cart has {items}.",
        "The cart has {items} items the coupon applies to; it counts from {minimum_items} on.",
    ),
    _R.NO_MATCHING_ITEM: Sentence(
        "Nothing in your cart is part of this offer.", "No line of the cart is in the benefit's scope."
    ),
    _R.NOTHING_TO_DISCOUNT: Sentence(
        "What is in your cart already costs no more than this offer would make it.",
        "The discount comes to zero on this cart.",
    ),
    _R.DELIVERY_FREE_ALREADY: Sentence(
        "The way you chose to get your order costs nothing already.", "The delivery that was chosen has no price."
    ),
    _R.COUPONS_DO_NOT_COMBINE: Sentence(
        "“{one}” and “{other}” cannot be used together: {why}.", "“{one}” and “{other}” do not combine: {why}."
    ),
    _R.ADDS_NOTHING: Sentence(
        "Your other coupons leave nothing for this one to take off, so it stays yours.",
        "The other coupons of the cart leave this one no room.",
    ),
    _R.MOMENT_RETRACTED: Sentence(
        "The visit it was given for turned out not to have happened.", "The moment was retracted by late positions."
    ),
    _R.SHOPPER_ERASED: Sentence("You asked us to delete your data.", "The shopper's data were erased."),
    _R.RESERVATION_LAPSED: Sentence("The order was not finished in time.", "The reservation ran out."),
    _R.USED_ELSEWHERE: Sentence(
        "Your payment came late; your order kept its price.",
        "The payment came after the coupon had gone elsewhere; the order kept its price, and the discount was booked.",
    ),
    _R.BUDGET_OVERRUN: Sentence(
        "Your payment came late; your order kept its price.",
        "The payment came after the reservation had run out, and the budget no longer had the discount; it was booked on top.",
    ),
    _R.UNDONE_AT_TILL: Sentence(
        "The till took the redemption back.", "The clerk undid the redemption within the minute."
    ),
    _R.PIECES_RETURNED: Sentence(
        "Some pieces of the order were returned.",
        "Pieces were returned: their share of the discount went back into the budget.",
    ),
    _R.CASHBACK_NOT_EARNED: Sentence(
        "The order was not paid with a method that earns the cashback.",
        "The order did not earn the cashback, so what it would have cost went back into the budget.",
    ),
    _R.CASHBACK_TAKEN_BACK: Sentence(
        "What was paid back for returned pieces was less by their share of the cashback.",
        "Pieces were returned: their share of the cashback went back into the budget.",
    ),
}
