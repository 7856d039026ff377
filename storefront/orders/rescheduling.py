"""When her order is brought: shown to her with where it goes, and moved by her until the cut-off.

Owns that an order which is not to be brought any more, or has left the store, is not moved. The order's row is locked first, as by every move of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from storefront.contracts import DeliveryView, OrderState
from storefront.delivery import booking
from storefront.delivery.booking import OtherSlot
from storefront.errors import SlotFixed
from storefront.orders.models import OrderRow
from storefront.orders.repository import locked, owned
from storefront.shipments.repository import has_left


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
    free = booking.others(session, order_id, at) if _waits(order) and not has_left(session, order_id) else []
    return Planned(found, booking.address_of(session, order_id), tuple(free))


def move_slot(session: Session, order_id: str, shopper_id: str, slot_id: str, *, at: datetime) -> None:
    """Raises UnknownOrder, SlotFixed, UnknownSlot, SlotDearer, SlotFull."""
    owned(session, order_id, shopper_id)
    order = locked(session, order_id)
    if order is None or not _waits(order) or has_left(session, order_id):
        raise SlotFixed
    booking.move(session, order_id, slot_id, at=at)


def _waits(order: OrderRow) -> bool:
    """It is to be brought: paid, still being paid, or to be paid at the door."""
    return order.state in (OrderState.PENDING, OrderState.CONFIRMED, OrderState.PAID) and order.refund_state == "none"
