"""Sponsored placements: where one may stand, and which of several does. Pure.

Owns the rule. It is given the place alone (a category, words somebody searched for, a product), never who looks: nothing of a person, and no position, can
decide. Where several fit, the one that has used the smallest part of its budget stands there, so that nobody outbids anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Slot(StrEnum):
    """Where: above a list of a category, above what a search found, under a product."""

    CATEGORY = "category"
    SEARCH = "search"
    PRODUCT = "product"


class PaidBy(StrEnum):
    VIEW = "view"
    CLICK = "click"


@dataclass(frozen=True, slots=True)
class Placement:
    """`categories` (and all in them; none: any) and `words` (beginnings of words searched for) say beside what. `price_minor`: for each counted view or click,
    until `budget_minor` is used up. `most_per_day`: how often one shopper is shown it, each hour once."""

    id: str
    partner_id: str
    product_id: str
    slots: tuple[Slot, ...]
    paid_by: PaidBy
    price_minor: int
    currency: str
    budget_minor: int
    starts_on: date
    ends_on: date
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    most_per_day: int = 3


@dataclass(frozen=True, slots=True)
class Where:
    """What is looked at. `categories`: the one that is listed or the product's, and those it lies in; `words`: what was searched for; `product_id`: the one whose
    page it is."""

    slot: Slot
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    product_id: str = ""


def fits(one: Placement, where: Where, today: date) -> bool:
    """Whether it may stand there today."""
    if where.slot not in one.slots or not one.starts_on <= today <= one.ends_on or one.product_id == where.product_id:
        return False
    if where.slot is Slot.SEARCH:
        return any(said.casefold().startswith(word.casefold()) for said in where.words for word in one.words)
    return not one.categories or not set(one.categories).isdisjoint(where.categories)


def in_turn(placements: Sequence[Placement], where: Where, spent_minor: Mapping[str, int], today: date) -> list[Placement]:
    """Those that fit and can still pay for being shown, whose turn it is first."""
    left = [one for one in placements if fits(one, where, today) and spent_minor.get(one.id, 0) + one.price_minor <= one.budget_minor]
    return sorted(left, key=lambda one: (spent_minor.get(one.id, 0) * 10_000 // one.budget_minor, one.id))
