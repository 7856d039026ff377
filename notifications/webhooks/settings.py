"""The settings of outgoing webhooks (MOMENTS_WEBHOOKS__...). Owns names, bounds and defaults."""

from pydantic import Field

from app.kernel.settings import SettingsGroup

DAY_S = 86_400


class WebhookSettings(SettingsGroup):
    allow_loopback: bool = Field(default=False, description="Whether endpoints may be on this machine (127.0.0.1, also over http): for development.")
    timeout_s: float = Field(default=10.0, gt=0, le=30, description="How long one try may take in all, in seconds.")
    lease_s: float = Field(default=60.0, ge=35, le=3600, description="How long a try belongs to the process that began it, in seconds; longer than a try may take.")
    at_once: int = Field(default=4, ge=1, le=32, description="How many events are on their way to one endpoint at once, each of another subject.")
    endpoints_most: int = Field(default=50, ge=1, le=200, description="How many endpoints there may be.")
    overlap_s: int = Field(default=DAY_S, ge=0, le=30 * DAY_S, description="How long the old secret signs beside the new one after a rotation, in seconds.")
    disable_after_s: int = Field(default=5 * DAY_S, ge=3600, le=30 * DAY_S, description="An endpoint that has taken nothing for so long is switched off, in seconds.")
    keep_s: int = Field(default=30 * DAY_S, ge=4 * DAY_S, le=400 * DAY_S, description="How long events stay for replays, with what became of them, in seconds.")
