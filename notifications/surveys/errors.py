"""Named errors of surveys. Owns names and statuses."""

from __future__ import annotations

from app.kernel.errors import Conflict, NotFound


class UnknownSurvey(NotFound):
    """There is no such survey, or it is not open."""

    code = "survey_unknown"


class SurveyNotToChange(Conflict):
    """A survey that was opened is not changed any more: an answer means what was asked. Close it and write another."""

    code = "survey_not_to_change"


class SurveyNotAgreed(Conflict):
    """Answers are used for offers that fit; agree to that first, on the page of what we may use."""

    code = "survey_not_agreed"


class SurveyAnsweredBefore(Conflict):
    """You have answered this survey; thank you."""

    code = "survey_answered_before"
