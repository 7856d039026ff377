"""The channels a policy chooses from, and what has to be agreed to for each."""

from __future__ import annotations

from app.privacy.purposes import Purpose
from notifications.contracts import ChannelKind


class TestChannelKind:
    def test_each_asks_for_its_own_consent(self) -> None:
        assert {c.value: c.purpose for c in ChannelKind} == {
            "inbox": Purpose.MARKETING_PUSH,
            "fcm": Purpose.MARKETING_PUSH,
            "web_push": Purpose.MARKETING_PUSH,
            "email": Purpose.MARKETING_EMAIL,
            "sms": Purpose.MARKETING_SMS,
            "whatsapp": Purpose.MARKETING_WHATSAPP,
        }

    def test_which_reach_a_device(self) -> None:
        assert [c for c in ChannelKind if c.to_device] == [ChannelKind.FCM, ChannelKind.WEB_PUSH]
