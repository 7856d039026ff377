"""What is known of one shopper, reckoned into the facts that audiences ask for.

Pure. Owns the meaning of every fact. Must not read anything: audience_facts.py hands in what is known; audience_counts.py says the
same in SQL for everybody at once, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from offers.segments import OF_ANSWERS, OF_COUPONS, OF_ORDERS, OF_VISITS, Fact, Segment, Value


@dataclass(frozen=True, slots=True)
class Stay:
    """A visit that has ended."""

    place_id: str
    chain: str | None
    tags: tuple[str, ...]
    started_at: datetime
    ended_at: datetime
    dwell_s: int


@dataclass(frozen=True, slots=True)
class Bought:
    """One line of a paid order that was not refunded."""

    order_id: str
    product_id: str
    category: str
    total_minor: int
    currency: str
    bought_at: datetime


@dataclass(frozen=True, slots=True)
class Had:
    """A coupon that was given to her and not withdrawn; `used`: None while it can still go either way."""

    campaign_id: str
    issued_at: datetime
    used: bool | None


@dataclass(frozen=True, slots=True)
class Known:
    """What no campaign asks for stays empty."""

    since: datetime | None = None
    account: bool = False
    messages: bool = False
    stays: Sequence[Stay] = ()
    bought: Sequence[Bought] = ()
    had: Sequence[Had] = ()
    tier: int = 0
    plans: frozenset[str] = frozenset()
    answers: Sequence[tuple[str, datetime]] = ()
    """What she chose in surveys, as `survey/question/choice`, and when."""


def together(parts: Sequence[Known]) -> Known:
    """What is known of one person by several ids, the present one first: whether she takes messages is said by that one."""
    if len(parts) == 1:
        return parts[0]
    return Known(
        since=min((k.since for k in parts if k.since is not None), default=None),
        account=any(k.account for k in parts),
        messages=parts[0].messages,
        stays=[s for k in parts for s in k.stays],
        bought=[b for k in parts for b in k.bought],
        had=[h for k in parts for h in k.had],
        tier=max(k.tier for k in parts),
        plans=frozenset[str]().union(*(k.plans for k in parts)),
        answers=[a for k in parts for a in k.answers],
    )


def covers(asked: Segment, place_id: str, chain: str | None, tags: Sequence[str]) -> bool:
    """Is the place one of those that are asked about? None named: all are."""
    if not (asked.place_ids or asked.chains or asked.tags):
        return True
    return place_id in asked.place_ids or (chain is not None and chain in asked.chains) or not set(tags).isdisjoint(asked.tags)


def begins(asked: Segment, at: datetime) -> datetime | None:
    """From when on things count; None: from ever."""
    return at - timedelta(days=asked.within_days) if asked.within_days is not None else None


def fact(asked: Segment, known: Known, at: datetime) -> Value:
    """The value at `at`; what lies after it does not count."""
    since = begins(asked, at)

    def counts(when: datetime) -> bool:
        return when <= at and (since is None or when >= since)

    if asked.fact in OF_VISITS:
        stays = [s for s in known.stays if s.ended_at <= at and counts(s.started_at) and covers(asked, s.place_id, s.chain, s.tags)]
        return of_visits(
            asked, len(stays), sum(s.dwell_s for s in stays), max((s.started_at for s in stays), default=None), at
        )
    if asked.fact in OF_ORDERS:
        bought = [b for b in known.bought if counts(b.bought_at) and _is_meant(asked, b)]
        return of_orders(
            asked, len({b.order_id for b in bought}), sum(b.total_minor for b in bought),
            max((b.bought_at for b in bought), default=None), at,
        )  # fmt: skip
    if asked.fact in OF_COUPONS:
        had = [h for h in known.had if counts(h.issued_at) and h.campaign_id in (asked.campaign_ids or (h.campaign_id,))]
        wanted = {Fact.COUPONS_USED: True, Fact.COUPONS_UNUSED: False}
        return sum(asked.fact == Fact.COUPONS_GIVEN or h.used is wanted[Fact(asked.fact)] for h in had)
    if asked.fact in OF_ANSWERS:
        return len({answer for answer, when in known.answers if counts(when) and answer in (asked.answers or (answer,))})
    if asked.fact == Fact.MEMBER_DAYS:
        return days_since(known.since, at)
    if asked.fact == Fact.TIER:
        return known.tier
    if asked.fact == Fact.MEMBER:
        return of_plans(asked, known.plans)
    return int(known.account if asked.fact == Fact.ACCOUNT else known.messages)


def of_plans(asked: Segment, plans: frozenset[str]) -> int:
    """Is she a member of one of those that are asked about? None named: of any."""
    return int(not plans.isdisjoint(asked.plan_ids) if asked.plan_ids else bool(plans))


def _is_meant(asked: Segment, line: Bought) -> bool:
    if asked.currency not in (None, line.currency):
        return False
    named = asked.product_ids or asked.categories
    return not named or line.product_id in asked.product_ids or line.category in asked.categories


def of_visits(asked: Segment, count: int, dwell_s: int, last_at: datetime | None, at: datetime) -> Value:
    """The fact from a tally of stays."""
    if asked.fact == Fact.VISITS:
        return count
    if asked.fact == Fact.AVERAGE_STAY_S:
        return dwell_s // count if count else None
    return days_since(last_at, at)


def of_orders(asked: Segment, count: int, spent_minor: int, last_at: datetime | None, at: datetime) -> Value:
    """The fact from a tally of what was bought."""
    if asked.fact == Fact.ORDERS:
        return count
    return spent_minor if asked.fact == Fact.SPENT_MINOR else days_since(last_at, at)


def days_since(when: datetime | None, at: datetime) -> Value:
    """Whole days of 24 hours."""
    return (at - when).days if when is not None else None
