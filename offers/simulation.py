"""What would this campaign have done? The stored moments of some days, decided again as if it had been live then.

Owns the reading and the report. It asks everybody's consent as it is today, takes all campaigns that are live today for its
rivals, and lets everybody begin with nothing given. Must not write, must not list people, and must not show a count that
fewer than twenty people stand behind or are left out of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import people
from geofences import facade as geofences
from geofences.contracts import MomentView
from offers import (
    audience,
    audience_facts,
    bandit,
    experiment,
    explanation,
    gathering,
    identity,
    lift,
    repository,
    segments,
)
from offers.chunks import Given
from offers.concerned import concerned
from offers.contracts import Cell, SimulatedReason, Simulation
from offers.decision import OFFER, Record, Result
from offers.definition import Definition, Hint
from offers.errors import NoSuchCampaign
from offers.gathering import Places
from offers.models import Campaign, CampaignVersion, FewerWish
from offers.rehearsal import Rehearsal, Shopper, Wish

MOST_DAYS = 92


def rehearse(
    session: Session, campaign_id: str, *, since: datetime, until: datetime, at: datetime, fewer_mute_s: int, explore: bool
) -> Iterator[tuple[MomentView, Record, Result]]:
    """The campaign's decision about each stored moment it would have weighed, in the order they were detected."""
    campaigns, places = _campaigns(session, campaign_id), geofences.directory(session)
    kinds = {kind for _, d in campaigns.values() for kind in d.trigger.moment_kinds}
    told = geofences.moments_of_each(session, kinds, since=since, until=until)
    hints = {hint for _, d in campaigns.values() for hint in d.caps.joined_by} - {Hint.DEVICE}
    shoppers = _shoppers(session, set(told), set(campaigns), hints, at)
    shoppers = _knowing(session, shoppers, [d for _, d in campaigns.values()], since, at)
    campaigns = _narrowed(campaign_id, campaigns, places, told, shoppers)
    heard = set[str]().union(*(_places_of(d, places) for _, d in campaigns.values()))
    there = heard if len(heard) < len(places.by_id) else None
    almanac = gathering.almanac(session, (d for _, d in campaigns.values()), since, until)
    house = Rehearsal(campaign_id, campaigns, fewer_mute_s=fewer_mute_s, explore=explore, almanac=almanac)
    for detected_at, moment in geofences.detected_moments(session, kinds, since=since, until=until, place_ids=there):
        place = places.by_id.get(moment.place_id)
        decided = house.decide(detected_at, moment, place, shoppers[moment.shopper_id]) if place is not None else None
        if decided is not None:
            yield moment, *decided


def _narrowed(
    campaign_id: str,
    campaigns: dict[str, tuple[int, Definition]],
    places: Places,
    told: Mapping[str, int],
    shoppers: dict[str, Shopper],
) -> dict[str, tuple[int, Definition]]:
    """Without those that cannot change what this one decides.

    A moment earns one coupon at most. Whoever has more moments than affinity looks back on might have had a coupon forgotten
    for one of those left out: then nobody is.
    """
    if max((sum(told.get(i, 0) for i in her.ids) for her in shoppers.values()), default=0) > gathering.MOST_PAST:
        return campaigns

    found = concerned(campaign_id, {cid: d for cid, (_, d) in campaigns.items()}, lambda d: _places_of(d, places))
    return {cid: of for cid, of in campaigns.items() if cid in found}


def _places_of(d: Definition, places: Places) -> frozenset[str]:
    t = d.trigger
    return frozenset(places.by_id if t.everywhere else (p.id for p in places.named(t.place_ids, t.chains, t.tags)))


def _campaigns(session: Session, campaign_id: str) -> dict[str, tuple[int, Definition]]:
    """This one in its newest version, and all that are live."""
    v = CampaignVersion
    rows = session.execute(
        select(Campaign.id, Campaign.version, v.definition)
        .join(v, (v.campaign_id == Campaign.id) & (v.version == Campaign.version))
        .where((Campaign.id == campaign_id) | (Campaign.state == "live"))
    )
    found = {cid: (version, repository.parsed(text)) for cid, version, text in rows}
    if campaign_id not in found:
        raise NoSuchCampaign()
    return found


