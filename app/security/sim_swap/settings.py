"""The settings of the question whether a SIM was swapped.

Owns the fields and their defaults. Without `url` nobody is asked.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from app.kernel.settings import SettingsGroup


class SimSwapSettings(SettingsGroup):
    """Read from `MOMENTS_SIM_SWAP__<FIELD>`."""

    url: str = Field("", pattern=r"^(https?://[^\s?#]+)?$", description="The root of an API of the CAMARA SIM Swap kind with its version, such as `https://api.operator.example/sim-swap/v2`; empty: nobody is asked.")
    token_url: str = Field("", pattern=r"^(https?://[^\s?#]+)?$", description="Where that API gives out access tokens (OAuth 2.0 client credentials).")
    client_id: str = Field("", max_length=200, description="Who we are there.")
    client_secret: SecretStr = Field(SecretStr(""), description="The secret that goes with it.")
    scope: str = Field("dpv:FraudPreventionAndDetection sim-swap:check", max_length=200, description="What we ask for, with the purpose: nothing but preventing fraud.")
    max_age_h: int = Field(72, ge=1, le=2400, description="A swap within so many hours counts; some operators may answer for less time than the longest.")
    timeout_s: float = Field(2.0, gt=0, le=10, description="How long the operator may take over one step; after that the answer is unknown, and nobody is refused for it.")

    @model_validator(mode="after")
    def _can_sign_in(self) -> Self:
        if self.url and not (self.token_url and self.client_id):
            raise ValueError("url: set token_url, client_id and client_secret as well, or leave url empty")
        return self
