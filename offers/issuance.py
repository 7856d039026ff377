"""From a moment to at most one coupon: every campaign that listens is weighed, and every decision is written down.

Owns the transaction's story: note the moment once, gather the inputs, decide (pure), claim caps and budget by conditional
UPDATEs, store decisions and coupon, announce them. Must not speak to the network; must not check and then act: when
a claim is lost to another shopper, everything is gathered and decided again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from app.kernel.verdict import Fail, Verdict
from app.security import people, sealing
from geofences.contracts import MomentView, Place
from offers import caveats, codes, decision, explanation, repository, schedule
from offers.conditions import Counts, Inputs, MomentFacts, PlaceFacts, Refusal, place_covered
from offers.contracts import CouponIssued, CouponState, DecisionRecorded
from offers.decision import OFFER, Record, Result
from offers.definition import CouponPlaces, Definition
from offers.ledger import CAMPAIGN, Books, held_minor
from offers.models import Campaign, Counter, CouponRow, Decision, Tally, WeighedMoment

MOST_TRIES = 12
"""A lost claim is seen at the next look, so two tries nearly always do; more means many shoppers at once."""

RandomBits = Callable[[int], int]


class _Lost(Exception):
    """Another shopper was faster; what this claim had taken is given back with the savepoint."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What one decision needs besides the moment. `places()` gives all known places, for a coupon good at a whole campaign's."""

    place: Place
    consent: Verdict
    places: Callable[[], Sequence[Place]]
    fewer_mute_s: int
    random_bits: RandomBits = secrets.randbits


def decide_moment(session: Session, moment: MomentView, setting: Setting, at: datetime) -> list[str]:
    """Weigh all campaigns that listen here; returns the ids of the decisions (none, if the moment was weighed before)."""
    if not _first_time(session, moment, at):
        return []
    for _ in range(MOST_TRIES):
        listening = {c.id: (c, d) for c, d in repository.listening(session, moment.kind, selectors(setting.place))}
        if not listening:
            return []
        weighed = decision.decide_all(
            {cid: d for cid, (_, d) in listening.items()}, _gather(session, moment, setting, listening, at)
        )
        winner = next((cid for cid, (_, result) in weighed.items() if result.outcome == OFFER), None)
        if winner is None or _claim(session, winner, listening[winner][1], moment.shopper_id, at):
            return _store(session, moment, setting, listening, weighed, at)
    raise RuntimeError("the claim was lost every time; the event will be delivered again")


def selectors(place: Place) -> list[str]:
    """What a campaign may have named this place by; the same strings as in offers_trigger."""
    chain = [f"chain:{place.chain}"] if place.chain is not None else []
    return ["*", f"place:{place.id}", *chain, *(f"tag:{tag}" for tag in place.tags)]


def _first_time(session: Session, moment: MomentView, at: datetime) -> bool:
    """A repeat of the event, or a retraction that came first, ends here: the row is unique and written by one."""
    values = {
        "moment_id": moment.id,
        "shopper_id": moment.shopper_id,
        "decided_at": at,
        "retracted_at": None,
        "noted_at": at,
    }
    return insert_new(session, WeighedMoment, values, unique=["moment_id"])


def _gather(
    session: Session,
    moment: MomentView,
    setting: Setting,
    listening: dict[str, tuple[Campaign, Definition]],
    at: datetime,
) -> dict[str, Inputs]:
    """The logged inputs per campaign. Without consent nothing about the shopper is looked up."""
    refusal = (
        Refusal(setting.consent.reason, dict(setting.consent.facts)) if isinstance(setting.consent, Fail) else None
    )
    place = setting.place
    place_facts = PlaceFacts(place.id, place.name, place.chain, tuple(place.tags), place.timezone)
    moment_facts = MomentFacts(
        moment.id, str(moment.kind), moment.occurred_at, moment.dwell_s, moment.nth_visit, str(moment.trust)
    )
    ids = list(listening)
    known = refusal is None
    counters = repository.counters(session, ids)
    her_ids = people.same_person(session, moment.shopper_id) if known else ()
    tallies = repository.tallies(session, her_ids, ids) if known else {}
    muted = repository.muted(session, her_ids, ids, at, setting.fewer_mute_s) if known else set[str]()
    windows_s = {
        cid: w.window_s for cid, (_, d) in listening.items() if known and (w := d.caps.per_shopper_window) is not None
    }
    within = repository.given_since(session, her_ids, windows_s, at)
    out: dict[str, Inputs] = {}
    for campaign_id, (campaign, _) in listening.items():
        counter = counters[campaign_id]
        counts = Counts(
            tallies.get(campaign_id, 0),
            within.get(campaign_id, 0),
            counter.issued - counter.revoked,
            counter.budget_reserved_minor + counter.budget_spent_minor,
        )
        out[campaign_id] = Inputs(
            at,
            moment_facts,
            place_facts,
            campaign_id,
            campaign.version,
            campaign.state,
            refusal,
            campaign_id in muted,
            counts if known else Counts(),
        )
    return out


