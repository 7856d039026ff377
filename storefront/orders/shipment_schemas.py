"""What the routes of parcels take and give."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from storefront.collection.proof import LiveProof
from storefront.contracts import ShipmentView
from storefront.orders.schemas import PiecesIn
from storefront.shipments.states import Failure, Left, ShipmentState

Carrier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$"), Field(description="Who carries it, as she knows them.")]
Tracking = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=r"^[A-Za-z0-9 ./-]*$"), Field(description="The carrier's number, or nothing.")]


class PackIn(BaseModel):
    """What lies in the parcel, and who carries it."""

    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[PiecesIn], Field(min_length=1, max_length=200)]
    carrier: Carrier
    tracking: Tracking = ""

    @field_validator("lines")
    @classmethod
    def _once(cls, value: list[PiecesIn]) -> list[PiecesIn]:
        if len({line.line_no for line in value}) != len(value):
            raise ValueError("name each line once")
        return value


class MoveIn(BaseModel):
    """`expected_at`: the carrier's estimate. `why`: with `failed`, and only there."""

    model_config = ConfigDict(extra="forbid")

    to: Literal[ShipmentState.HANDED_OVER, ShipmentState.OUT_FOR_DELIVERY, ShipmentState.DELIVERED, ShipmentState.FAILED, ShipmentState.RETURNED]
    expected_at: AwareDatetime | None = None
    why: Failure | None = None
    tracking: Tracking = ""


class LeftIn(BaseModel):
    """Where it was left."""

    model_config = ConfigDict(extra="forbid")

    where: Left


class DoorOut(BaseModel):
    """`proof`: the code to show, while the parcel is being brought."""

    proof: LiveProof | None


class ShipmentOut(BaseModel):
    """`to`: as on the label."""

    shipment: ShipmentView
    to: tuple[str, ...]
