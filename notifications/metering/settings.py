"""The settings of metering (MOMENTS_METERING__...). Owns names, bounds and defaults."""

from __future__ import annotations

from pydantic import Field

from app.kernel.settings import SettingsGroup


class MeteringSettings(SettingsGroup):
    count: bool = Field(default=False, description="Count by the day what a licence may be paid by: moments, coupons redeemed, messages, orders paid. Numbers alone, of nobody.")