def _claim(session: Session, campaign_id: str, definition: Definition, shopper_id: str, at: datetime) -> bool:
    """Take one coupon from the shopper's tally and the campaign's counter, or nothing. True if taken."""
    try:
        with session.begin_nested():
            _claim_tally(session, campaign_id, definition, shopper_id, at)
            _claim_counter(session, campaign_id, definition)
    except _Lost:
        return False
    return True


def _claim_tally(session: Session, campaign_id: str, definition: Definition, shopper_id: str, at: datetime) -> None:
    key = {"campaign_id": campaign_id, "shopper_id": shopper_id}
    insert_new(
        session, Tally, {**key, "issued": 0, "revoked": 0, "touched_at": at}, unique=["campaign_id", "shopper_id"]
    )
    take = update(Tally).where(Tally.campaign_id == campaign_id, Tally.shopper_id == shopper_id)
    if definition.caps.per_shopper is not None:
        take = take.where(Tally.issued - Tally.revoked < definition.caps.per_shopper)
    if not moved(session, take.values(issued=Tally.issued + 1, touched_at=at)):
        raise _Lost
    window = definition.caps.per_shopper_window
    # Counted under the lock of the tally row just written: whoever gives this shopper another one is either done or waits.
    if (
        window is not None
        and repository.given_within(session, campaign_id, people.same_person(session, shopper_id), at, window.window_s)
        >= window.count
    ):
        raise _Lost


def _claim_counter(session: Session, campaign_id: str, definition: Definition) -> None:
    take = update(Counter).where(Counter.campaign_id == campaign_id)
    if definition.caps.total is not None:
        take = take.where(Counter.issued - Counter.revoked < definition.caps.total)
    if definition.budget_minor is not None:
        take = take.where(
            Counter.budget_reserved_minor + Counter.budget_spent_minor + definition.face_minor
            <= definition.budget_minor
        )
    if not moved(
        session,
        take.values(
            issued=Counter.issued + 1, budget_reserved_minor=Counter.budget_reserved_minor + definition.face_minor
        ),
    ):
        raise _Lost


def _store(
    session: Session,
    moment: MomentView,
    setting: Setting,
    listening: dict[str, tuple[Campaign, Definition]],
    weighed: dict[str, tuple[Record, Result]],
    at: datetime,
) -> list[str]:
    ids: list[str] = []
    for campaign_id, (record, result) in weighed.items():
        decision_id = derived_id("dec", moment.id, campaign_id)
        coupon: CouponRow | None = None
        if result.outcome == OFFER:
            coupon = _mint(session, moment, setting, record, listening[campaign_id][1], decision_id, at)
        row = Decision(
            id=decision_id,
            moment_id=moment.id,
            campaign_id=campaign_id,
            campaign_version=record.inputs.campaign_version,
            shopper_id=moment.shopper_id,
            place_id=moment.place_id,
            outcome=result.outcome,
            record=decision.record_json(record),
            result=decision.result_json(result),
            coupon_id=coupon.id if coupon else None,
            decided_at=at,
        )
        session.add(row)
        failed = tuple(w.code for w in result.reasons if not w.passed) or tuple(w.code for w in result.reasons)
        event = DecisionRecorded(
            decision_id, moment.id, campaign_id, moment.shopper_id, moment.place_id, result.outcome, failed, at
        )
        emit(session, event, subject=moment.shopper_id)
        if coupon is not None:
            _announce(session, coupon, record, listening[campaign_id][1], at)
        ids.append(decision_id)
    session.flush()
    return ids


