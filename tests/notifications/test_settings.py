"""The settings become exactly the arguments of the rules."""

from __future__ import annotations

from datetime import time

import pytest
from pydantic import ValidationError

from notifications.policy import Cap, PolicyRules, QuietHours
from notifications.retries import RetryRules
from notifications.settings import NotificationSettings


class TestNotificationSettings:
    def test_defaults(self) -> None:
        settings = NotificationSettings()
        assert settings.policy() == PolicyRules(QuietHours(time(21), time(8)), True, 10, 86_400, True, 60, Cap(5, 7 * 86_400), Cap(5, 86_400))
        assert settings.retries() == RetryRules(1.0, 300.0, 8)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"quiet_from": "25:00"},
            {"cap_messages": -1},
            {"default_zone": "Mars/Olympus"},
            {"link_template": "//evil.example/{coupon_id}"},
            {"link_template": "https://evil.example/{coupon_id}"},
            {"link_template": "/m/no-place-for-it"},
            {"colour": "red"},
        ],
    )
    def test_wrong(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            NotificationSettings(**wrong)  # type: ignore[arg-type]

    def test_every_field_is_described(self) -> None:
        assert [n for n, f in NotificationSettings.model_fields.items() if not f.description] == []
