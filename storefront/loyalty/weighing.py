"""Bringing one shopper to what her facts say now: gifts, points for visits, points that have lapsed, and her tier.

Owns the transaction's story. Her standing is held first, so that of two who weigh at the same time the second sees what the first did; then money moves,
then points, as everywhere in this room. Each gift is one row, inserted or moved by one conditional statement: it is given once. Asked again, nothing happens.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from app.privacy import gate
from offers import facade as offers
from storefront.balance import books
from storefront.balance.accounts import Account
from storefront.contracts import LoyaltyGiftGiven, LoyaltyGiftWithdrawn, LoyaltyTierMoved
from storefront.errors import PointsNotExchanged, PointsTooFew
from storefront.loyalty import repository, standing, tiers
from storefront.loyalty.facts import Facts
from storefront.loyalty.models import RewardRow, StandingRow
from storefront.loyalty.programme import GiftKind, Programme
from storefront.loyalty.standing import Due
from storefront.points import ledger
from storefront.points.lapsing import Lapse, lapsed
from storefront.points.models import PointsRow

VISITED, VISIT_NOT_COUNTED = "visited", "visit_not_counted"
GIFT, GIFT_WITHDRAWN = "gift", "gift_withdrawn"
VISITS_SETTLED_AFTER_DAYS = 100
"""A visit is not taken back later than this: the facts of old ones go, and their points stay."""


def weigh(session: Session, shopper_id: str, *, at: datetime) -> None:
    """Everything that follows from her facts, her points and the time."""
    programme = repository.in_force(session)
    if programme is None:
        return
    hold(session, shopper_id, at=at)
    facts, wanted = repository.facts(session, shopper_id), repository.wants(session, shopper_id)
    today = at.astimezone(ZoneInfo(programme.timezone)).date()
    rows = {(row.rule, row.number): row for row in repository.rewards(session, shopper_id)}
    dues = standing.dues(programme, facts, repository.given(list(rows.values())), today)
    for of_points in (False, True):  # her balance is locked before her points, here as where an order moves
        for row in (rows[key] for key in dues.back):
            if bool(row.points) is of_points:
                _withdraw(session, row, at)
        for due in dues.give if wanted else ():
            if (due.gift.kind is GiftKind.POINTS) is of_points:
                _give(session, shopper_id, due, at)
    _points_for_visits(session, shopper_id, programme, facts, at=at)
    lapse = _lapse(session, shopper_id, programme, at)
    tier_until = _tier(session, shopper_id, programme, facts, today, wanted=wanted, at=at)
    look_at = min((when for when in (lapse.next_at, tier_until) if when is not None), default=None)
    moved(session, update(StandingRow).where(StandingRow.shopper_id == shopper_id).values(look_at=look_at))


def weigh_known(session: Session, shopper_id: str, *, at: datetime) -> bool:
    """For whoever comes by himself: not of somebody who has been erased since. Her consents are held before it is asked: somebody may be erasing her."""
    gate.hold(session, (shopper_id,))
    if repository.standing(session, shopper_id) is None:
        return False
    weigh(session, shopper_id, at=at)
    return True


def hold(session: Session, shopper_id: str, *, at: datetime) -> None:
    """Until this transaction ends, nobody else weighs her or spends her points."""
    s = StandingRow
    first = {"shopper_id": shopper_id, "tier": None, "tier_until": None, "revision": 0, "look_at": None, "changed_at": at}
    insert_new(session, s, first, unique=["shopper_id"])
    moved(session, update(s).where(s.shopper_id == shopper_id).values(revision=s.revision + 1, changed_at=at))


def exchange(session: Session, shopper_id: str, times: int, *, cause: str, at: datetime) -> int:
    """So many times the programme's points for its credit; returns the minor units. Raises PointsNotExchanged, PointsTooFew."""
    programme = repository.in_force(session)
    rate = programme.points.exchange if programme is not None else None
    if rate is None:
        raise PointsNotExchanged
    hold(session, shopper_id, at=at)
    books.add(session, Account.GIVEN, shopper_id, rate.credit_minor * times, rate.currency, at=at)
    weigh(session, shopper_id, at=at)  # what has lapsed cannot be spent
    if not ledger.take(session, shopper_id, rate.points * times, cause, ledger.EXCHANGED, at=at):
        has = ledger.balance(session, shopper_id)
        raise PointsTooFew(f"you have {has} points, and this takes {rate.points * times}", extra={"points": has})
    weigh(session, shopper_id, at=at)
    return rate.credit_minor * times


