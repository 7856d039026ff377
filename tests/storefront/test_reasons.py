"""Every reason code has its sentence."""

from __future__ import annotations

from storefront.payments.ports import PaymentState
from storefront.reasons import SENTENCES, StorefrontReason, sentence


class TestSentence:
    def test_every_code_has_one(self) -> None:
        assert set(SENTENCES) == set(StorefrontReason)
        assert all(text.endswith(".") for text in SENTENCES.values())

    def test_none_for_none(self) -> None:
        assert sentence(None) is None
        assert sentence("card_declined") == "Your bank declined the card. Try another card."

    def test_states_are_not_reasons(self) -> None:
        assert not {str(s) for s in PaymentState} & {str(r) for r in StorefrontReason}