def _ends_at(definition: Definition, record: Record, at: datetime) -> datetime:
    ends_at = at + timedelta(seconds=definition.coupon.valid_for_s)
    where = schedule.zone(record.inputs.place.timezone)
    last = schedule.last_instant(definition.schedule, where) if where else None
    return min(ends_at, last) if last is not None else ends_at


def _mint(
    session: Session,
    moment: MomentView,
    setting: Setting,
    record: Record,
    definition: Definition,
    decision_id: str,
    at: datetime,
) -> CouponRow:
    """The coupon row with its caveats; at most one per moment (unique)."""
    coupon_id = derived_id("cpn", moment.id)
    code = codes.new_code(setting.random_bits)
    ends_at = _ends_at(definition, record, at)
    if definition.coupon.places is CouponPlaces.PLACE:
        covered = [setting.place]
    else:
        covered = [
            p
            for p in setting.places()
            if place_covered(definition, PlaceFacts(p.id, p.name, p.chain, tuple(p.tags), p.timezone))
        ] or [setting.place]
    anywhere = definition.trigger.everywhere and definition.coupon.places is CouponPlaces.CAMPAIGN
    place_ids = [] if anywhere else sorted(p.id for p in covered)
    bound: list[caveats.Caveat] = [caveats.Holder(moment.shopper_id)]
    bound += [] if anywhere else [caveats.Places(tuple(place_ids))]
    bound += [
        caveats.Channels(definition.coupon.in_app, definition.coupon.at_till),
        caveats.Window(at, ends_at),
        caveats.Trust(definition.min_trust),
        caveats.Uses(1),
    ]
    face_minor = definition.face_minor
    names = sorted({p.name for p in covered}) if not anywhere else []
    coupon = CouponRow(
        id=coupon_id,
        code_hash=repository.code_hash(code),
        code_sealed=sealing.seal(repository.SEALED_AS, code.encode(), coupon_id.encode()),
        state=str(CouponState.ISSUED),
        revision=0,
        campaign_id=record.inputs.campaign_id,
        campaign_version=record.inputs.campaign_version,
        decision_id=decision_id,
        moment_id=moment.id,
        visit_id=moment.visit_id,
        shopper_id=moment.shopper_id,
        place_id=moment.place_id,
        place_ids=place_ids,
        caveats=caveats.to_json(bound),
        trust=str(moment.trust),
        title=definition.title,
        benefit_text=explanation.benefit_text(definition.benefit, definition.currency),
        terms_text=explanation.terms_text(definition, tuple(names)),
        currency=definition.currency,
        bound_minor=face_minor or definition.benefit.max_discount_minor,
        issued_at=at,
        expires_at=ends_at,
        changed_at=at,
    )
    session.add(coupon)
    session.flush()
    books = Books(session, at)
    books.enter(coupon, CAMPAIGN, CouponState.ISSUED, reserved_minor=held_minor(coupon), cause=decision_id)
    books.close()
    return coupon


def _announce(session: Session, coupon: CouponRow, record: Record, definition: Definition, at: datetime) -> None:
    event = CouponIssued(
        coupon_id=coupon.id,
        decision_id=coupon.decision_id,
        campaign_id=coupon.campaign_id,
        moment_id=coupon.moment_id,
        visit_id=coupon.visit_id,
        shopper_id=coupon.shopper_id,
        place_id=coupon.place_id,
        place_name=record.inputs.place.name,
        title=coupon.title,
        body=explanation.body(definition, record, coupon.expires_at),
        issued_at=at,
        expires_at=coupon.expires_at,
    )
    emit(session, event, subject=coupon.shopper_id)


def note_retraction(session: Session, moment_id: str, shopper_id: str, at: datetime) -> None:
    """Remember that the moment never was. If it has not been weighed yet, this keeps it from ever being."""
    values = {"moment_id": moment_id, "shopper_id": shopper_id, "decided_at": None, "retracted_at": at, "noted_at": at}
    if not insert_new(session, WeighedMoment, values, unique=["moment_id"]):
        moved(
            session,
            update(WeighedMoment)
            .where(WeighedMoment.moment_id == moment_id, WeighedMoment.retracted_at.is_(None))
            .values(retracted_at=at),
        )
