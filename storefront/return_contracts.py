"""What leaves the room of giving back: requests, exchanges, and money on its way back. Plain data; contracts.py has the rest of the room's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """What she wants instead: so many pieces at `unit_minor`, less `discount_minor`, which goes over from what they replace, are `total_minor`;
    `pay_minor` of that is more than she gets for those, and is paid before it is sent."""

    product_id: str
    name: str
    quantity: int
    unit_minor: int
    discount_minor: int
    total_minor: int
    pay_minor: int


@dataclass(frozen=True, slots=True)
class ReturnRequestView:
    """What a shopper has asked to give back (`pieces`: line number -> how many), why, and where the money shall go. She brings them until `expires_at`.
    With `exchange`, `amount_minor` is what is left of their money."""

    id: str
    order_id: str
    pieces: Mapping[str, int]
    reason: str
    to_credit: bool
    amount_minor: int
    asked_at: datetime
    expires_at: datetime
    exchange: ExchangeView | None = None


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money of an order on its way back, or back. `kind`: return (of pieces), cashback, or exchange (it pays for the order `exchange_id`); `state`: due, done,
    dropped. `credit_minor` of it goes to her balance, the rest to where it was paid from."""

    id: str
    kind: str
    state: str
    amount_minor: int
    pieces: dict[str, int]
    asked_at: datetime
    closed_at: datetime | None
    credit_minor: int = 0
    exchange_id: str | None = None
