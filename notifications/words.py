"""The same reason told to those who work with it: the marketer hears what stood in the way and by how much, the operator also what to do.

Owns the words for the staff; reasons.py has the shopper's. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.kernel.languages import PLAIN
from notifications import phrases
from notifications.reasons import NotificationReason as Reason


class Reader(StrEnum):
    SHOPPER = "shopper"
    MARKETER = "marketer"
    OPERATOR = "operator"


_STAFF: dict[str, str] = {
    Reason.CONSENT_LIVE: "Consent to messages was live.",
    Reason.LIVES_LONG_ENOUGH: "The offer had {left_s} s to live.",
    Reason.NOT_QUIET: "No quiet hour: {local_time}, in the store: {in_store}.",
    Reason.FIRST_OF_VISIT: "First message of the visit.",
    Reason.UNDER_ROLLING_CAP: "{said} of {cap} messages in {window_s} s, on all channels.",
    Reason.UNDER_CAMPAIGN_CAP: "{said} of {cap} messages of this campaign in {window_s} s.",
    Reason.UNDER_PLACE_CAP: "{said} of {cap} messages about this place in {window_s} s.",
    Reason.QUIET_HOURS: "Quiet hours: it was {local_time} in {zone}, quiet until {quiet_until}.",
    Reason.ROLLING_CAP_REACHED: "Over the cap on all messages: {said} of {cap} in {window_s} s, and none that waited was worth less.",
    Reason.CAMPAIGN_CAP_REACHED: "Over the cap of this campaign: {said} of {cap} in {window_s} s.",
    Reason.PLACE_CAP_REACHED: "Over the cap of this place: {said} of {cap} in {window_s} s.",
    Reason.OUTRANKED: "A campaign of greater expected value took its place before it was sent.",
    Reason.VISIT_ALREADY_PUSHED: "One message a visit: {said_this_visit} had been said.",
    Reason.OFFER_ENDS_TOO_SOON: "The offer had {left_s} s left of at least {least_life_s}.",
    Reason.NOTHING_TO_SAY: "The campaign's title and text hold no visible character.",
    Reason.VISIT_OVER: "She left before it was sent.",
    Reason.MOMENT_RETRACTED: "The visit turned out not to have been.",
    Reason.ALREADY_SEEN: "She had read it in the app by then.",
    Reason.EXPIRED_BEFORE_SENT: "The offer ended before a provider took the message.",
    Reason.NO_PUSH_TOKEN: "No phone of hers is registered for push.",
    Reason.PUSH_NOT_CONFIGURED: "This server has no push provider.",
    Reason.WAY_OPEN: "By {channel}: open.",
    Reason.WAY_NOT_OF_CAMPAIGN: "By {channel}: not one of the campaign's ways.",
    Reason.TOO_LATE_FOR_CHANNEL: "By {channel}: read about {lead_s} s after it is sent, and the offer had {left_s} s left.",
    Reason.CHANNEL_CAP_REACHED: "By {channel}: {said} of {cap} messages in {window_s} s.",
    Reason.TEXT_NOT_MADE: "The text ({part}, {language}) could not be filled in: {why}.",
    Reason.CONTACT_LOST: "Her address or number took no messages any more, so it was forgotten until she confirms one again.",
    Reason.ADDRESS_REFUSED: "Her address or number does not take messages.",
    Reason.NOT_DELIVERED: "It was sent, and could not be delivered; her address or number stays.",
    Reason.MAILBOX_FULL: "Her mailbox was full; her address stays.",
    Reason.REFUSED_BY_POLICY: "The mail service of her address refused it by its rules; her address stays.",
    Reason.DELIVERY_DELAYED: "The mail service of her address could not be reached at first; it goes on trying.",
    Reason.COMPLAINED: "She marked it as unwanted in her mailbox, which ended offers to her by e-mail.",
    Reason.TOKEN_DEAD: "The app was removed from that phone, or push switched off.",
}

_REMEDIES: dict[str, str] = {
    Reason.ROLLING_CAP_REACHED: "The cap is `cap_messages` in `cap_window_s`.",
    Reason.CAMPAIGN_CAP_REACHED: "The cap is `campaign_cap_messages` in `campaign_cap_window_s`.",
    Reason.PLACE_CAP_REACHED: "The cap is `place_cap_messages` in `place_cap_window_s`.",
    Reason.QUIET_HOURS: "Quiet hours are `quiet_from` to `quiet_until`; `quiet_in_store` says whether they hold in the store.",
    Reason.PUSH_NOT_CONFIGURED: "Set `fcm_service_account_path`.",
    Reason.SENDER_MISMATCH: "If every phone says so, the service account belongs to another project than the app.",
    Reason.PROVIDER_AUTH: "Mend the service account; what waits goes by itself then.",
    Reason.PROVIDER_QUOTA: "It is tried again when the provider said; see its quota if this lasts.",
    Reason.PROVIDER_UNAVAILABLE: "It is tried again by itself; see the provider's status if this lasts.",
    Reason.PROVIDER_UNKNOWN: "It is tried again with the same ids; see the network and `fcm_timeout_s` if this lasts.",
    Reason.CHANNEL_CAP_REACHED: "The caps of the ways are `way_caps`.",
    Reason.TOO_LATE_FOR_CHANNEL: "How soon each way is read is `way_lead_s`.",
    Reason.REFUSED_BY_POLICY: "If many services say so: look at SPF, DKIM and DMARC of `email_sender`, and at lists of blocked senders.",
    Reason.GAVE_UP: "As many tries as `push_attempts` says.",
}


class _Kept(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def said(code: str, facts: Mapping[str, object], reader: Reader, language: str = PLAIN) -> str:
    """One sentence, or two for the operator; the shopper's in her language. A code without words for the staff is told as to her."""
    if reader is Reader.SHOPPER:
        return phrases.reason(code, language)
    if code.startswith("no_consent_"):
        text = f"No live consent to {code.removeprefix('no_consent_').replace('_', ' ')} ({facts.get('why', 'not given')})."
    elif (staff := _STAFF.get(code)) is not None:
        text = staff.format_map(_Kept(facts))
    else:
        text = phrases.reason(code, PLAIN)
    remedy = _REMEDIES.get(code, "") if reader is Reader.OPERATOR else ""
    return f"{text} {remedy}".strip()
