from __future__ import annotations

from app.privacy.purposes import NOTICES, Purpose, no_consent


class TestNotices:
    def test_every_purpose_says_what_for_and_what_without(self) -> None:
        assert set(NOTICES) == set(Purpose)
        for purpose, notice in NOTICES.items():
            assert notice.purpose is purpose
            assert notice.version >= 1
            assert "Without this" in notice.text

    def test_codes(self) -> None:
        assert [no_consent(p) for p in Purpose] == [
            "no_consent_location", "no_consent_personalisation", "no_consent_marketing_push", "no_consent_marketing_email", "no_consent_marketing_sms",
            "no_consent_marketing_whatsapp", "no_consent_analytics", "no_consent_assistant", "no_consent_aftercare",
            "no_consent_order_news", "no_consent_loyalty",
        ]  # fmt: skip
