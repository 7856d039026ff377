"""What a loyalty programme is made of: points, tiers, cards and challenges. Pure.

Owns the shapes. A day is a local one of the store (`2026-11-23`), so that neither a change of the clock nor a zone moves what was counted. Must not
know how it is written (schemas.py) nor what somebody has (standing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GiftKind(StrEnum):
    POINTS = "points"
    CREDIT = "credit"
    FREE_PIECE = "free_piece"
    """The cheapest of the pieces that filled the card, as credit, up to `amount_minor`."""


@dataclass(frozen=True, slots=True)
class Gift:
    """`points`, or money for her balance: `amount_minor` is how much, of a free piece the most."""

    kind: GiftKind
    points: int = 0
    amount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """So many points are so much on her balance."""

    points: int
    credit_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Points:
    """`visit_days_per_month`: more visits in a calendar month earn nothing more. Points lapse `last_days` after they came, but none before `lapse_from`."""

    per_visit: int = 0
    visit_days_per_month: int = 0
    last_days: int | None = None
    lapse_from: str | None = None
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """From `least` on (minor units or points, as the tiers measure). `points_bp` 12500 multiplies points by 1.25."""

    id: str
    name: str
    least: int
    points_bp: int = 10_000
    free_delivery: bool = False


@dataclass(frozen=True, slots=True)
class Tiers:
    """By what was kept of money spent in `currency`, or by points earned, within the last `window_days`. Once reached a tier stays `kept_days` more.
    `levels` from the lowest on."""

    measure: str
    currency: str
    window_days: int
    kept_days: int
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What counts: visits, or pieces of these products or of products in these categories (of all, when neither is named)."""

    visits: bool = False
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """`needs` stamps are a full card; the next begins at once. `most`: so many full cards a person."""

    id: str
    name: str
    scope: Scope
    needs: int
    gift: Gift
    starts_on: str
    ends_on: str
    most: int | None = None


class Goal(StrEnum):
    VISITS = "visits"
    """Days in stores: one for each store and day."""
    STORES = "stores"
    """Different stores."""
    PIECES = "pieces"
    SPEND = "spend"


class Every(StrEnum):
    WEEK = "week"
    MONTH = "month"
    ONCE = "once"
    """Its whole time is one period."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Reach `count` of the goal in a period, `in_a_row` periods running. `most`: so many times a person."""

    id: str
    name: str
    goal: Goal
    count: int
    every: Every
    in_a_row: int
    most: int
    gift: Gift
    starts_on: str
    ends_on: str
    scope: Scope = Scope()
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Programme:
    """`timezone`: whose days count for what is bought outside a store. `chains`: whose stores' visits count; none: all."""

    name: str
    timezone: str
    points: Points = Points()
    tiers: Tiers | None = None
    cards: tuple[Card, ...] = ()
    challenges: tuple[Challenge, ...] = ()
    chains: tuple[str, ...] = ()

    @property
    def counts_visits(self) -> bool:
        asked = self.points.per_visit or any(c.scope.visits for c in self.cards)
        return bool(asked) or any(c.goal in (Goal.VISITS, Goal.STORES) for c in self.challenges)

    def level(self, level_id: str | None) -> Level | None:
        return next((one for one in self.tiers.levels if one.id == level_id), None) if self.tiers else None
