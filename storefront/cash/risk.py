"""Who may pay in cash, and for what: at her door, or at the till where she fetches it. Pure.

Owns what a shop can set for each of the two ways, and the rule. A way that is not set is off. Must not know the database, and must not count:
the facts are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from app.kernel.verdict import PASS, Fail, Verdict
from storefront.reasons import StorefrontReason as Reason


class PayBy(StrEnum):
    """`online`: through the payment provider. `cash_on_delivery`: to whoever brings it. `pay_at_till`: at the counter, in cash or by the shop's own card terminal."""

    ONLINE = "online"
    CASH_ON_DELIVERY = "cash_on_delivery"
    PAY_AT_TILL = "pay_at_till"


@dataclass(frozen=True, slots=True)
class CashWay:
    """One of the two, as the shop has set it. `delivery`: the ways to get an order it goes with. `most_minor`: currency -> the most that may be owed; in other
    currencies it is not offered. `fees_minor`: what it costs. `places`: only these stores; none named: all. `not_areas`: areas where nobody takes money.
    `guests`: also without an account; `verified_contact`: only with an address or number she has shown to be hers. `most_open`: so many unpaid orders at a
    time. `most_missed`: so many of her orders refused at the door or never fetched, in `missed_days`, and it is refused. `kept_days`: so long an order
    waits for its money, from when it was to be brought or is ready."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    id: PayBy
    delivery: tuple[str, ...]
    most_minor: Mapping[str, int]
    fees_minor: Mapping[str, int] = field(default_factory=dict[str, int])
    places: tuple[str, ...] = ()
    not_areas: tuple[str, ...] = ()
    guests: bool = True
    verified_contact: bool = False
    most_open: int = 2
    most_missed: int = 1
    missed_days: int = 180
    kept_days: int = 7

    def __post_init__(self) -> None:
        if self.id is PayBy.ONLINE:
            raise ValueError("online is always offered; name cash_on_delivery or pay_at_till")
        if not self.delivery or not self.most_minor:
            raise ValueError("name the ways of delivery it goes with, and the most that may be owed in each currency")
        for currency, minor in (*self.most_minor.items(), *self.fees_minor.items()):
            if not re.fullmatch(r"[A-Z]{3}", currency) or not 0 <= minor <= 1_000_000_00:
                raise ValueError("most_minor and fees_minor: a currency such as EUR, and 0 to 100000000")
        if not (1 <= self.most_open <= 100 and 1 <= self.most_missed <= 100 and 1 <= self.missed_days <= 3650 and 1 <= self.kept_days <= 90):
            raise ValueError("most_open and most_missed are 1 to 100, missed_days 1 to 3650, kept_days 1 to 90")

    def fee_minor(self, currency: str) -> int:
        return self.fees_minor.get(currency, 0)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of her and of the cart. `due_minor`: what would be paid in cash, with the fee. `no_goods`: something of it is no thing that is handed over (a
    download, a gift card). `place_id`: the store it is fetched or brought from. `open_orders`, `missed`: hers, by whatever name she is known."""

    due_minor: int
    currency: str
    delivery: str
    place_id: str | None = None
    area_id: str | None = None
    no_goods: bool = False
    guest: bool = False
    verified: bool = True
    open_orders: int = 0
    missed: int = 0


def may_pay(way: CashWay, facts: Facts) -> Verdict:
    """PASS, or Fail with the first reason against it: what another cart would mend first, what only she can mend then, what nobody can last."""
    most_minor = way.most_minor.get(facts.currency)
    checks = (
        (facts.delivery not in way.delivery, Reason.CASH_NOT_WITH_DELIVERY),
        (most_minor is None, Reason.CASH_NOT_IN_CURRENCY),
        (facts.no_goods, Reason.CASH_NOT_FOR_THESE),
        (bool(way.places) and facts.place_id not in way.places, Reason.CASH_NOT_THERE),
        (facts.area_id is not None and facts.area_id in way.not_areas, Reason.CASH_NOT_THERE),
        (most_minor is not None and facts.due_minor > most_minor, Reason.CASH_TOO_MUCH),
        (facts.guest and not way.guests, Reason.CASH_NEEDS_ACCOUNT),
        (way.verified_contact and not facts.verified, Reason.CASH_NEEDS_CONTACT),
        (facts.open_orders >= way.most_open, Reason.CASH_TOO_MANY_OPEN),
        (facts.missed >= way.most_missed, Reason.CASH_MISSED_BEFORE),
    )
    return next((Fail(reason) for against, reason in checks if against), PASS)
