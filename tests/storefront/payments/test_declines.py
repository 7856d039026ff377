"""A bank's refusal in our words."""

from __future__ import annotations

import pytest

from storefront.payments.declines import reason_of
from storefront.reasons import StorefrontReason


class TestReasonOf:
    @pytest.mark.parametrize(
        ("code", "decline_code", "expected"),
        [
            ("card_declined", "insufficient_funds", StorefrontReason.INSUFFICIENT_FUNDS),
            ("expired_card", "expired_card", StorefrontReason.CARD_EXPIRED),
            ("payment_intent_authentication_failure", None, StorefrontReason.AUTHENTICATION_FAILED),
            ("processing_error", None, StorefrontReason.PROCESSING_ERROR),
            ("card_declined", "generic_decline", StorefrontReason.CARD_DECLINED),
            (None, None, StorefrontReason.CARD_DECLINED),
        ],
    )
    def test_known_pairs(self, code: str | None, decline_code: str | None, expected: StorefrontReason) -> None:
        assert reason_of(code, decline_code) is expected

    @pytest.mark.parametrize("telltale", ["lost_card", "stolen_card", "fraudulent", "pickup_card"])
    def test_a_thief_learns_nothing(self, telltale: str) -> None:
        assert reason_of("card_declined", telltale) is StorefrontReason.CARD_DECLINED
