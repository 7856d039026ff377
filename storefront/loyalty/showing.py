"""Where one shopper stands, put together to be shown to her: what she has, why, and what is missing to the next thing.

Owns joining. Must not change anything: what is due is given when it is weighed (weighing.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.kernel.money import Money
from app.privacy import gate
from app.privacy.purposes import Purpose
from storefront.catalog.repository import products_by_ids
from storefront.contracts import LoyaltyView
from storefront.loyalty import challenges, repository, stamps, tiers, weighing, wording
from storefront.loyalty.facts import Facts, bought_in, visited_in
from storefront.loyalty.models import RewardRow
from storefront.loyalty.programme import Card, Challenge, Goal, Programme, Tiers
from storefront.loyalty.stamps import Given
from storefront.loyalty.standing import rule_of
from storefront.loyalty_contracts import CardView, ChallengeView, GiftView, TierView
from storefront.points import ledger


def shown(session: Session, shopper_id: str, *, at: datetime) -> LoyaltyView:
    programme, wanted = repository.in_force(session), repository.wants(session, shopper_id)
    points, entries = ledger.balance(session, shopper_id), tuple(ledger.entries(session, shopper_id))
    if programme is None:
        return LoyaltyView(None, wanted, points, 0, None, None, False, False, (), None, (), (), (), entries)
    today = at.astimezone(ZoneInfo(programme.timezone)).date()
    facts, rows = repository.facts(session, shopper_id), repository.rewards(session, shopper_id)
    given, names = repository.given(rows), _names(session, programme)
    lapse, rate = weighing.lapse_of(session, shopper_id, programme, at), programme.points.exchange
    standing = weighing.tier_of(session, shopper_id, programme, facts, today)
    return LoyaltyView(
        programme.name, wanted, points, lapse.next_points, lapse.next_at, (rate.points, rate.credit_minor, rate.currency) if rate else None,
        programme.counts_visits, programme.counts_visits and gate.may(session, shopper_id, Purpose.LOYALTY, at).ok, wording.points(programme),
        _tier(programme.tiers, standing) if programme.tiers and standing else None,
        tuple(_card(card, facts, given.get(rule_of(card), ()), today, names) for card in programme.cards if _of_now(card, rows, today)),
        tuple(_challenge(one, facts, today, names) for one in programme.challenges if _of_now(one, rows, today)),
        tuple(_gift(row) for row in rows), entries,
    )  # fmt: skip


def _names(session: Session, programme: Programme) -> dict[str, str]:
    """Product id -> its name, of those the programme names."""
    named = {product_id for one in (*programme.cards, *programme.challenges) for product_id in one.scope.products}
    return {product_id: item.name for product_id, item in products_by_ids(session, sorted(named)).items()}


def _of_now(one: Card | Challenge, rows: Sequence[RewardRow], today: date) -> bool:
    """It can be collected for, or its day is not long over for somebody who did."""
    return one.starts_on <= today.isoformat() <= one.ends_on or any(row.rule == rule_of(one) for row in rows)


def _tier(rules: Tiers, standing: tiers.Standing) -> TierView:
    level, upper = standing.level, standing.upper
    return TierView(
        level.name if level else None, standing.kept_until.isoformat() if standing.kept_until else None, standing.total, upper.name if upper else None,
        standing.missing, rules.currency, rules.window_days, rules.kept_days, wording.benefits(level) if level else (),
        tuple((one.name, one.least, wording.benefits(one)) for one in rules.levels),
    )  # fmt: skip


def _card(card: Card, facts: Facts, given: Sequence[Given], today: date, names: Mapping[str, str]) -> CardView:
    weighed = stamps.weigh(card, stamps.stamps(card, facts), given)
    if card.scope.visits:
        counted = [(v.day, v.place_id, 1) for v in visited_in(facts, card.starts_on, card.ends_on)]
    else:
        counted = [(b.day, b.order_id, b.pieces) for b in bought_in(facts, card.scope, card.starts_on, card.ends_on)]
    full = len(given)
    opened = today.isoformat() <= card.ends_on and (card.most is None or full < card.most)
    return CardView(
        card.id, card.name, wording.card(card, names), wording.gift(card.gift), weighed.have, card.needs, full, opened, card.ends_on, tuple(reversed(counted)),
    )  # fmt: skip


def _challenge(one: Challenge, facts: Facts, today: date, names: Mapping[str, str]) -> ChallengeView:
    now = challenges.progress(one, facts, today)
    return ChallengeView(
        one.id, one.name, wording.challenge(one, names), wording.gift(one.gift), now.have, one.count, now.row, one.in_a_row, now.met, one.most,
        now.begun and not now.over and now.met < one.most, now.ends_on.isoformat(), one.currency if one.goal is Goal.SPEND else "",
    )  # fmt: skip


def _gift(row: RewardRow) -> GiftView:
    text = f"{row.points} points" if row.points else f"{Money(row.amount_minor, row.currency).display()} on your balance"
    return GiftView(row.id, row.title, text, row.state, row.given_at)


def rules(session: Session, programme: Programme) -> list[tuple[str, str, str]]:
    """(heading, sentence, rule whose gifts are counted or nothing) of everything it has, for the console."""
    names = _names(session, programme)
    out = [("Points", sentence, "") for sentence in wording.points(programme)]
    if programme.tiers:
        out.append(("Tiers", wording.tiers(programme.tiers), ""))
        out += [(one.name, f"From {wording.amount(programme.tiers, one.least)}: {', '.join(wording.benefits(one)) or 'nothing more'}.", "") for one in programme.tiers.levels]
    out += [(card.name, wording.card(card, names), rule_of(card)) for card in programme.cards]
    return out + [(one.name, wording.challenge(one, names), rule_of(one)) for one in programme.challenges]
