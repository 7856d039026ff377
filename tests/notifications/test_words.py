"""The words for the staff: what stood in the way and by how much, and what an operator can do."""

from __future__ import annotations

import pytest

from notifications.phrases import reason
from notifications.reasons import NotificationReason
from notifications.words import Reader, said


class TestSaid:
    def test_three_readers_of_one_reason(self) -> None:
        facts = {"said": 10, "cap": 10, "window_s": 86_400}
        assert said("rolling_cap_reached", facts, Reader.SHOPPER) == "You had already received as many messages as we send within 24 hours."
        marketer = "Over the cap on all messages: 10 of 10 in 86400 s, and none that waited was worth less."
        assert said("rolling_cap_reached", facts, Reader.MARKETER) == marketer
        assert said("rolling_cap_reached", facts, Reader.OPERATOR) == f"{marketer} The cap is `cap_messages` in `cap_window_s`."

    def test_the_shopper_is_told_in_her_language_and_the_staff_never(self) -> None:
        assert said("mailbox_full", {}, Reader.SHOPPER, "sv") == "Din brevlåda var full."
        assert said("mailbox_full", {}, Reader.MARKETER, "sv") == "Her mailbox was full; her address stays."

    def test_consent(self) -> None:
        assert said("no_consent_marketing_push", {"why": "withdrawn"}, Reader.MARKETER) == "No live consent to marketing push (withdrawn)."

    def test_a_code_without_words_for_the_staff(self) -> None:
        assert said("text_too_long", {}, Reader.MARKETER) == reason("text_too_long", "en")
        assert said("something_new", {}, Reader.OPERATOR) == "Not sent: something new."

    @pytest.mark.parametrize("code", list(NotificationReason))
    def test_missing_facts_never_fail(self, code: NotificationReason) -> None:
        assert all(said(code, {}, reader).endswith(".") for reader in Reader)