def _give(session: Session, shopper_id: str, due: Due, at: datetime) -> None:
    r, reward_id, gift = RewardRow, derived_id("rwd", shopper_id, due.rule, due.number), due.gift
    values = {
        "id": reward_id, "title": due.title, "used": due.used, "points": gift.points, "amount_minor": gift.amount_minor, "currency": gift.currency,
        "state": repository.GIVEN, "given_at": at, "changed_at": at,
    }  # fmt: skip
    key = {"shopper_id": shopper_id, "rule": due.rule, "number": due.number}
    again = update(r).where(r.shopper_id == shopper_id, r.rule == due.rule, r.number == due.number, r.state == repository.WITHDRAWN)
    if not insert_new(session, r, key | values, unique=list(key)) and not moved(session, again.values(**values)):
        return
    books.add(session, Account.GIVEN, shopper_id, gift.amount_minor, gift.currency, at=at)
    ledger.settle(session, shopper_id=shopper_id, cause=reward_id, worth=gift.points, why=GIFT, at=at)
    emit(session, LoyaltyGiftGiven(reward_id, shopper_id, due.rule, due.number, gift.points, gift.amount_minor, gift.currency, at), subject=shopper_id)


def _withdraw(session: Session, row: RewardRow, at: datetime) -> None:
    """Money that is spent by now stays hers; the card says what is missing for it."""
    r = RewardRow
    mine = update(r).where(r.shopper_id == row.shopper_id, r.rule == row.rule, r.number == row.number, r.state == repository.GIVEN)
    there = not row.amount_minor or books.take_back(session, Account.GIVEN, row.shopper_id, row.amount_minor, row.currency, at=at)
    if not moved(session, mine.values(state=repository.WITHDRAWN if there else repository.KEPT, changed_at=at)):
        raise LookupError(f"reward {row.id} moved while its shopper was held")
    if there:
        ledger.settle(session, shopper_id=row.shopper_id, cause=row.id, worth=0, why=GIFT_WITHDRAWN, at=at)
        emit(session, LoyaltyGiftWithdrawn(row.id, row.shopper_id, row.rule, row.number, at), subject=row.shopper_id)


def visit_cause(shopper_id: str, place_id: str, day: str) -> str:
    return derived_id("vst", shopper_id, place_id, day)


def lapse_cause(shopper_id: str) -> str:
    return derived_id("lap", shopper_id)


def _points_for_visits(session: Session, shopper_id: str, programme: Programme, facts: Facts, *, at: datetime) -> None:
    since, lots = at - timedelta(days=VISITS_SETTLED_AFTER_DAYS), [lot for lot in ledger.lots(session, shopper_id) if lot.why == VISITED]
    visited = [(visit_cause(shopper_id, v.place_id, v.day), v.day) for v in facts.visited]
    booked, came = {lot.cause: lot.points for lot in lots if lot.points > 0}, {lot.cause: lot.came_at for lot in lots}
    worth = standing.earning_days(visited, booked, each=programme.points.per_visit, most_per_month=programme.points.visit_days_per_month)
    for cause in sorted(set(worth) | set(booked)):
        points = worth.get(cause, 0)
        if points != booked.get(cause, 0) and (points or came[cause] > since):
            ledger.settle(session, shopper_id=shopper_id, cause=cause, worth=points, why=VISITED if points else VISIT_NOT_COUNTED, at=at)