def _shoppers(
    session: Session, ids: set[str], campaign_ids: set[str], hints: set[Hint], at: datetime
) -> dict[str, Shopper]:
    """Who they are and may be, whether they agree, and what they asked to see less of."""
    ordered = sorted(ids)
    owners = people.known_as(session, ordered)
    same: defaultdict[str, list[str]] = defaultdict(list)
    for shopper_id, owner in owners.items():
        if owner != shopper_id:
            same[owner].append(shopper_id)
    refused = gate.refused_of(session, ids, Purpose.PERSONALISATION, at)
    refusals = {
        i: gathering.refusal_of(verdict)
        for i, verdict in gate.may_many(session, refused, Purpose.PERSONALISATION, at).items()
    }
    asked: defaultdict[str, dict[str, Wish]] = defaultdict(dict)
    w = FewerWish
    rows = session.execute(select(w.shopper_id, w.campaign_id, w.times, w.asked_at).where(w.campaign_id.in_(campaign_ids)))
    for shopper_id, campaign_id, times, asked_at in rows:
        asked[shopper_id][campaign_id] = Wish(times, asked_at)
    others = identity.sharing(session, ids, hints) if hints else {}
    return {
        i: Shopper(
            (i, *same[i]),
            owners[i],
            refusals.get(i),
            _wishes([asked[k] for k in (i, *same[i]) if k in asked]),
            others.get(i, {}),
        )
        for i in ordered
    }


def _knowing(
    session: Session, shoppers: dict[str, Shopper], definitions: list[Definition], since: datetime, until: datetime
) -> dict[str, Shopper]:
    """With all that the audiences of these campaigns ask about them."""
    wanted = segments.asked_by(d.audience for d in definitions)
    if not wanted:
        return shoppers
    ids = sorted({i for shopper in shoppers.values() for i in shopper.ids})
    known = audience_facts.known_of(session, ids, wanted.values(), since=since, until=until)
    return {i: replace(s, known=audience.together([known[k] for k in s.ids])) for i, s in shoppers.items()}


def _wishes(asked: list[dict[str, Wish]]) -> dict[str, Wish]:
    """Of several ids of one person: the stronger wish, then the newer."""
    out: dict[str, Wish] = {}
    for wishes in asked:
        for campaign_id, wish in wishes.items():
            old = out.get(campaign_id)
            if old is None or (wish.times > 1, wish.asked_at) > (old.times > 1, old.asked_at):
                out[campaign_id] = wish
    return out


def simulate(
    session: Session, campaign_id: str, *, since: datetime, until: datetime, at: datetime, fewer_mute_s: int, explore: bool
) -> Simulation:
    """The report. Raises NoSuchCampaign (404), Invalid (422) for a span that is empty or longer than 92 days."""
    if not since < until <= since + timedelta(days=MOST_DAYS):
        raise Invalid.field("until", f"must be after since, and at most {MOST_DAYS} days after it")
    weighed, offered = _Count(), _Count()
    against: defaultdict[str, _Count] = defaultdict(_Count)
    cost_minor: int | None = 0
    definition = _campaigns(session, campaign_id)[campaign_id]
    for moment, record, result in rehearse(
        session, campaign_id, since=since, until=until, at=at, fewer_mute_s=fewer_mute_s, explore=explore
    ):
        weighed.add(moment)
        if result.outcome == OFFER:
            offered.add(moment)
            bound_minor = _bound_minor(definition[1], record)
            cost_minor = None if bound_minor is None or cost_minor is None else cost_minor + bound_minor
            continue
        for code in {w.code for w in result.reasons if not w.passed}:
            against[code].add(moment)
    return _report(session, campaign_id, definition, (since, until), weighed, offered, dict(against), cost_minor)


class _Count:
    def __init__(self) -> None:
        self.moments = 0
        self.people: set[str] = set()

    def add(self, moment: MomentView) -> None:
        self.moments += 1
        self.people.add(moment.shopper_id)

    def cell(self, of: _Count) -> Cell:
        """Hidden where few stand behind it, or few of all are left out of it."""
        people = len(self.people)
        return Cell(self.moments, people) if lift.shown(people, len(of.people)) else Cell(None, None)


def _bound_minor(definition: Definition, record: Record) -> int | None:
    drawn = experiment.as_drawn(definition, record.inputs.draw)
    most_minor = drawn.benefit.most_minor
    return None if most_minor is None else most_minor * drawn.coupon.uses


def _report(
    session: Session,
    campaign_id: str,
    in_force: tuple[int, Definition],
    span: tuple[datetime, datetime],
    weighed: _Count,
    offered: _Count,
    against: dict[str, _Count],
    cost_minor: int | None,
) -> Simulation:
    version, definition = in_force
    cells = {code: count.cell(weighed) for code, count in against.items()}
    shown = sorted((-(c.shoppers or 0), code) for code, c in cells.items() if c.shoppers is not None)
    reasons = tuple(SimulatedReason(code, explanation.named(code), cells[code]) for _, code in shown)
    gave = offered.cell(weighed)
    most_minor = cost_minor if gave.shoppers is not None else None
    given = repository.given(session, campaign_id) or Given(0, 0, 0, 0, 0)
    rate_ppm = bandit.mean_ppm(given.issued - given.revoked, given.redeemed)
    likely_minor = most_minor * rate_ppm // 1_000_000 if most_minor is not None else None
    return Simulation(
        campaign_id,
        version,
        definition.name,
        *span,
        weighed.cell(weighed),
        gave,
        reasons,
        len(reasons) < len(against),
        most_minor,
        likely_minor,
        definition.currency,
    )
