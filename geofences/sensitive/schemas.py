"""What the routes of sensitive places accept."""

from pydantic import BaseModel, ConfigDict, Field


class DistancesIn(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    jurisdiction: str | None = Field(None, max_length=10, description="ISO 3166, for places that do not say theirs; empty: every law of the table holds")
    health_m: float | None = Field(None, description="metres kept from health care where no law asks for more")
    other_m: float | None = Field(None, description="the same for other sensitive places")
