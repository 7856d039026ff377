"""Whom a campaign is meant for: conditions on what is known of a shopper, joined by all, any and none.

Pure. Owns the shape and the rule, once for one shopper (`in_audience`) and once for a crowd (`members`); a test holds the two
together. Must not know where a fact comes from (audience.py reckons it, audience_facts.py and audience_counts.py read).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

Value = int | None
"""None: there is nothing to tell of, as the days since a visit that never was. No bound holds for it."""


class Fact(StrEnum):
    """What may be asked. Each is one whole number."""

    MEMBER_DAYS = "member_days"
    ACCOUNT = "account"
    MESSAGES = "messages"
    TIER = "tier"
    MEMBER = "member"
    VISITS = "visits"
    AVERAGE_STAY_S = "average_stay_s"
    DAYS_SINCE_VISIT = "days_since_visit"
    ORDERS = "orders"
    SPENT_MINOR = "spent_minor"
    DAYS_SINCE_ORDER = "days_since_order"
    COUPONS_GIVEN = "coupons_given"
    COUPONS_USED = "coupons_used"
    COUPONS_UNUSED = "coupons_unused"
    ANSWERS = "answers"


OF_HERSELF = frozenset({Fact.MEMBER_DAYS, Fact.ACCOUNT, Fact.MESSAGES, Fact.TIER})
OF_MEMBERSHIPS = frozenset({Fact.MEMBER})
OF_VISITS = frozenset({Fact.VISITS, Fact.AVERAGE_STAY_S, Fact.DAYS_SINCE_VISIT})
OF_ORDERS = frozenset({Fact.ORDERS, Fact.SPENT_MINOR, Fact.DAYS_SINCE_ORDER})
OF_COUPONS = frozenset({Fact.COUPONS_GIVEN, Fact.COUPONS_USED, Fact.COUPONS_UNUSED})
OF_ANSWERS = frozenset({Fact.ANSWERS})


@dataclass(frozen=True, slots=True)
class Segment:
    """Either a condition (`fact` is set: its value lies between the bounds, both inclusive), or others joined: all of `all`
    hold, one of `any` (where there are some), and none of `none`.

    `within_days` are whole days of 24 hours before now. Of places, products, campaigns and plans that are named any suffices; of answers to surveys each that
    she chose counts.
    """

    all: tuple[Segment, ...] = ()
    any: tuple[Segment, ...] = ()
    none: tuple[Segment, ...] = ()
    fact: str | None = None
    at_least: int | None = None
    at_most: int | None = None
    within_days: int | None = None
    place_ids: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    campaign_ids: tuple[str, ...] = ()
    plan_ids: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    currency: str | None = None

    @property
    def key(self) -> str:
        """What is asked, without the bounds: `visits 30d chains=ooey-gooey`. The same for conditions that need the same fact."""
        parts = [self.fact or ""]
        parts += [f"{self.within_days}d"] if self.within_days is not None else []
        parts += [self.currency] if self.currency is not None else []
        parts += [f"{name}={','.join(values)}" for name in SCOPES if (values := getattr(self, name))]
        return " ".join(parts)


SCOPES = ("place_ids", "chains", "tags", "product_ids", "categories", "campaign_ids", "plan_ids", "answers")


def conditions(segment: Segment) -> Iterator[Segment]:
    """Every condition in it, in the order they are written."""
    if segment.fact is not None:
        yield segment
    for inner in (*segment.all, *segment.any, *segment.none):
        yield from conditions(inner)


@lru_cache(maxsize=4096)
def asked(segment: Segment) -> tuple[Segment, ...]:
    """One condition for each fact it needs."""
    return tuple({one.key: one for one in conditions(segment)}.values())


def asked_by(audiences: Iterable[Segment | None]) -> dict[str, Segment]:
    """One condition for each fact that any of them needs, by key; None asks for nothing."""
    return {one.key: one for segment in audiences if segment is not None for one in asked(segment)}


def holds(condition: Segment, value: Value) -> bool:
    """Does the value lie between the bounds?"""
    if value is None:
        return False
    return (condition.at_least is None or value >= condition.at_least) and (
        condition.at_most is None or value <= condition.at_most
    )


def in_audience(segment: Segment, facts: Mapping[str, Value]) -> bool:
    """Does one shopper belong to it? `facts` by key."""
    return not missed(segment, facts)


def missed(segment: Segment, facts: Mapping[str, Value], wanted: bool = True) -> tuple[tuple[Segment, bool], ...]:
    """Every condition that keeps her out, and whether it was wanted (False: it holds and should not); empty when she belongs.

    Where one of several would have sufficed, all of them are told.
    """
    if segment.fact is not None:
        return () if holds(segment, facts[segment.key]) == wanted else ((segment, wanted),)
    parts = [
        *(missed(one, facts, wanted) for one in segment.all),
        *([_one_of([missed(one, facts, wanted) for one in segment.any], each=not wanted)] if segment.any else []),
        *(missed(one, facts, not wanted) for one in segment.none),
    ]
    return _one_of(parts, each=wanted)


def _one_of(parts: list[tuple[tuple[Segment, bool], ...]], *, each: bool) -> tuple[tuple[Segment, bool], ...]:
    """What is missed where `each` part, or one of them, must miss nothing."""
    if not each and not all(parts):
        return ()
    return tuple(one for part in parts for one in part)


def members(segment: Segment, everybody: Set[str], holding: Callable[[Segment], Set[str]]) -> Set[str]:
    """Those of `everybody` who belong to it; `holding` gives those for whom one condition holds."""
    if segment.fact is not None:
        return everybody & holding(segment)
    found = everybody
    for one in segment.all:
        found = found & members(one, found, holding)
    if segment.any:
        found = set[str]().union(*(members(one, found, holding) for one in segment.any))
    for one in segment.none:
        found = found - members(one, found, holding)
    return found
