"""What may leave bookings: when a service is given to somebody, for her and for the store, and the events of its life.

Owns shapes only. contracts.py hands them out with the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class BookingView:
    """A line of an order that is given at a time. `state`: held (not paid yet), booked, attended, missed, given_back. Until `free_until` she may move or
    cancel it herself."""

    id: str
    order_id: str
    line_no: int
    product_id: str
    name: str
    place_id: str
    place_name: str
    slot_id: str
    places: int
    state: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    free_until: datetime
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class BookingAtStore:
    """The same for the store: `called` is the first name she gave with her address. `missable`: it has begun and she has not been checked in."""

    id: str
    order_id: str
    place_id: str
    name: str
    called: str
    places: int
    state: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    arrived_at: datetime | None
    missable: bool


@dataclass(frozen=True, slots=True)
class BookingConfirmed:
    """Event `booking.confirmed`: paid for, or (`moves` above 0) moved to this time."""

    TYPE: ClassVar[str] = "booking.confirmed"

    booking_id: str
    order_id: str
    shopper_id: str
    product_id: str
    place_id: str
    places: int
    starts_at: datetime
    moves: int


@dataclass(frozen=True, slots=True)
class BookingNeared:
    """Event `booking.neared`: a day from now it begins."""

    TYPE: ClassVar[str] = "booking.neared"

    booking_id: str
    order_id: str
    shopper_id: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class BookingEnded:
    """Event `booking.ended`: attended, missed, or given_back, when its places are free for others; `places` that many."""

    TYPE: ClassVar[str] = "booking.ended"

    booking_id: str
    order_id: str
    shopper_id: str
    state: str
    places: int
    ended_at: datetime