def _lapse(session: Session, shopper_id: str, programme: Programme, at: datetime) -> Lapse:
    found = lapse_of(session, shopper_id, programme, at)
    ledger.settle(session, shopper_id=shopper_id, cause=lapse_cause(shopper_id), worth=-found.points, why=ledger.LAPSED, at=at)
    return found


def lapse_of(session: Session, shopper_id: str, programme: Programme, at: datetime) -> Lapse:
    """What of her points has lapsed by now, and what does next."""
    rules, lots = programme.points, ledger.lots(session, shopper_id)
    if rules.last_days is None or rules.lapse_from is None:
        return Lapse(-sum(lot.points for lot in lots if lot.why == ledger.LAPSED))
    not_before = datetime.fromisoformat(rules.lapse_from).replace(tzinfo=ZoneInfo(programme.timezone))
    return lapsed(
        [(lot.came_at, lot.points) for lot in lots if lot.why not in (ledger.EXCHANGED, ledger.LAPSED)],
        [(lot.came_at, -lot.points) for lot in lots if lot.why == ledger.EXCHANGED],
        life=timedelta(days=rules.last_days), not_before=not_before, at=at,
    )  # fmt: skip


def tier_of(session: Session, shopper_id: str, programme: Programme, facts: Facts, today: date) -> tiers.Standing | None:
    """None: the programme has no tiers."""
    if programme.tiers is None:
        return None
    zone = ZoneInfo(programme.timezone)
    if programme.tiers.measure == "points":
        lots = ledger.lots(session, shopper_id)
        amounts = [(lot.came_at.astimezone(zone).date(), lot.points) for lot in lots if lot.why not in (ledger.EXCHANGED, ledger.LAPSED, GIFT) and lot.points > 0]
    else:
        amounts = [(date.fromisoformat(b.day), b.spent_minor) for b in facts.bought if b.currency == programme.tiers.currency]
    return tiers.standing(programme.tiers, amounts, today)


def _tier(session: Session, shopper_id: str, programme: Programme, facts: Facts, today: date, *, wanted: bool, at: datetime) -> datetime | None:
    """Writes it down; returns until when it is hers."""
    found = tier_of(session, shopper_id, programme, facts, today) if wanted else None
    tier, until = None, None
    if found is not None and found.level is not None and found.kept_until is not None:
        tier = found.level.id
        until = datetime.combine(found.kept_until + timedelta(days=1), datetime.min.time(), ZoneInfo(programme.timezone))
    row = repository.standing(session, shopper_id)
    before = row.tier if row is not None else None
    moved(session, update(StandingRow).where(StandingRow.shopper_id == shopper_id).values(tier=tier, tier_until=until))
    number = programme.tiers.levels.index(found.level) + 1 if tier is not None and programme.tiers and found and found.level else 0
    offers.note_tier(session, shopper_id=shopper_id, tier=number, until=until, at=at)
    if tier != before:
        emit(session, LoyaltyTierMoved(shopper_id, before or "", tier or "", at), subject=shopper_id)
    return until


def due(session: Session, at: datetime, limit: int) -> list[str]:
    """Those for whom time alone changes something by now."""
    s = StandingRow
    return list(session.scalars(select(s.shopper_id).where(s.look_at <= at).order_by(s.look_at).limit(limit)))


def look_at_everybody(session: Session, *, at: datetime) -> None:
    """The programme has changed: everybody with points or with something counted is weighed anew."""
    s = StandingRow
    session.execute(update(s).values(look_at=at).execution_options(synchronize_session=False))
    unknown = select(PointsRow.shopper_id).where(~select(s.shopper_id).where(s.shopper_id == PointsRow.shopper_id).exists())
    fresh = [{"shopper_id": i, "tier": None, "tier_until": None, "revision": 0, "look_at": at, "changed_at": at} for i in session.scalars(unknown)]
    if fresh:
        session.execute(insert(s), fresh)
