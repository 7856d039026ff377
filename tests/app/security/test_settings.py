from __future__ import annotations

import pytest

from app.security.settings import SecuritySettings
from app.security.windows import LimitRule


class TestLimit:
    def test_every_limit_has_its_setting(self) -> None:
        settings = SecuritySettings(devices_per_minute=1, sign_ins_per_minute=2, link_uses_per_minute=3, till_codes_per_minute=4, guesses_per_minute=5)
        assert [settings.limit(name) for name in ("devices", "sign_in", "link_use", "till_code", "coupon_code", "live_code", "contact_code", "presence_code", "passkey")] == [
            LimitRule("devices", 1, 60),
            LimitRule("sign_in", 2, 60),
            LimitRule("link_use", 3, 60),
            LimitRule("till_code", 4, 60),
            *(LimitRule(name, 5, 60) for name in ("coupon_code", "live_code", "contact_code", "presence_code", "passkey")),
        ]
        assert SecuritySettings(contact_sends_per_hour=6).limit("contact_send") == LimitRule("contact_send", 6, 3600)
        with pytest.raises(KeyError):
            settings.limit("nothing")
