"""By which way a message goes: the table of the rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.kernel.verdict import PASS, Fail
from notifications.choosing import EVERY, Known, WayRules, choose, order_of, verdict_of
from notifications.reasons import NotificationReason as Reason
from offers.contracts import Way

OPEN = Known(True, PASS, PASS, PASS)
NO_CONSENT = replace(OPEN, consent=Fail("no_consent_marketing_push"))
RULES = WayRules(lead_s={Way.SMS: 120, Way.EMAIL: 1800}, most={Way.SMS: 2, Way.EMAIL: 1}, least_life_s=60)
HOUR_S = 3600


class TestOrderOf:
    @pytest.mark.parametrize(
        ("campaign", "hers", "expected"),
        [
            ((), (), EVERY),
            ((Way.EMAIL, Way.PUSH), (), (Way.EMAIL, Way.PUSH)),
            ((), (Way.EMAIL,), (Way.EMAIL, Way.PUSH, Way.WHATSAPP, Way.SMS)),
            ((Way.PUSH, Way.SMS), (Way.EMAIL, Way.SMS), (Way.SMS, Way.PUSH)),
        ],
    )
    def test_hers_before_the_campaigns_and_none_beside_the_campaigns(self, campaign: tuple[Way, ...], hers: tuple[Way, ...], expected: tuple[Way, ...]) -> None:
        """Seen to fail with every way of hers taken, of the campaign or not."""
        assert order_of(campaign, hers) == expected


class TestVerdictOf:
    @pytest.mark.parametrize(
        ("way", "known", "left_s", "reason"),
        [
            (Way.PUSH, OPEN, 61, None),
            (Way.PUSH, replace(OPEN, set_up=False), HOUR_S, Reason.PUSH_NOT_CONFIGURED),
            (Way.SMS, replace(OPEN, set_up=False), HOUR_S, Reason.CHANNEL_NOT_CONFIGURED),
            (Way.SMS, replace(OPEN, consent=Fail("no_consent_marketing_sms"), address=Fail(Reason.NO_VERIFIED_CONTACT)), HOUR_S, "no_consent_marketing_sms"),
            (Way.SMS, replace(OPEN, address=Fail(Reason.NO_VERIFIED_CONTACT)), HOUR_S, Reason.NO_VERIFIED_CONTACT),
            (Way.SMS, OPEN, 179, Reason.TOO_LATE_FOR_CHANNEL),
            (Way.SMS, OPEN, 180, None),
            (Way.EMAIL, OPEN, 1859, Reason.TOO_LATE_FOR_CHANNEL),
            (Way.EMAIL, OPEN, 1860, None),
            (Way.SMS, replace(OPEN, said=1), HOUR_S, None),
            (Way.SMS, replace(OPEN, said=2), HOUR_S, Reason.CHANNEL_CAP_REACHED),
            (Way.PUSH, replace(OPEN, said=99), HOUR_S, None),
            (Way.SMS, replace(OPEN, fits=Fail(Reason.TEXT_TOO_LONG)), HOUR_S, Reason.TEXT_TOO_LONG),
        ],
    )
    def test_the_first_thing_that_closes_it(self, way: Way, known: Known, left_s: int, reason: str | None) -> None:
        """Seen to fail with the address asked before the consent, and with a cap that lets one more through."""
        verdict = verdict_of(way, known, left_s=left_s, rules=RULES)
        assert (verdict.reason if isinstance(verdict, Fail) else None) == reason


class TestChoose:
    def choice(self, known: dict[Way, Known], order: tuple[Way, ...] = EVERY, left_s: int = HOUR_S):
        return choose(order, known.__getitem__, left_s=left_s, rules=RULES)

    def test_the_first_open_way_and_the_reason_of_each_before_it(self) -> None:
        choice = self.choice({Way.PUSH: NO_CONSENT, Way.WHATSAPP: replace(OPEN, set_up=False), Way.SMS: replace(OPEN, said=2), Way.EMAIL: OPEN})
        assert choice.taken is Way.EMAIL
        assert [(rule.code, rule.passed, rule.facts["channel"]) for rule in choice.rules] == [
            ("no_consent_marketing_push", False, "push"), ("channel_not_configured", False, "whatsapp"), ("channel_cap_reached", False, "sms"), ("way_open", True, "email"),
        ]  # fmt: skip

    def test_what_comes_after_is_not_asked_about(self) -> None:
        """Seen to fail with all ways asked about beforehand."""
        choice = self.choice({Way.PUSH: OPEN})
        assert (choice.taken, choice.looked) == (Way.PUSH, ((Way.PUSH, PASS),))

    def test_a_way_the_campaign_does_not_go_is_closed_by_that(self) -> None:
        """Seen to fail with those ways passed over in silence."""
        choice = self.choice({Way.EMAIL: OPEN}, order=(Way.EMAIL,))
        assert choice.taken is Way.EMAIL
        assert [(way, fail.reason) for way, fail in choice.closed] == [(way, Reason.WAY_NOT_OF_CAMPAIGN) for way in (Way.PUSH, Way.WHATSAPP, Way.SMS)]

    def test_what_ends_soon_is_not_mailed(self) -> None:
        """Seen to fail without a look at how long the offer lives."""
        choice = self.choice({Way.PUSH: NO_CONSENT, Way.EMAIL: OPEN}, order=(Way.PUSH, Way.EMAIL), left_s=600)
        assert (choice.taken, choice.closed[-1]) == (None, (Way.EMAIL, Fail(Reason.TOO_LATE_FOR_CHANNEL, {"left_s": 600, "lead_s": 1800})))
