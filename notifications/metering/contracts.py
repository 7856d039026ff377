"""What is told of use: the units of a day, a report of several days, and the event for whoever bills.

Owns shapes only. Nothing here says of whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class Unit(StrEnum):
    """What is counted."""

    MOMENTS_DETECTED = "moments_detected"
    COUPONS_REDEEMED = "coupons_redeemed"
    MESSAGES_SENT = "messages_sent"
    ORDERS_PAID = "orders_paid"


@dataclass(frozen=True, slots=True)
class UsageDay:
    """A day (UTC). `closed`: it has been reported, and never changes."""

    day: str
    units: Mapping[str, int]
    closed: bool


@dataclass(frozen=True, slots=True)
class UsageReport:
    """`first` to `last` day, both meant. `sha256` is of the canonical form of days and totals, `signature` (Ed25519, hex) of that form, by `public_key` (hex)."""

    first: str
    last: str
    days: tuple[UsageDay, ...]
    totals: Mapping[str, int]
    complete: bool
    sha256: str
    signature: str
    public_key: str


@dataclass(frozen=True, slots=True)
class UsageReported:
    """Event `usage.reported`: a day of use is closed; for whoever bills."""

    TYPE: ClassVar[str] = "usage.reported"

    report_id: str
    day: str
    moments_detected: int
    coupons_redeemed: int
    messages_sent: int
    orders_paid: int
    sha256: str
    reported_at: datetime
