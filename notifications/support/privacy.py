"""What support holds about a shopper, how it is exported and erased, and how long it is kept. Owns `HOLDERS` and `rules(settings)`."""

from __future__ import annotations

from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from notifications.support import repository
from notifications.support.settings import SupportSettings

HOLDERS: tuple[DataHolder, ...] = (
    DataHolder("notifications.support", ("notifications_support_case", "notifications_support_entry"), repository.export, repository.erase),
)


def rules(settings: SupportSettings) -> tuple[RetentionRule, ...]:
    why = "What you asked of us and what we did about it, sealed with your key, so that either of us can come back to it."
    return (
        RetentionRule("notifications_support_case", "changed_at", settings.keep_s, why),
        RetentionRule("notifications_support_entry", "at", settings.keep_s, why),
    )


RULES: tuple[RetentionRule, ...] = rules(SupportSettings())
