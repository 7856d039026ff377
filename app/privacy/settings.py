"""The settings of app/privacy.

Owns the fields and their defaults.
"""

from __future__ import annotations

from pydantic import Field

from app.kernel.settings import SettingsGroup


class PrivacySettings(SettingsGroup):
    """Read from `MOMENTS_PRIVACY__<FIELD>`."""

    sweep_every_s: int = Field(60, ge=1, le=86_400, description="How often the scheduler deletes rows that have been kept long enough.")
