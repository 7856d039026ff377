"""The storefront's reason codes, each with the sentence a shopper reads. Listed in docs/reasons/storefront.md.

Owns the words alone; which rule fails with which code stands beside the rule.
"""

from __future__ import annotations

from enum import StrEnum


class StorefrontReason(StrEnum):
    """Why a quote differs, a delivery cannot be had like this, a payment did not go through, an order was closed, or a review waits or was rejected."""

    PRICE_CHANGED = "price_changed"
    NOT_ENOUGH_STOCK = "not_enough_stock"
    PRODUCT_GONE = "product_gone"
    CARD_DECLINED = "card_declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    CARD_EXPIRED = "card_expired"
    AUTHENTICATION_FAILED = "authentication_failed"
    PROCESSING_ERROR = "processing_error"
    PAYMENT_METHOD_REFUSED = "payment_method_refused"
    HOLD_EXPIRED = "hold_expired"
    SHOPPER_CANCELLED = "shopper_cancelled"
    PROVIDER_CANCELLED = "provider_cancelled"
    GATEWAY_REFUSED = "gateway_refused"
    AMOUNT_MISMATCH = "amount_mismatch"
    REFUNDED_BY_STAFF = "refunded_by_staff"
    REFUNDED_AT_PROVIDER = "refunded_at_provider"
    METHOD_EARNS_NO_CASHBACK = "method_earns_no_cashback"
    DISPUTE_LOST = "dispute_lost"
    ORDER_REFUNDED = "order_refunded"
    ADDRESS_MISSING = "address_missing"
    NOT_SERVED_THERE = "not_served_there"
    STORE_GONE = "store_gone"
    SLOT_MISSING = "slot_missing"
    TIME_MISSING = "time_missing"
    SLOT_GONE = "slot_gone"
    SLOT_FULL = "slot_full"
    NOTHING_LEFT_TO_RETURN = "nothing_left_to_return"
    RETURN_TIME_OVER = "return_time_over"
    GIFT_CARD_NOT_RETURNABLE = "gift_card_not_returnable"
    DELIVERY_COMES_BACK_WITH_ALL = "delivery_comes_back_with_all"
    KIND_NOT_RETURNABLE = "kind_not_returnable"
    EXCHANGE_ONE_LINE = "exchange_one_line"
    EXCHANGE_ONCE = "exchange_once"
    EXCHANGE_NOT_FOR_THIS = "exchange_not_for_this"
    REVIEW_HAS_LINK = "review_has_link"
    REVIEW_HAS_CONTACT = "review_has_contact"
    REVIEW_HAS_MARKUP = "review_has_markup"
    REVIEW_SHOUTS = "review_shouts"
    REVIEW_WORD_HELD = "review_word_held"
    REVIEW_ALL_WAIT = "review_all_wait"
    REVIEW_NOT_PROVED = "review_not_proved"
    REVIEW_REFUSED_BEFORE = "review_refused_before"
    REVIEW_REPORTED = "review_reported"
    REVIEW_ADVERTISING = "review_advertising"
    REVIEW_INSULTING = "review_insulting"
    REVIEW_PRIVATE = "review_private"
    REVIEW_OFF_TOPIC = "review_off_topic"
    REVIEW_NOT_GENUINE = "review_not_genuine"
    REVIEW_UNLAWFUL = "review_unlawful"
    REFERRAL_NO_REWARD = "referral_no_reward"
    REFERRAL_NOT_FIRST_ORDER = "referral_not_first_order"
    REFERRAL_SAME_PERSON = "referral_same_person"
    REFERRAL_WENT_BACK = "referral_went_back"
    REFERRAL_CAP_REACHED = "referral_cap_reached"
    CASH_NOT_WITH_DELIVERY = "cash_not_with_delivery"
    CASH_NOT_IN_CURRENCY = "cash_not_in_currency"
    CASH_NOT_FOR_THESE = "cash_not_for_these"
    CASH_NOT_THERE = "cash_not_there"
    CASH_TOO_MUCH = "cash_too_much"
    CASH_NEEDS_ACCOUNT = "cash_needs_account"
    CASH_NEEDS_CONTACT = "cash_needs_contact"
    CASH_TOO_MANY_OPEN = "cash_too_many_open"
    CASH_MISSED_BEFORE = "cash_missed_before"
    CASH_BACK_ELSEWHERE = "cash_back_elsewhere"
    REFUSED_AT_DOOR = "refused_at_door"
    NEVER_COLLECTED = "never_collected"
    MEMBERSHIP_LEFT = "membership_left"
    MEMBERSHIP_UNPAID = "membership_unpaid"
    MEMBERSHIP_NOT_BEGUN = "membership_not_begun"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_MALFORMED = "signature_malformed"
    SIGNATURE_WRONG = "signature_wrong"
    SIGNATURE_OLD = "signature_old"
    SIGNATURE_FROM_THE_FUTURE = "signature_from_the_future"


