"""Why a webhook was not delivered, why an endpoint is off. Documented in docs/reasons/notifications.md. Owns codes and sentences."""

from __future__ import annotations

from enum import StrEnum


class WebhookReason(StrEnum):
    """Codes are stored with deliveries and endpoints: never renamed, only added."""

    ADDRESS_REFUSED = "webhook_address_refused"
    UNREACHABLE = "webhook_unreachable"
    TIMED_OUT = "webhook_timed_out"
    TLS_FAILED = "webhook_tls_failed"
    ANSWER_UNREADABLE = "webhook_answer_unreadable"
    NOT_TAKEN = "webhook_not_taken"
    REDIRECTED = "webhook_redirected"
    GONE = "webhook_gone"
    GAVE_UP = "webhook_gave_up"
    LONG_FAILURE = "webhook_long_failure"
    BY_HAND = "webhook_disabled_by_hand"


REASONS: dict[str, str] = {
    WebhookReason.ADDRESS_REFUSED: "The endpoint's name leads to an address that is not public.",
    WebhookReason.UNREACHABLE: "Nobody answers at the endpoint's address.",
    WebhookReason.TIMED_OUT: "The endpoint took too long to answer.",
    WebhookReason.TLS_FAILED: "The endpoint's certificate could not be trusted.",
    WebhookReason.ANSWER_UNREADABLE: "The endpoint's answer was not HTTP, or too large.",
    WebhookReason.NOT_TAKEN: "The endpoint answered that it did not take the event.",
    WebhookReason.REDIRECTED: "The endpoint sent us elsewhere, where we do not go.",
    WebhookReason.GONE: "The endpoint answered 410: it wants no more events.",
    WebhookReason.GAVE_UP: "The endpoint did not take the event at any of the published times.",
    WebhookReason.LONG_FAILURE: "The endpoint has taken nothing for too long.",
    WebhookReason.BY_HAND: "Somebody switched the endpoint off.",
}
