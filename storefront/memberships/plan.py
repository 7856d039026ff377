"""What a membership is made of: what it costs, how often, and what it unlocks. Pure.

Owns the shapes and what a member pays for a piece. Must not know how it is written (schemas.py) nor who is a member (states.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

ONE_BP = 10_000


class Every(StrEnum):
    """How often it is paid for; the values are the provider's too."""

    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Benefits:
    """`points_bp` 20000 doubles points. `off_bp` 500 takes 5 % off the price of each piece. `early_access`: some campaigns are for members first."""

    free_delivery: bool = False
    off_bp: int = 0
    points_bp: int = ONE_BP
    early_access: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`prices`: currency -> minor units for each period, tax included. `open`: it can be joined; a closed one goes on for those who have it."""

    id: str
    name: str
    every: Every
    prices: Mapping[str, int] = field(default_factory=dict[str, int])
    trial_days: int = 0
    open: bool = True
    benefits: Benefits = Benefits()


@dataclass(frozen=True, slots=True)
class Plans:
    """`grace_days`: so long benefits stay after the last paid day while a payment is being tried again."""

    plans: tuple[Plan, ...] = ()
    grace_days: int = 0

    def plan(self, plan_id: str) -> Plan | None:
        return next((one for one in self.plans if one.id == plan_id), None)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with one member: a plan at the price of the day she joined or changed."""

    plan_id: str
    name: str
    amount_minor: int
    currency: str
    every: Every


def member_price_minor(unit_minor: int, off_bp: int) -> int:
    """What she pays for one piece: so much off, rounded down, so that a price never falls below what is promised."""
    return unit_minor - unit_minor * off_bp // ONE_BP
