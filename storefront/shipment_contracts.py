"""What may leave the room of shipments: how far what was sent is, for her, for the store and for whoever listens.

Owns shapes only. contracts.py hands them out with the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from storefront.cash_contracts import CashView


@dataclass(frozen=True, slots=True)
class ShipmentPiece:
    """`quantity` pieces of one line of the order."""

    line_no: int
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ShipmentView:
    """One parcel. `state`: packed, handed_over, out_for_delivery, delivered, failed, returned. `expected_at`: what the carrier says. `why`: of what failed,
    or of a parcel that was left. `proof` of what was delivered: code (shown at the door), carrier (the carrier says so), left (nobody took it)."""

    id: str
    order_id: str
    state: str
    carrier: str
    tracking: str
    pieces: tuple[ShipmentPiece, ...]
    packed_at: datetime
    handed_at: datetime | None
    out_at: datetime | None
    expected_at: datetime | None
    delivered_at: datetime | None
    failed_at: datetime | None
    returned_at: datetime | None
    why: str | None
    proof: str | None


@dataclass(frozen=True, slots=True)
class OrderToShip:
    """An order that the store sends: `left` is still to be packed, `to` stands on the label. `cash`: what is to be taken at the door, or was."""

    order_id: str
    area: str
    to: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    timezone: str
    left: tuple[ShipmentPiece, ...]
    shipments: tuple[ShipmentView, ...]
    cash: CashView | None = None


@dataclass(frozen=True, slots=True)
class ShipmentMoved:
    """Event `shipment.moved`: packed, handed to a carrier, out, delivered, failed or back at the store (`state` says which)."""

    TYPE: ClassVar[str] = "shipment.moved"

    shipment_id: str
    order_id: str
    shopper_id: str
    state: str
    moved_at: datetime
