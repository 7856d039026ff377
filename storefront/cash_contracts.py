"""What leaves the room of paying in cash: views, and the events. Plain data; contracts.py has the rest of the room's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class WayToPay:
    """One way a cart could be paid, with what it would come to. `id`: online, cash_on_delivery, pay_at_till. `fee_minor` is in `total_minor`; `balance_minor` of that
    her balance would pay. `cashback_minor`: what comes back for paying so. `why`: a reason code, where it cannot be paid so."""

    id: str
    fee_minor: int
    total_minor: int
    balance_minor: int
    cashback_minor: int
    why: str | None = None
    why_text: str | None = None


@dataclass(frozen=True, slots=True)
class CashView:
    """What is (or was) to be paid in cash for an order. `way`: cash_on_delivery, pay_at_till; `state`: open, taken, refused, lapsed, withdrawn. `means`: cash or
    terminal; `change_minor`: what was given back of what was put down."""

    way: str
    state: str
    amount_minor: int
    currency: str
    place_id: str | None
    means: str | None
    change_minor: int | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class DrawerView:
    """A till's drawer or a courier's purse. `state`: open, closed. `difference_minor`: counted less expected; `why`: where it comes from."""

    id: str
    place_id: str
    kind: str
    clerk_id: str
    currency: str
    state: str
    float_minor: int
    expected_minor: int
    counted_minor: int | None
    difference_minor: int | None
    why: str | None
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CashAtStore:
    """For the clerk: an order that is to be paid, or of which money waits to be paid out (by what it was paid with, `means`). `called` is a first name, and nothing else of her."""

    order_id: str
    way: str
    called: str
    amount_minor: int
    currency: str
    means: str | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class CashTaken:
    """What the clerk is told: what was due, what was put down, what to give back."""

    order_id: str
    due_minor: int
    tendered_minor: int
    change_minor: int
    currency: str
    means: str


@dataclass(frozen=True, slots=True)
class OrderConfirmed:
    """Event `order.confirmed`: it stands without money, `due_minor` is to be paid in cash (`way`: cash_on_delivery, pay_at_till)."""

    TYPE: ClassVar[str] = "order.confirmed"

    order_id: str
    shopper_id: str
    total_minor: int
    due_minor: int
    currency: str
    way: str
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class CashCounted:
    """Event `cash.counted`: a drawer was counted and closed; `difference_minor` is counted less expected."""

    TYPE: ClassVar[str] = "cash.counted"

    drawer_id: str
    place_id: str
    currency: str
    expected_minor: int
    counted_minor: int
    difference_minor: int
    closed_at: datetime
