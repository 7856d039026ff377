"""How many shoppers belong to an audience now, and how many of them an offer could reach.

Owns the counting: one statement for each fact that is asked for, over everybody who has agreed to be counted, and the rule of
segments.py over the sets that come of it. A test holds this against deciding for each shopper by herself. What leaves the room
is rounded down to twenties: two numbers told, in one answer or in two, never differ by fewer people than that. Must not list
anybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, distinct, func, or_, select
from sqlalchemy.orm import Session

from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import crowds
from geofences import facade as geofences
from offers import answers, audience, lift, memberships, tiers
from offers.contracts import AudienceCount, CouponState
from offers.definition import Definition
from offers.models import CouponRow, PurchaseRow, Tally
from offers.segments import OF_ANSWERS, OF_COUPONS, OF_ORDERS, OF_VISITS, Fact, Segment, Value, holds, members

STEP = lift.FEWEST


def rounded(count: int) -> int | None:
    """Down to twenties; None below the first."""
    return count // STEP * STEP or None


def count(
    session: Session, segment: Segment | None, *, at: datetime, campaign_id: str | None = None, campaign: Definition | None = None
) -> AudienceCount:
    """Live counts (None: everybody), and for a campaign with its caps how many are at them."""
    crowd = Crowd(session, at)
    found = crowd.members(segment)
    open_to_it = found & gate.agreed_to(session, Purpose.PERSONALISATION, at)
    reachable = open_to_it & gate.agreed_to(session, Purpose.MARKETING_PUSH, at) & crowd.owners_of(crowds.with_device(session))
    capped = open_to_it & _capped(session, crowd, campaign, campaign_id, at) if campaign and campaign_id else set[str]()
    return AudienceCount(
        counted=rounded(len(crowd.everybody)),
        members=rounded(len(found)),
        open_to_offers=rounded(len(open_to_it)),
        reachable=rounded(len(reachable)),
        capped=rounded(len(capped)),
        step=STEP,
        at=at,
    )


class Crowd:
    """Everybody who has agreed to be counted, by the ids they are known by today, and what is known of all of them."""

    def __init__(self, session: Session, at: datetime) -> None:
        self._session, self._at = session, at
        self._joined = crowds.joined(session)
        self._holding: dict[Segment, Set[str]] = {}
        self.everybody: Set[str] = gate.agreed_to(session, Purpose.ANALYTICS, at) - self._joined.keys()

    def members(self, segment: Segment | None) -> Set[str]:
        return self.everybody if segment is None else members(segment, self.everybody, self._holds)

    def owners_of(self, ids: Iterable[str]) -> set[str]:
        return {self._joined.get(i, i) for i in ids}

    def _holds(self, condition: Segment) -> Set[str]:
        if condition not in self._holding:
            values = self._values(condition)
            held = {owner for owner, value in values.items() if holds(condition, value)}
            if holds(condition, _OF_NOBODY.get(condition.fact or "", 0)):  # for those of whom nothing is known as well
                held |= self.everybody - values.keys()
            self._holding[condition] = held
        return self._holding[condition]

    def _values(self, c: Segment) -> Mapping[str, Value]:
        if c.fact in OF_VISITS:
            rows = geofences.stay_tallies(self._session, place_ids=self._places(c), since=self._since(c), until=self._at)
            return {i: audience.of_visits(c, *tally, self._at) for i, tally in self._summed(rows).items()}
        if c.fact in OF_ORDERS:
            return {i: audience.of_orders(c, *tally, self._at) for i, tally in self._summed(self._orders(c)).items()}
        if c.fact in OF_COUPONS:
            return {i: tally[0] for i, tally in self._summed(self._coupons(c)).items()}
        if c.fact in OF_ANSWERS:
            return self._answers(c)
        if c.fact == Fact.MEMBER_DAYS:
            return self._member_days()
        if c.fact == Fact.ACCOUNT:
            return dict.fromkeys(self.owners_of(crowds.with_account(self._session)), 1)
        if c.fact == Fact.TIER:
            return self._tiers()
        if c.fact == Fact.MEMBER:
            return self._members(c)
        return dict.fromkeys(gate.agreed_to(self._session, Purpose.MARKETING_PUSH, self._at), 1)

    def _since(self, c: Segment) -> datetime | None:
        return audience.begins(c, self._at)

    def _places(self, c: Segment) -> list[str] | None:
        if not (c.place_ids or c.chains or c.tags):
            return None
        return [p.id for p in geofences.directory(self._session).named(c.place_ids, c.chains, c.tags)]

    def _orders(self, c: Segment) -> Any:
        p = PurchaseRow
        found = select(p.shopper_id, func.count(distinct(p.order_id)), func.sum(p.total_minor), func.max(p.bought_at))
        named = [p.product_id.in_(c.product_ids), p.category.in_(c.categories)]
        wheres = [p.bought_at <= self._at, *([or_(*named)] if c.product_ids or c.categories else [])]
        wheres += [p.bought_at >= since] if (since := self._since(c)) is not None else []
        wheres += [p.currency == c.currency] if c.currency is not None else []
        return self._session.execute(found.where(*wheres).group_by(p.shopper_id))

    def _coupons(self, c: Segment) -> Any:
        row = CouponRow
        over = or_(row.state == CouponState.EXPIRED, and_(row.state == CouponState.ISSUED, row.expires_at <= self._at))
        wanted = {Fact.COUPONS_USED: row.state == CouponState.REDEEMED, Fact.COUPONS_UNUSED: over}
        kept = wanted.get(Fact(c.fact or ""), row.state != CouponState.REVOKED)
        wheres = [row.issued_at <= self._at, kept]
        wheres += [row.issued_at >= since] if (since := self._since(c)) is not None else []
        wheres += [row.campaign_id.in_(c.campaign_ids)] if c.campaign_ids else []
        found = select(row.shopper_id, func.count(), func.count(), func.max(row.issued_at))
        return self._session.execute(found.where(*wheres).group_by(row.shopper_id))

    def _answers(self, c: Segment) -> dict[str, Value]:
        given: defaultdict[str, set[str]] = defaultdict(set)
        for shopper_id, answer in answers.of_everybody(self._session, self._at, since=self._since(c), named=c.answers):
            given[self._joined.get(shopper_id, shopper_id)].add(answer)
        return {owner: len(chosen) for owner, chosen in given.items()}

    def _tiers(self) -> dict[str, Value]:
        held: dict[str, Value] = {}
        for shopper_id, tier in tiers.tiers_of(self._session, self._at).items():
            owner = self._joined.get(shopper_id) or shopper_id
            held[owner] = max(held.get(owner) or 0, tier)
        return held

    def _members(self, c: Segment) -> dict[str, Value]:
        plans = memberships.plans_of(self._session, self._at)
        return dict.fromkeys(self.owners_of(i for i, plan_id in plans.items() if audience.of_plans(c, frozenset({plan_id}))), 1)

    def _member_days(self) -> dict[str, Value]:
        since: dict[str, datetime] = {}
        for shopper_id, at in crowds.known_since(self._session).items():
            owner = self._joined.get(shopper_id, shopper_id)
            since[owner] = min(at, since.get(owner, at))
        return {owner: audience.days_since(at, self._at) for owner, at in since.items()}

    def _summed(self, rows: Iterable[tuple[str, int, int, datetime]]) -> dict[str, tuple[int, int, datetime]]:
        """Tallies by owner: what several ids of one person have done is hers together."""
        out: dict[str, tuple[int, int, datetime]] = {}
        for shopper_id, number, total, last in rows:
            owner = self._joined.get(shopper_id, shopper_id)
            old = out.get(owner)
            new = (int(number), int(total), last)
            out[owner] = new if old is None else (old[0] + new[0], old[1] + new[1], max(old[2], new[2]))
        return out


_OF_NOBODY: dict[str, Value] = {
    Fact.AVERAGE_STAY_S: None,
    Fact.DAYS_SINCE_VISIT: None,
    Fact.DAYS_SINCE_ORDER: None,
    Fact.MEMBER_DAYS: None,
}
"""The value for whom no row was found, where it is not 0."""


def _capped(session: Session, crowd: Crowd, campaign: Definition, campaign_id: str, at: datetime) -> set[str]:
    """Those for whom all coupons of another offer are more than one shopper may have of the campaign."""
    caps, uses = campaign.caps, campaign.coupon.uses
    t, c = Tally, CouponRow
    out: set[str] = set()
    if caps.per_shopper is not None:
        rows = session.execute(select(t.shopper_id, t.issued - t.revoked).where(t.campaign_id == campaign_id))
        out |= _at_least(crowd, rows, caps.per_shopper - uses + 1)
    if (window := caps.per_shopper_window) is not None:
        given = (c.campaign_id == campaign_id, c.issued_at > at - timedelta(seconds=window.window_s), c.state != CouponState.REVOKED)
        rows = session.execute(select(c.shopper_id, func.count()).where(*given).group_by(c.shopper_id))
        out |= _at_least(crowd, rows, window.count - uses + 1)
    return out


def _at_least(crowd: Crowd, rows: Iterable[Any], cap: int) -> set[str]:
    given: defaultdict[str, int] = defaultdict(int)
    for shopper_id, number in rows:
        (owner,) = crowd.owners_of([shopper_id])
        given[owner] += number
    return {owner for owner, number in given.items() if number >= cap}
