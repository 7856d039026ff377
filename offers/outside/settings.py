"""The settings of what is known of the outside (MOMENTS_OUTSIDE__...). Without `url` nobody is asked: then what was imported is all there is."""

from __future__ import annotations

from pydantic import Field, SecretStr

from app.kernel.settings import SettingsGroup


class OutsideSettings(SettingsGroup):
    url: str = Field(default="", pattern=r"^(https?://[^\s?#]+)?$", description="A forecast service that answers as Open-Meteo does, such as `https://api.open-meteo.com/v1/forecast` (free of charge for non-commercial use alone), their paid one, or an instance of your own; empty: nobody is asked.")
    api_key: SecretStr = Field(default=SecretStr(""), description="The key of that service, where it wants one.")
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="How long it may take over one answer.")
    every_s: int = Field(default=3 * 3600, ge=300, le=86_400, description="Each area is asked about so often, in seconds.")
    good_for_s: int = Field(default=24 * 3600, ge=600, le=7 * 86_400, description="So long a forecast counts where no newer one came; after that the weather is unknown.")
    keep_s: int = Field(default=120 * 86_400, ge=86_400, description="How long forecasts are kept, so that a campaign can be simulated over past days with what was known then.")
