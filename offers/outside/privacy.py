"""How long forecasts are kept. No person is in any table here."""

from __future__ import annotations

from app.privacy.retention import RetentionRule
from offers.outside.settings import OutsideSettings


def rules(settings: OutsideSettings) -> tuple[RetentionRule, ...]:
    return (
        RetentionRule(
            "offers_forecast",
            "known_at",
            settings.keep_s,
            f"Weather forecasts for our stores: kept {settings.keep_s // 86_400} days, so that one can try what a campaign would have done.",
        ),
    )


RULES = rules(OutsideSettings())
