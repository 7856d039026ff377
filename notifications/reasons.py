"""Why a message was, or was not, sent: one code each, and the sentence the shopper reads, in English (phrases.py has her language).

Owns the room's reason codes (docs/reasons/notifications.md lists them). Must not decide anything. Codes that come from
another floor, such as a missing consent, are passed on as they are.
"""

from __future__ import annotations

from enum import StrEnum


class NotificationReason(StrEnum):
    """Codes are stored and documented: never renamed, only added."""

    CONSENT_LIVE = "consent_live"
    LIVES_LONG_ENOUGH = "lives_long_enough"
    NOT_QUIET = "not_quiet"
    FIRST_OF_VISIT = "first_of_visit"
    UNDER_ROLLING_CAP = "under_rolling_cap"
    UNDER_CAMPAIGN_CAP = "under_campaign_cap"
    UNDER_PLACE_CAP = "under_place_cap"
    QUIET_HOURS = "quiet_hours"
    ROLLING_CAP_REACHED = "rolling_cap_reached"
    CAMPAIGN_CAP_REACHED = "campaign_cap_reached"
    PLACE_CAP_REACHED = "place_cap_reached"
    OUTRANKED = "outranked"
    VISIT_ALREADY_PUSHED = "visit_already_pushed"
    OFFER_ENDS_TOO_SOON = "offer_ends_too_soon"
    NOTHING_TO_SAY = "nothing_to_say"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    VISIT_OVER = "visit_over"
    MOMENT_RETRACTED = "moment_retracted"
    ALREADY_SEEN = "already_seen"
    EXPIRED_BEFORE_SENT = "expired_before_sent"
    NO_PUSH_TOKEN = "no_push_token"  # noqa: S105 - a reason code, not a secret
    PUSH_NOT_CONFIGURED = "push_not_configured"
    TOKEN_DEAD = "token_dead"  # noqa: S105 - a reason code, not a secret
    SENDER_MISMATCH = "sender_mismatch"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_QUOTA = "provider_quota"
    PROVIDER_AUTH = "provider_auth"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_UNKNOWN = "provider_unknown"
    GAVE_UP = "gave_up"
    CHANNEL_NOT_CONFIGURED = "channel_not_configured"
    NO_VERIFIED_CONTACT = "no_verified_contact"
    CONTACT_LOST = "contact_lost"
    ADDRESS_REFUSED = "address_refused"
    NOT_DELIVERED = "not_delivered"
    MAILBOX_FULL = "mailbox_full"
    REFUSED_BY_POLICY = "refused_by_policy"
    DELIVERY_DELAYED = "delivery_delayed"
    COMPLAINED = "complained"
    TEXT_TOO_LONG = "text_too_long"
    LINK_NOT_ALLOWED = "link_not_allowed"
    TEMPLATE_NEEDED = "template_needed"
    WAY_OPEN = "way_open"
    WAY_NOT_OF_CAMPAIGN = "way_not_of_campaign"
    TOO_LATE_FOR_CHANNEL = "too_late_for_channel"
    CHANNEL_CAP_REACHED = "channel_cap_reached"
    TEXT_NOT_MADE = "text_not_made"
    PASS_NOT_SAVED = "pass_not_saved"  # noqa: S105 - a reason code, not a secret
    CARE_DUE = "care_due"
    CARE_WELCOME = "care_welcome"
    ITEM_RETURNED = "item_returned"
    ORDER_MOVED_ON = "order_moved_on"
    MEMBERSHIP_TURNED = "membership_turned"
    ORDER_NEWS_WELCOME = "order_news_welcome"
    WISH_IN_STOCK = "wish_in_stock"


