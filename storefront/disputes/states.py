"""Where a dispute stands, and what of the money follows from it. Pure.

Owns the rule which of two statements of the provider counts, so that late, doubled and shuffled ones come to the same end: one that is final
counts before one that is not, then the newer. And where the disputed sum lies in each state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storefront.balance.accounts import Account


class DisputeState(StrEnum):
    """`inquiry`: the bank asks, and no money has moved. `open`: it has taken the money and waits for our word; `under_review`: it has it. `won` and
    `lost` are final; `closed`: an inquiry that came to nothing."""

    INQUIRY = "inquiry"
    OPEN = "open"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


FINAL = (DisputeState.WON, DisputeState.LOST, DisputeState.CLOSED)
WAITING = (DisputeState.INQUIRY, DisputeState.OPEN)
"""Those that wait for our word, until the deadline."""
STANDS = (DisputeState.OPEN, DisputeState.UNDER_REVIEW)
"""The bank has the money for now."""
_RANK = {state: rank for rank, state in enumerate(DisputeState)}


@dataclass(frozen=True, slots=True)
class DisputeTold:
    """What the provider says of a dispute. `told_at`: when it said so, as it orders its own words."""

    id: str
    payment_id: str
    state: DisputeState
    amount_minor: int
    currency: str
    reason: str
    due_at: datetime | None
    opened_at: datetime
    told_at: datetime


def weight(state: DisputeState, told_at: datetime) -> tuple[bool, datetime, int]:
    """The heavier of two statements counts."""
    return (state in FINAL, told_at, _RANK[state])


def lies_in(state: DisputeState) -> Account:
    """The account the disputed sum belongs in."""
    if state in STANDS:
        return Account.WITHHELD
    return Account.LOST if state is DisputeState.LOST else Account.RECEIVED
