"""What a campaign has done, group by group, and what it brings against those who were held out.

Owns these reads and the report. Everybody counts in the group she was drawn for, from the first decision in which nothing but the
lot (or a rival) stood in the way, whether or not she got or used anything: so the groups differ by the lot alone. Only those are
counted who agreed to it and whose days to look at are over. Must not tell what fewer than twenty people stand behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import crowds
from geofences import facade as geofences
from offers import lift, repository
from offers.campaigns import in_force
from offers.contracts import ArmFigures, FiguresByArm, Lift
from offers.decision import OFFER
from offers.definition import Definition
from offers.experiment import EVERYBODY, HOLDOUT
from offers.lift import Share
from offers.models import CampaignVersion, CouponRow, Decision, PurchaseRow, Redemption, WeighedMoment

DAYS, MOST_DAYS = 14, 90
METHOD = "Newcombe's hybrid score interval (1998), 95 %"
OUTCOMES = {"bought": "bought something", "came_back": "came back to one of our places"}


@dataclass(slots=True)
class _Person:
    """From when on she counts, in which group, and what she did since."""

    first_at: datetime
    arm: str
    offers: int = 0
    issued: int = 0
    redeemed: int = 0
    discount_minor: int = 0
    spent_minor: int = 0
    bought: bool = False
    came_back: bool = False


def figures(session: Session, campaign_id: str, *, at: datetime, days: int = DAYS) -> FiguresByArm:
    """The report. Raises NoSuchCampaign (404), Invalid (422) for days that are not 1 to 90."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid.field("days", f"a whole number from 1 to {MOST_DAYS}")
    definition = in_force(session, campaign_id)
    joined = crowds.joined(session)
    persons, waiting = _persons(session, campaign_id, definition, joined, at, timedelta(days=days))
    hers = {shopper_id: persons[owner] for shopper_id, owner in joined.items() if owner in persons} | persons
    if persons:
        _given(session, campaign_id, hers)
        _did(session, hers, definition.currency, timedelta(days=days))
    arms: defaultdict[str, list[_Person]] = defaultdict(list)
    for person in persons.values():
        arms[person.arm].append(person)
    return FiguresByArm(
        campaign_id=campaign_id,
        days=days,
        arms=tuple(_arm(arm, arms[arm]) for arm in _arm_names(definition)),
        lifts=tuple(_lifts(definition, arms, days)),
        waiting=waiting if waiting >= lift.FEWEST else None,
        currency=definition.currency,
        method=METHOD,
        text=_text(definition),
    )


def _arm_names(definition: Definition) -> list[str]:
    variants = [v.name for v in definition.experiment.variants] or [EVERYBODY]
    return [*variants, *([HOLDOUT] if definition.experiment.holdout_bp else [])]


def _persons(
    session: Session,
    campaign_id: str,
    definition: Definition,
    joined: Mapping[str, str],
    at: datetime,
    span: timedelta,
) -> tuple[dict[str, _Person], int]:
    """By the id they are known by today, and how many wait for their days to be over. Since the experiment is as it is now."""
    v, d, m = CampaignVersion, Decision, WeighedMoment
    texts = session.execute(select(v.version, v.definition).where(v.campaign_id == campaign_id))
    same = [version for version, text in texts if repository.parsed(text).experiment == definition.experiment]
    rows = session.execute(
        select(d.shopper_id, d.arm, func.min(d.decided_at), func.sum(case((d.outcome == OFFER, 1), else_=0)))
        .join(m, m.moment_id == d.moment_id)
        .where(d.campaign_id == campaign_id, d.arm.is_not(None), d.campaign_version.in_(same), m.retracted_at.is_(None))
        .group_by(d.shopper_id, d.arm)
    )
    agreed = gate.agreed_to(session, Purpose.ANALYTICS, at)
    out: dict[str, _Person] = {}
    for shopper_id, arm, first_at, offers in sorted(rows, key=lambda row: row[2]):
        owner = joined.get(shopper_id, shopper_id)
        if owner in agreed:
            out.setdefault(owner, _Person(first_at, arm or EVERYBODY)).offers += int(offers or 0)
    over = {owner: person for owner, person in out.items() if person.first_at <= at - span}
    return over, len(out) - len(over)


