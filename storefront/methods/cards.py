"""A card as far as we know it: the provider's token for it, and what she tells it by. Pure.

Owns the shape and when a card's time is over. A card number never comes here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

SOON_MONTHS = 1


@dataclass(frozen=True, slots=True)
class Card:
    """`token` pays only together with the payer it is attached to. `fingerprint` is the provider's mark of the card: the same card has the same."""

    token: str = field(repr=False)
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    fingerprint: str | None = field(default=None, repr=False)


def expired(card: Card, at: datetime) -> bool:
    """A card is good until the last day of its month."""
    return (card.exp_year, card.exp_month) < (at.year, at.month)


def expires_soon(card: Card, at: datetime) -> bool:
    """This month or the next, and not over yet."""
    months = (card.exp_year - at.year) * 12 + card.exp_month - at.month
    return 0 <= months <= SOON_MONTHS
