"""When her order is brought: shown to her with where it goes, and moved by her until the cut-off.

Owns that an order which is not to be brought any more is not moved. The order's row is locked first, as by every move of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.contracts import DeliveryView, OrderState
from storefront.delivery import booking
from storefront.delivery.booking import OtherSlot
from storefront.errors import SlotFixed
from storefront.orders.models import OrderRow
from storefront.orders.repository import owned

STANDS = (OrderState.PENDING, OrderState.PAID)


@dataclass(frozen=True, slots=True)
class Planned:
    """`to`: as on a label. `others`: where it may be moved to now."""

    delivery: DeliveryView
    to: tuple[str, ...]
    others: tuple[OtherSlot, ...]


def planned(session: Session, order_id: str, shopper_id: str, at: datetime) -> Planned | None:
    """None for an order that is not brought at a time. Raises UnknownOrder, also for another's."""
    order = owned(session, order_id, shopper_id)
    found = booking.view(session, order_id)
    if found is None:
        return None
    free = booking.others(session, order_id, at) if _stands(order) else []
    return Planned(found, booking.address_of(session, order_id), tuple(free))


def move_slot(session: Session, order_id: str, shopper_id: str, slot_id: str, *, at: datetime) -> None:
    """Raises UnknownOrder, SlotFixed, UnknownSlot, SlotDearer, SlotFull."""
    owned(session, order_id, shopper_id)
    row = select(OrderRow).where(OrderRow.id == order_id).with_for_update().execution_options(populate_existing=True)
    if not _stands(session.execute(row).scalar_one()):
        raise SlotFixed
    booking.move(session, order_id, slot_id, at=at)


def _stands(order: OrderRow) -> bool:
    return order.state in STANDS and order.refund_state == "none"
