"""The accounts of the books, and how much of an order a balance pays. Pure.

Owns the names and that arithmetic. Each movement takes from one account and gives to another, so that the sum over all is always nothing.
"""

from __future__ import annotations

from enum import StrEnum


class Account(StrEnum):
    """Owed to people: `balance` (hers to spend), `held` (by an order that is being paid), `card` (to whoever has the gift card).
    Where it came from: `sold` (gift cards that were paid for), `given` (by staff), `refunds` (money of an order kept as store credit).
    Where it went: `spent` (on goods), `expired` (lost, or given up).
    Of orders whose money is disputed: `received` (by card), `withheld` (a bank has it for now), `lost` (for good). Of memberships: `membership` (what was paid for them), against `received`."""

    BALANCE = "balance"
    HELD = "held"
    CARD = "card"
    SOLD = "sold"
    GIVEN = "given"
    REFUNDS = "refunds"
    SPENT = "spent"
    EXPIRED = "expired"
    RECEIVED = "received"
    WITHHELD = "withheld"
    LOST = "lost"
    MEMBERSHIP = "membership"


def part_of(total_minor: int, available_minor: int, *, least_charge_minor: int) -> int:
    """How much of a total the balance pays: as much as there is, but never leaving less to a card than a provider takes."""
    part = min(total_minor, available_minor)
    if 0 < total_minor - part < least_charge_minor:
        part = max(0, total_minor - least_charge_minor)
    return part