SENTENCES: dict[NotificationReason, str] = {
    NotificationReason.CONSENT_LIVE: "You had agreed to messages about offers.",
    NotificationReason.LIVES_LONG_ENOUGH: "The offer still had time to be used.",
    NotificationReason.NOT_QUIET: "It was no quiet hour, neither at the store nor where you live.",
    NotificationReason.FIRST_OF_VISIT: "It was the first message of this visit.",
    NotificationReason.UNDER_ROLLING_CAP: "You had not yet received as many messages as we send at most.",
    NotificationReason.UNDER_CAMPAIGN_CAP: "You had not yet received as many messages of this campaign as we send at most.",
    NotificationReason.UNDER_PLACE_CAP: "You had not yet received as many messages about this place as we send at most.",
    NotificationReason.QUIET_HOURS: "It was a quiet hour where you are, so we did not disturb you.",
    NotificationReason.ROLLING_CAP_REACHED: "You had already received as many messages as we send within 24 hours.",
    NotificationReason.CAMPAIGN_CAP_REACHED: "You had already received as many messages of this campaign as we send within its time.",
    NotificationReason.PLACE_CAP_REACHED: "You had already received as many messages about this place as we send within its time.",
    NotificationReason.OUTRANKED: "A better offer took this one's place on your phone; this one is in the app's inbox.",
    NotificationReason.VISIT_ALREADY_PUSHED: "You had already received a message during this visit.",
    NotificationReason.OFFER_ENDS_TOO_SOON: "The offer was about to end, too late to be of use.",
    NotificationReason.NOTHING_TO_SAY: "The offer had no text to show.",
    NotificationReason.PAYLOAD_TOO_LARGE: "The message was larger than a push may be.",
    NotificationReason.VISIT_OVER: "You had left the shop before the message could be sent.",
    NotificationReason.MOMENT_RETRACTED: "It turned out that you had not been at this place, so the message was taken back.",
    NotificationReason.ALREADY_SEEN: "You had already seen the message in the app.",
    NotificationReason.EXPIRED_BEFORE_SENT: "The offer ended before the message could be sent.",
    NotificationReason.NO_PUSH_TOKEN: "No phone was registered for push; the message is in the app's inbox.",
    NotificationReason.PUSH_NOT_CONFIGURED: "Push is not set up on this server; the message is in the app's inbox.",
    NotificationReason.TOKEN_DEAD: "The app is no longer installed on that phone, or push was switched off there.",
    NotificationReason.SENDER_MISMATCH: "That phone is registered with another sender, so we cannot reach it.",
    NotificationReason.PROVIDER_REFUSED: "The push provider refused the message.",
    NotificationReason.PROVIDER_QUOTA: "The push provider asked us to slow down.",
    NotificationReason.PROVIDER_AUTH: "The push provider did not accept our credentials.",
    NotificationReason.PROVIDER_UNAVAILABLE: "The push provider was not available.",
    NotificationReason.PROVIDER_UNKNOWN: "We could not tell whether the push provider took the message.",
    NotificationReason.GAVE_UP: "We tried several times and stopped.",
    NotificationReason.CHANNEL_NOT_CONFIGURED: "This way of sending is not set up on this server.",
    NotificationReason.NO_VERIFIED_CONTACT: "You have not confirmed an address or number we could have written to.",
    NotificationReason.CONTACT_LOST: "Nobody could be reached at the address or number you had confirmed, so we forgot it; confirm one, and we write to it again.",
    NotificationReason.ADDRESS_REFUSED: "The address or number does not take messages.",
    NotificationReason.NOT_DELIVERED: "It was sent, and the network could not deliver it.",
    NotificationReason.MAILBOX_FULL: "Your mailbox was full.",
    NotificationReason.REFUSED_BY_POLICY: "The mail service of your address refused the message by a rule of its own.",
    NotificationReason.DELIVERY_DELAYED: "The mail service of your address could not be reached at first; it may still arrive.",
    NotificationReason.COMPLAINED: "You marked it as unwanted in your mailbox, so we send you no more offers by e-mail.",
    NotificationReason.TEXT_TOO_LONG: "The text was longer than this way of sending carries.",
    NotificationReason.LINK_NOT_ALLOWED: "We send no links by text message for what moves money or your account.",
    NotificationReason.TEMPLATE_NEEDED: "You had not written to us in the last 24 hours, and there was no approved text to begin with.",
    NotificationReason.WAY_OPEN: "This way of sending was open.",
    NotificationReason.WAY_NOT_OF_CAMPAIGN: "This offer is not told that way.",
    NotificationReason.TOO_LATE_FOR_CHANNEL: "A message that way is read too late for this offer.",
    NotificationReason.CHANNEL_CAP_REACHED: "You had already received as many messages that way as we send within a day.",
    NotificationReason.CARE_DUE: "You had bought it some days before, and its maker says how to care for it.",
    NotificationReason.CARE_WELCOME: "You had agreed to be told how to care for what you buy.",
    NotificationReason.ITEM_RETURNED: "You had given it back.",
    NotificationReason.MEMBERSHIP_TURNED: "Your membership could not be paid.",
    NotificationReason.ORDER_MOVED_ON: "Your order had come a step further.",
    NotificationReason.ORDER_NEWS_WELCOME: "You had agreed to be told on your phone how far your orders are.",
    NotificationReason.WISH_IN_STOCK: "You had put it on your list, and it lay in the store you came to.",
    NotificationReason.TEXT_NOT_MADE: "The text of the offer could not be made, so nothing was sent.",
    NotificationReason.PASS_NOT_SAVED: "The pass is not in that wallet.",
}


NO_CONSENT = "You have not allowed us to send you messages about offers."
NO_CONSENT_TO_CARE = "You have not asked us to tell you how to care for what you buy."
NO_CONSENT_TO_ORDER_NEWS = "You have not asked us to tell your phone how far your orders are; the message is in the app's inbox."
NOT_SENT = "Not sent: {what}."
"""Of a code of another floor."""
