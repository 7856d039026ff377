"""What may leave delivery and collection: when an order is brought, and how far it is where she fetches it.

Owns shapes only. contracts.py hands them out with the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from storefront.cash_contracts import CashView


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """When an order is brought. `closes_at`: until then she may move it. `held` False: it is not brought any more. Where it goes is told to her alone."""

    slot_id: str
    area: str
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    timezone: str
    held: bool


@dataclass(frozen=True, slots=True)
class CollectionView:
    """An order that is fetched from a store. `state`: open (being picked), ready (until `ready_until`), handed_over."""

    place_id: str
    place_name: str
    state: str
    ready_until: datetime | None
    arrived_at: datetime | None
    handed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CollectionAtStore:
    """The same for the store: `called` is the first name she gave with her address, `pieces` what is to be picked (name, how many). `overdue`: kept longer
    than was promised."""

    order_id: str
    place_id: str
    state: str
    called: str
    pieces: tuple[tuple[str, int], ...]
    placed_at: datetime
    ready_until: datetime | None
    arrived_at: datetime | None
    overdue: bool
    cash: CashView | None = None


@dataclass(frozen=True, slots=True)
class OrderPicked:
    """Event `order.picked`: it is ready and waits at the store until `ready_until`."""

    TYPE: ClassVar[str] = "order.picked"

    order_id: str
    shopper_id: str
    place_id: str
    ready_at: datetime
    ready_until: datetime
