"""From a moment to at most one coupon: every campaign that listens is weighed, and every decision is written down.

Owns the transaction's story: note the moment once, gather the inputs, decide (pure), claim caps and budget by conditional
UPDATEs, store decisions and coupon, announce them. Must not speak to the network; must not check and then act: when
a claim is lost to another shopper, everything is gathered and decided again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from msgspec.structs import replace
from sqlalchemy import BigInteger, Table, bindparam, update
from sqlalchemy.orm import Session

from app.kernel import trace_steps, tracing
from app.kernel.bulk import insert_many
from app.kernel.db import insert_new, moved
from app.kernel.ids import derived_id
from app.kernel.outbox import Event, emit_many
from geofences.contracts import MomentView
from offers import (
    chunks,
    conditions,
    counting,
    decision,
    experiment,
    gathering,
    identity,
    minting,
    pacing,
    repository,
    tellings,
)
from offers.chunks import NO_LIMIT, Want
from offers.conditions import Counts
from offers.contracts import MomentDecided
from offers.decision import OFFER, Record, Result
from offers.definition import Definition, Hint
from offers.gathering import Hers, Listener, Setting
from offers.models import Counter, CouponRow, Decision, Tally
from offers.reasons import ReasonCode, Weighed

MOST_TRIES = 12
"""A lost claim is seen at the next look, so two tries nearly always do; more means many shoppers at once."""

_NOT_AGAINST = frozenset({str(ReasonCode.HELD_OUT), str(ReasonCode.OUTRANKED)})
_COLUMNS = (
    "id",
    "moment_id",
    "campaign_id",
    "campaign_version",
    "shopper_id",
    "place_id",
    "outcome",
    "record",
    "result",
    "coupon_id",
    "arm",
    "decided_at",
    "telling",
)


class _Lost(Exception):
    """Another shopper was faster; what this claim had taken is given back."""


def decide_moment(session: Session, moment: MomentView, setting: Setting, at: datetime, told: str = "") -> list[str]:
    """Weigh all campaigns that listen here; returns the ids of the decisions (none, if this telling was weighed before).

    `told` is the event that told the moment; without one it counts as told before everything else that is known of it.
    """
    telling = tellings.begin(session, moment, at, told)
    if telling is None:
        return []
    facts, place = gathering.moment_facts(moment), gathering.place_facts(setting.place)
    refusal = gathering.refusal_of(setting.consent)
    named = gathering.selectors(setting.place)
    for _ in range(MOST_TRIES):
        heard = gathering.listeners(session, moment.kind, named)
        if not heard:
            return []
        her = Hers() if refusal is not None else _hers(session, moment, setting, heard, at)
        learn = gathering.learning(
            facts, heard, lambda over=her.over: gathering.past_of(session, over), explore=setting.explore
        )
        weighed = decision.decide_all(
            {cid: h.definition for cid, h in heard.items()},
            gathering.inputs_of(facts, place, refusal, heard, her, at, outside=_outside(session, moment, setting, heard, at)),
            learn,
        )
        winner = next((cid for cid, (_, result) in weighed.items() if result.outcome == OFFER), None)
        if winner is None or _claim(
            session, winner, _drawn(heard, weighed, winner), moment, her.ids, place.timezone, at
        ):
            return _store(session, moment, setting, heard, weighed, telling, at)
    raise RuntimeError("the claim was lost every time; the event will be delivered again")


def _hers(
    session: Session, moment: MomentView, setting: Setting, heard: Mapping[str, Listener], at: datetime
) -> Hers:
    her = gathering.hers(session, moment.shopper_id, heard, setting.fewer_mute_s, at)
    besides = counting.besides(session, moment, her.ids, {cid: h.definition for cid, h in heard.items()}, at)
    return replace(her, besides=besides) if besides else her


def _outside(session: Session, moment: MomentView, setting: Setting, heard: Mapping[str, Listener], at: datetime) -> gathering.Looking:
    known = gathering.almanac(session, (h.definition for h in heard.values()), moment.occurred_at, at, setting.place)
    return gathering.looking(known, setting.place, moment.occurred_at, at)


def _drawn(heard: Mapping[str, Listener], weighed: Mapping[str, tuple[Record, Result]], campaign_id: str) -> Definition:
    return experiment.as_drawn(heard[campaign_id].definition, weighed[campaign_id][0].inputs.draw)


def _claim(
    session: Session,
    campaign_id: str,
    definition: Definition,
    moment: MomentView,
    her_ids: tuple[str, ...],
    timezone: str,
    at: datetime,
) -> bool:
    """Take the coupons of one offer from the shopper's tally and the campaign's counter, or nothing. True if taken."""
    key = {"of_campaign": campaign_id, "of_shopper": moment.shopper_id}
    if not _claim_tally(session, definition, key, at):
        return False
    try:
        _claim_window(session, campaign_id, definition, her_ids, at)
        _claim_counter(session, campaign_id, definition, pacing.released_minor(definition, timezone, at))
        _claim_besides(session, campaign_id, definition, moment, her_ids, at)
    except _Lost:
        moved(session, _TAKE_TALLY, {**key, "count": -definition.coupon.uses, "most": NO_LIMIT, "at": at})  # under the lock just taken
        return False
    if Hint.DEVICE in definition.caps.joined_by:
        identity.note(session, moment.shopper_id, Hint.DEVICE, moment.device_id, at)
    return True


_TALLY = cast("Table", Tally.__table__).c
_TAKE_TALLY = (
    update(cast("Table", Tally.__table__))
    .where(
        _TALLY.campaign_id == bindparam("of_campaign"),
        _TALLY.shopper_id == bindparam("of_shopper"),
        _TALLY.issued - _TALLY.revoked + bindparam("count", type_=BigInteger) <= bindparam("most", type_=BigInteger),
    )
    .values(issued=_TALLY.issued + bindparam("count"), touched_at=bindparam("at"))
)


def _claim_tally(session: Session, definition: Definition, key: Mapping[str, str], at: datetime) -> bool:
    values = {"campaign_id": key["of_campaign"], "shopper_id": key["of_shopper"]}
    count = definition.coupon.uses
    first = {**values, "issued": count, "revoked": 0, "touched_at": at}
    if insert_new(session, Tally, first, unique=["campaign_id", "shopper_id"]):
        return True
    cap = definition.caps.per_shopper
    return moved(session, _TAKE_TALLY, {**key, "count": count, "most": NO_LIMIT if cap is None else cap, "at": at})


def _claim_window(
    session: Session, campaign_id: str, definition: Definition, her_ids: tuple[str, ...], at: datetime
) -> None:
    """Counted under the lock of the tally row just written: whoever gives her another one is either done or waits."""
    cap = definition.caps.per_shopper_window
    if cap is None:
        return
    given = repository.given_since(session, her_ids, {campaign_id: cap.window_s}, at)[campaign_id]
    if given + definition.coupon.uses > cap.count:
        raise _Lost


def _claim_counter(session: Session, campaign_id: str, definition: Definition, budget_minor: int | None) -> None:
    """`budget_minor` is what is released of it by now."""
    cap = definition.caps.total
    want = Want(
        definition.coupon.uses,
        definition.outlay_minor,
        NO_LIMIT if cap is None else cap,
        NO_LIMIT if budget_minor is None else budget_minor,
    )
    if not chunks.take(session, campaign_id, want, alone=counting.asks(definition)):
        raise _Lost


def _claim_besides(
    session: Session,
    campaign_id: str,
    definition: Definition,
    moment: MomentView,
    her_ids: tuple[str, ...],
    at: datetime,
) -> None:
    """Counted under the lock of the counter just written: whoever gives another coupon of the campaign is either done or waits."""
    counted = counting.besides(session, moment, her_ids, {campaign_id: definition}, at)
    if counted and not conditions.room_besides(definition, Counts(0, 0, 0, 0, *counted[campaign_id])):
        given_back = {
            "issued": Counter.issued - definition.coupon.uses,
            "budget_reserved_minor": Counter.budget_reserved_minor - definition.outlay_minor,
        }
        moved(session, update(Counter).where(Counter.campaign_id == campaign_id).values(given_back))
        raise _Lost


def arm_of(definition: Definition, record: Record, reasons: tuple[Weighed, ...]) -> str | None:
    """The group this decision counts in: only where nothing but the holdout or a rival stood against the offer."""
    if any(not w.passed and w.code not in _NOT_AGAINST for w in reasons):
        return None
    return experiment.arm_of(definition.experiment, record.inputs.draw)


def _store(
    session: Session,
    moment: MomentView,
    setting: Setting,
    heard: Mapping[str, Listener],
    weighed: Mapping[str, tuple[Record, Result]],
    telling: int,
    at: datetime,
) -> list[str]:
    """All decisions, the coupon and their events, in a few statements however many campaigns there are."""
    rows: list[tuple[object, ...]] = []
    events: list[tuple[Event, str]] = []
    failed: list[tuple[str, ...]] = []
    for campaign_id, (record, result) in weighed.items():
        decision_id = derived_id("dec", *tellings.parts(moment.id, telling), campaign_id)
        coupon: CouponRow | None = None
        if result.outcome == OFFER:
            drawn = _drawn(heard, weighed, campaign_id)
            with tracing.span("coupon.issue"):
                coupon = minting.mint(session, moment, setting, record, drawn, decision_id, telling, at)[0]
                trace_steps.leave(session, coupon.id)
            events.append((minting.announcement(coupon, record, drawn, at), moment.shopper_id))
        failed.append(tuple(w.code for w in result.reasons if not w.passed) or tuple(w.code for w in result.reasons))
        rows.append(
            (
                decision_id,
                moment.id,
                campaign_id,
                record.inputs.campaign_version,
                moment.shopper_id,
                moment.place_id,
                result.outcome,
                decision.record_json(record),
                decision.result_json(result),
                coupon.id if coupon else None,
                arm_of(heard[campaign_id].definition, record, result.reasons),
                at,
                telling,
            )
        )
    insert_many(session, Decision, _COLUMNS, rows)
    tracing.mark(outcome=OFFER if events else "withheld")
    decision_ids, outcomes = tuple(str(row[0]) for row in rows), tuple(result.outcome for _, result in weighed.values())
    decided = MomentDecided(moment.id, moment.shopper_id, moment.place_id, at, decision_ids, tuple(weighed), outcomes, tuple(failed))
    emit_many(session, [*events, (decided, moment.shopper_id)])
    return list(decision_ids)