SENTENCES: dict[StorefrontReason, str] = {
    StorefrontReason.PRICE_CHANGED: "The price has changed since you last looked.",
    StorefrontReason.NOT_ENOUGH_STOCK: "There are fewer left than you want.",
    StorefrontReason.PRODUCT_GONE: "This product is no longer sold.",
    StorefrontReason.CARD_DECLINED: "Your bank declined the card. Try another card.",
    StorefrontReason.INSUFFICIENT_FUNDS: "There is not enough money on this card. Try another card.",
    StorefrontReason.CARD_EXPIRED: "This card has expired. Try another card.",
    StorefrontReason.AUTHENTICATION_FAILED: "Your bank could not confirm that it is you. Try again or use another card.",
    StorefrontReason.PROCESSING_ERROR: "The payment could not be processed just now. Try again in a little while.",
    StorefrontReason.PAYMENT_METHOD_REFUSED: "This way of paying was refused. Try another.",
    StorefrontReason.HOLD_EXPIRED: "The order was not paid in time, so we put everything back. Nothing was taken.",
    StorefrontReason.SHOPPER_CANCELLED: "You cancelled the order. Nothing was taken.",
    StorefrontReason.PROVIDER_CANCELLED: "The payment was cancelled. Nothing was taken.",
    StorefrontReason.GATEWAY_REFUSED: "This payment is not possible. Nothing was taken.",
    StorefrontReason.AMOUNT_MISMATCH: "The amount paid is not the amount of the order; it is being given back.",
    StorefrontReason.REFUNDED_BY_STAFF: "We gave your money back.",
    StorefrontReason.REFUNDED_AT_PROVIDER: "Your money was given back.",
    StorefrontReason.METHOD_EARNS_NO_CASHBACK: "You paid in a way that does not earn this cashback.",
    StorefrontReason.DISPUTE_LOST: "Your bank gave you the money of this order back, so nothing more is paid back.",
    StorefrontReason.ORDER_REFUNDED: "All your money was given back, so there is no cashback on it.",
    StorefrontReason.ADDRESS_MISSING: "Say where it shall be brought.",
    StorefrontReason.NOT_SERVED_THERE: "We do not bring anything to this address. Choose another address or another way.",
    StorefrontReason.STORE_GONE: "Nothing can be fetched from the store you chose any more. Choose another.",
    StorefrontReason.SLOT_MISSING: "Choose when it shall be brought.",
    StorefrontReason.TIME_MISSING: "Choose a store and a time for it.",
    StorefrontReason.SLOT_GONE: "The time you chose can no longer be booked. Choose another.",
    StorefrontReason.SLOT_FULL: "The time you chose was taken by others meanwhile. Choose another.",
    StorefrontReason.NOTHING_LEFT_TO_RETURN: "It is all back already.",
    StorefrontReason.RETURN_TIME_OVER: "The time to give it back is over. Ask us if something is wrong with it.",
    StorefrontReason.GIFT_CARD_NOT_RETURNABLE: "A gift card does not come back.",
    StorefrontReason.DELIVERY_COMES_BACK_WITH_ALL: "The delivery is paid back when everything comes back.",
    StorefrontReason.KIND_NOT_RETURNABLE: "Products of this kind come back only if something is wrong with them.",
    StorefrontReason.EXCHANGE_ONE_LINE: "Exchange one product of an order at a time.",
    StorefrontReason.EXCHANGE_ONCE: "This was got in exchange already; it may come back for money.",
    StorefrontReason.EXCHANGE_NOT_FOR_THIS: "It cannot be exchanged for that: both must be things we send, sold in the same currency.",
    StorefrontReason.REVIEW_HAS_LINK: "It holds a link.",
    StorefrontReason.REVIEW_HAS_CONTACT: "It holds an address or a number by which somebody can be reached.",
    StorefrontReason.REVIEW_HAS_MARKUP: "It holds something that looks like markup.",
    StorefrontReason.REVIEW_SHOUTS: "It is written in capitals, or repeats a letter over and over.",
    StorefrontReason.REVIEW_WORD_HELD: "It holds a word that a person of the shop looks at first.",
    StorefrontReason.REVIEW_ALL_WAIT: "A person of the shop reads every review first.",
    StorefrontReason.REVIEW_NOT_PROVED: "We know of no purchase and no visit, so a person of the shop reads it first.",
    StorefrontReason.REVIEW_REFUSED_BEFORE: "An earlier version was rejected, so a person of the shop reads it first.",
    StorefrontReason.REVIEW_REPORTED: "Others have reported it, so a person of the shop looks at it.",
    StorefrontReason.REVIEW_ADVERTISING: "It advertises something else.",
    StorefrontReason.REVIEW_INSULTING: "It insults or threatens somebody.",
    StorefrontReason.REVIEW_PRIVATE: "It tells private things of somebody.",
    StorefrontReason.REVIEW_OFF_TOPIC: "It is not about this product.",
    StorefrontReason.REVIEW_NOT_GENUINE: "It is not somebody's own experience.",
    StorefrontReason.REVIEW_UNLAWFUL: "The law forbids it.",
    StorefrontReason.REFERRAL_NO_REWARD: "There is no reward for sharing.",
    StorefrontReason.REFERRAL_NOT_FIRST_ORDER: "It was not the first order.",
    StorefrontReason.REFERRAL_SAME_PERSON: "Who shared and who bought may be one person.",
    StorefrontReason.REFERRAL_WENT_BACK: "The order was given back.",
    StorefrontReason.REFERRAL_CAP_REACHED: "There have been as many rewards in a year as one can get.",
    StorefrontReason.CASH_NOT_WITH_DELIVERY: "This goes with another way to get your order.",
    StorefrontReason.CASH_NOT_IN_CURRENCY: "This is not offered in the currency of your cart.",
    StorefrontReason.CASH_NOT_FOR_THESE: "Downloads, gift cards and booked times are paid online.",
    StorefrontReason.CASH_NOT_THERE: "No money is taken there. Pay online.",
    StorefrontReason.CASH_TOO_MUCH: "It is too much to be paid like this. Pay online.",
    StorefrontReason.CASH_NEEDS_ACCOUNT: "Sign in first, so that we know whom we keep it for.",
    StorefrontReason.CASH_NEEDS_CONTACT: "Add an address or number we can reach you at, and show that it is yours.",
    StorefrontReason.CASH_TOO_MANY_OPEN: "You have orders that are not paid yet. Fetch those first, or pay online.",
    StorefrontReason.CASH_MISSED_BEFORE: "An order kept for you was not taken before, so for a while you pay online.",
    StorefrontReason.CASH_BACK_ELSEWHERE: "So much is handed back only at the store that took it. Elsewhere it can go to the balance.",
    StorefrontReason.REFUSED_AT_DOOR: "It was brought and not taken, so we put everything back. Nothing was paid.",
    StorefrontReason.NEVER_COLLECTED: "Nobody came to take and pay it in time, so we put everything back. Nothing was paid.",
    StorefrontReason.MEMBERSHIP_LEFT: "You ended your membership.",
    StorefrontReason.MEMBERSHIP_UNPAID: "Your membership could not be paid for, so it ended.",
    StorefrontReason.MEMBERSHIP_NOT_BEGUN: "Your membership was never confirmed, so it did not begin. Nothing was taken.",
    StorefrontReason.SIGNATURE_MISSING: "The message bears no signature.",
    StorefrontReason.SIGNATURE_MALFORMED: "The message's signature is not of the documented form.",
    StorefrontReason.SIGNATURE_WRONG: "The message's signature does not belong to it.",
    StorefrontReason.SIGNATURE_OLD: "The message was signed too long ago.",
    StorefrontReason.SIGNATURE_FROM_THE_FUTURE: "The message was signed in the future.",
}


def sentence(code: str | None) -> str | None:
    """The plain words of a code; None for none."""
    return SENTENCES[StorefrontReason(code)] if code else None
