"""What surveys hold about a shopper, how it is exported and erased, and how long it is kept. Owns `HOLDERS` and `rules(settings)`."""

from __future__ import annotations

from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from notifications.surveys import repository
from notifications.surveys.settings import SurveySettings

HOLDERS: tuple[DataHolder, ...] = (
    DataHolder("notifications.surveys", ("notifications_survey_reply", "notifications_survey_asked"), repository.export, repository.erase),
)


def rules(settings: SurveySettings) -> tuple[RetentionRule, ...]:
    return (
        RetentionRule("notifications_survey_reply", "at", settings.keep_s, "What you answered, sealed with your key; it goes at once when you withdraw “Offers that fit”."),
        RetentionRule("notifications_survey_asked", "at", settings.keep_s, "That you were asked, so that you are not asked again."),
    )


RULES: tuple[RetentionRule, ...] = rules(SurveySettings())
