"""The tables of shipments: what of an order was packed into which parcel, who carries it, and how far it is.

Owns the shapes. Where it goes stands in the order's booking alone, sealed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class ShipmentRow(Base):
    """`state`: states.ShipmentState, moved by conditional UPDATEs alone; each step keeps its time. `tracking`: the carrier's number, or empty.
    `expected_at`: the carrier's estimate. `proof`, `delivered_by`: how and by whom it was given; `why`: of what failed or was left."""

    __tablename__ = "storefront_shipment"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), index=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(20))
    carrier: Mapped[str] = mapped_column(String(40))
    tracking: Mapped[str] = mapped_column(String(80))
    packed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    packed_by: Mapped[str] = mapped_column(String(80))
    handed_at: Mapped[datetime | None] = mapped_column(Instant)
    out_at: Mapped[datetime | None] = mapped_column(Instant)
    expected_at: Mapped[datetime | None] = mapped_column(Instant)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    failed_at: Mapped[datetime | None] = mapped_column(Instant)
    returned_at: Mapped[datetime | None] = mapped_column(Instant)
    proof: Mapped[str | None] = mapped_column(String(10))
    delivered_by: Mapped[str | None] = mapped_column(String(80))
    why: Mapped[str | None] = mapped_column(String(20))
    __table_args__ = (Index("ix_storefront_shipment_state", "state", "order_id"),)


class ShipmentLineRow(Base):
    """So many pieces of a line of the order lie in the parcel."""

    __tablename__ = "storefront_shipment_line"
    shipment_id: Mapped[str] = mapped_column(ForeignKey("storefront_shipment.id", ondelete="CASCADE"), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantity: Mapped[int]
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)
