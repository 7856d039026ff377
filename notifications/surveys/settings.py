"""The settings of surveys (MOMENTS_SURVEYS__...). Owns names, bounds and defaults."""

from __future__ import annotations

from pydantic import Field

from app.kernel.settings import SettingsGroup

DAY_S = 86_400


class SurveySettings(SettingsGroup):
    once_in_days: int = Field(default=30, ge=1, le=365, description="She is told of a survey at most once in so many days, whichever it is.")
    keep_s: int = Field(default=730 * DAY_S, ge=30 * DAY_S, description="How long an answer to a survey is kept, in seconds.")