def _given(session: Session, campaign_id: str, hers: Mapping[str, _Person]) -> None:
    """Coupons of this campaign, those that were used, and the money that stands for them."""
    c, r = CouponRow, Redemption
    rows = session.execute(
        select(c.shopper_id, c.issued_at, r.discount_minor - r.returned_minor)
        .outerjoin(r, (r.id == c.redemption_id) & r.undone_at.is_(None))
        .where(c.campaign_id == campaign_id, c.state != "revoked")
    )
    for shopper_id, issued_at, discount_minor in rows:
        person = hers.get(shopper_id)
        if person is not None and issued_at >= person.first_at:
            person.issued += 1
            person.redeemed += discount_minor is not None
            person.discount_minor += discount_minor or 0


def _did(session: Session, hers: Mapping[str, _Person], currency: str, span: timedelta) -> None:
    """What everybody did in the days after she was first weighed."""
    first_at = min(person.first_at for person in hers.values())
    last_at = max(person.first_at for person in hers.values()) + span
    p = PurchaseRow
    rows = session.execute(
        select(p.shopper_id, p.bought_at, p.total_minor, p.currency).where(p.bought_at > first_at, p.bought_at <= last_at)
    )
    for shopper_id, bought_at, total_minor, paid_in in rows:
        person = hers.get(shopper_id)
        if person is not None and person.first_at < bought_at <= person.first_at + span:
            person.bought = True
            person.spent_minor += total_minor if paid_in == currency else 0
    for shopper_id, began_at in geofences.stay_beginnings(session, since=first_at, until=last_at):
        person = hers.get(shopper_id)
        if person is not None and person.first_at < began_at <= person.first_at + span:
            person.came_back = True


def _arm(arm: str, people: list[_Person]) -> ArmFigures:
    """Counts that enough people stand behind; None for the others."""
    if len(people) < lift.FEWEST:
        return ArmFigures(arm, None)

    def told(values: Iterable[int]) -> int | None:
        """The sum, if it may be told how many have a part in it."""
        parts = list(values)
        return sum(parts) if lift.shown(sum(part > 0 for part in parts), len(people)) else None

    return ArmFigures(
        arm=arm,
        people=len(people),
        offered=told(p.offers for p in people),
        issued=told(p.issued for p in people),
        redeemed=told(p.redeemed for p in people),
        discount_minor=told(p.discount_minor for p in people),
        bought=told(p.bought for p in people),
        spent_minor=told(p.spent_minor for p in people),
        came_back=told(p.came_back for p in people),
    )


def _lifts(definition: Definition, arms: Mapping[str, list[_Person]], days: int) -> Iterable[Lift]:
    """All who could get it against those held out; and each version by itself, where there are several."""
    if not definition.experiment.holdout_bp:
        return
    names = [name for name in _arm_names(definition) if name != HOLDOUT]
    groups = {EVERYBODY: [p for name in names for p in arms[name]]}
    groups |= {name: arms[name] for name in names} if len(names) > 1 else {}
    for name, people in groups.items():
        for outcome, words in OUTCOMES.items():
            found = lift.difference(_share(people, outcome), _share(arms[HOLDOUT], outcome))
            told = (found.treated, found.held_out, found.difference, found.low, found.high) if found else (None,) * 5
            yield Lift(name, outcome, *told, text=lift.sentence(found, words, days))


def _share(people: list[_Person], outcome: str) -> Share:
    return Share(sum(getattr(person, outcome) for person in people), len(people))


def _text(definition: Definition) -> str:
    if not definition.experiment.holdout_bp:
        return "Nobody is held out of this campaign, so there is nobody to compare with: what it brings cannot be told."
    return "The lot alone decided who is in which group; everybody counts in hers, whether she got and used the offer or not."
