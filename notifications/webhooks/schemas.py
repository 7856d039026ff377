"""What the routes of webhooks accept and answer. Owns shapes only."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from notifications.webhooks.contracts import DeliveryView, EndpointView
from notifications.webhooks.registry import DESCRIPTION_MOST_CHARS, URL_MOST_CHARS

POSITION_MOST = 2**63 - 1


class EndpointIn(BaseModel):
    """Where events go. No `event_types`: all of them, also those of later releases."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=URL_MOST_CHARS, description="https, and not in a network of ours.")]
    event_types: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=100)] = []
    description: Annotated[str, Field(max_length=DESCRIPTION_MOST_CHARS, description="Who runs it, for those who come after.")] = ""


class RotateIn(BaseModel):
    """`now`: the old secret has leaked and ends at once; else it signs beside the new one for a day (a setting)."""

    model_config = ConfigDict(extra="forbid")

    now: bool = False


class ReplayIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0, le=POSITION_MOST, description="The `sequence` of the last event that need not come again; 0: all that is kept.")]


class RegisteredOut(BaseModel):
    """`secret` is told once."""

    endpoint: EndpointView
    secret: str


class EndpointsOut(BaseModel):
    """`newest` is the cursor of the last event."""

    endpoints: list[EndpointView]
    newest: int


class DeliveriesOut(BaseModel):
    deliveries: list[DeliveryView]


class ReplayedOut(BaseModel):
    queued: int


class TestedOut(BaseModel):
    event_id: str
