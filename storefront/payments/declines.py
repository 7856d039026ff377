"""A bank's refusal in our words. Pure.

Owns the table. Codes that would tell a thief that a card is known as stolen all become a plain decline.
"""

from __future__ import annotations

from storefront.reasons import StorefrontReason

_BY_CODE = {
    "insufficient_funds": StorefrontReason.INSUFFICIENT_FUNDS,
    "withdrawal_count_limit_exceeded": StorefrontReason.INSUFFICIENT_FUNDS,
    "expired_card": StorefrontReason.CARD_EXPIRED,
    "authentication_required": StorefrontReason.AUTHENTICATION_FAILED,
    "payment_intent_authentication_failure": StorefrontReason.AUTHENTICATION_FAILED,
    "processing_error": StorefrontReason.PROCESSING_ERROR,
    "try_again_later": StorefrontReason.PROCESSING_ERROR,
    "issuer_not_available": StorefrontReason.PROCESSING_ERROR,
    "payment_method_provider_decline": StorefrontReason.PAYMENT_METHOD_REFUSED,
}


def reason_of(code: str | None, decline_code: str | None) -> StorefrontReason:
    """The reason for a provider's error `code` and the bank's `decline_code`; an unknown pair is a plain decline."""
    for given in (decline_code, code):
        if given in _BY_CODE:
            return _BY_CODE[given]
    return StorefrontReason.CARD_DECLINED
