"""What may leave the loyalty programme: what she has and why, what a new file would change, and what others may want to hear.

Owns shapes only. contracts.py hands them out with the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PointsView:
    """One movement of points. `why`: paid, pieces_returned or refunded (an order's); visited, visit_not_counted; gift, gift_withdrawn; exchanged; lapsed,
    not_lapsed; referred (a first order by a link of hers). `cause` is what they stand for."""

    order_id: str | None
    points: int
    why: str
    at: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class TierView:
    """`kept_until`: the last day she surely has it. `missing` (minor units, or points where `currency` is empty) within `window_days` to `upper_name`."""

    name: str | None
    kept_until: str | None
    total: int
    upper_name: str | None
    missing: int
    currency: str
    window_days: int
    kept_days: int
    benefits: tuple[str, ...]
    levels: tuple[tuple[str, int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class CardView:
    """`have` of `needs` stamps; `full` cards were given for. `counted`: (day, order or store, how many) of what is on it. `says` is the rule in words."""

    id: str
    name: str
    says: str
    gift: str
    have: int
    needs: int
    full: int
    open: bool
    ends_on: str
    counted: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class ChallengeView:
    """`have` of `count` in the period that ends on `period_ends_on`, `row` of `in_a_row` periods running; met `met` of `most` times."""

    id: str
    name: str
    says: str
    gift: str
    have: int
    count: int
    row: int
    in_a_row: int
    met: int
    most: int
    open: bool
    period_ends_on: str
    money: str


@dataclass(frozen=True, slots=True)
class GiftView:
    """`state`: given; withdrawn (what it was for went back); kept (the same, but it was spent)."""

    id: str
    title: str
    text: str
    state: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class LoyaltyView:
    """Where one shopper stands. `counted`: she lets it be counted. `lapses_at`: the next `lapsing` points do. `visits_count`: the programme counts visits,
    and she has agreed. `exchange`: (points, credit_minor, currency)."""

    programme: str | None
    counted: bool
    points: int
    lapsing: int
    lapses_at: datetime | None
    exchange: tuple[int, int, str] | None
    visits_asked: bool
    visits_count: bool
    points_says: tuple[str, ...]
    tier: TierView | None
    cards: tuple[CardView, ...]
    challenges: tuple[ChallengeView, ...]
    gifts: tuple[GiftView, ...]
    entries: tuple[PointsView, ...]


@dataclass(frozen=True, slots=True)
class LoyaltyPlan:
    """What applying a file would change. `version` None: there is no programme yet."""

    version: int | None
    changes: tuple[str, ...]

    @property
    def changes_something(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True, slots=True)
class LoyaltyCounted:
    """Event `loyalty.counted`: something of hers counts for the loyalty programme, or does not any more (a purchase went back, a visit never was)."""

    TYPE: ClassVar[str] = "loyalty.counted"

    shopper_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LoyaltyGiftGiven:
    """Event `loyalty.gift_given`: a card is full or a challenge met; the points or the credit are hers already."""

    TYPE: ClassVar[str] = "loyalty.gift_given"

    reward_id: str
    shopper_id: str
    rule: str
    number: int
    points: int
    amount_minor: int
    currency: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class LoyaltyGiftWithdrawn:
    """Event `loyalty.gift_withdrawn`: what it was for went back, and it was not spent."""

    TYPE: ClassVar[str] = "loyalty.gift_withdrawn"

    reward_id: str
    shopper_id: str
    rule: str
    number: int
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True)
class LoyaltyTierMoved:
    """Event `loyalty.tier_moved`: she has another tier now, or none (empty)."""

    TYPE: ClassVar[str] = "loyalty.tier_moved"

    shopper_id: str
    before: str
    tier: str
    moved_at: datetime
