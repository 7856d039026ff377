"""Every code has words for the shopper and a line in the documentation."""

from __future__ import annotations

import pytest

from notifications.reasons import SENTENCES, NotificationReason, sentence
from tests.paths import REPOSITORY


class TestSentences:
    @pytest.mark.parametrize("code", list(NotificationReason))
    def test_each_code_has_words_and_a_page(self, code: NotificationReason) -> None:
        assert SENTENCES[code].endswith(".")
        assert f"`{code.value}`" in (REPOSITORY / "docs" / "reasons" / "notifications.md").read_text(encoding="utf-8")


class TestSentence:
    def test_known(self) -> None:
        assert sentence("visit_over") == "You had left the shop before the message could be sent."

    def test_consent_of_the_privacy_floor(self) -> None:
        assert sentence("no_consent_marketing_push") == "You have not allowed us to send you messages about offers."

    def test_unknown_is_named(self) -> None:
        assert sentence("something_new") == "Not sent: something new."
