"""The conditions of a campaign, one function each: did it hold, and what are the numbers?

Pure. Owns the rules and the inputs they see. Each returns a `Weighed` or None when the campaign does not ask. Must not
order or join them (eligibility.py) and must not read a clock or a table: everything is an argument.

To add one: write a function here, name its two codes in reasons.py, put it into eligibility.ORDER.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from msgspec import UNSET, Struct, UnsetType

from geofences.contracts import TrustLevel
from offers import audience_words, experiment, pacing, schedule, segments
from offers.definition import Definition, NthVisit, Pacing, Schedule
from offers.experiment import Draw
from offers.outside import weighing
from offers.outside.outlook import Outlook
from offers.reasons import Facts, ReasonCode, Weighed
from offers.segments import Value

TRUST_ORDER: dict[str, int] = {TrustLevel.CLAIMED: 0, TrustLevel.CORROBORATED: 1, TrustLevel.VERIFIED: 2}


class MomentFacts(Struct, frozen=True, gc=False):
    id: str
    kind: str
    occurred_at: datetime
    dwell_s: int
    nth_visit: int
    trust: str


class PlaceFacts(Struct, frozen=True, gc=False):
    id: str
    name: str
    chain: str | None
    tags: tuple[str, ...]
    timezone: str
    sensitive: str | UnsetType = UNSET
    """Why nothing may be offered there; in no record of a place at which something may."""


class Counts(Struct, frozen=True, gc=False):
    """What was already given when this was weighed. Revoked coupons do not count."""

    shopper: int = 0
    shopper_in_window: int = 0
    total: int = 0
    budget_committed_minor: int = 0
    here: int | UnsetType = UNSET
    """At this place. Like those below it stands in a record only where the campaign asks, and in no record older than its cap."""
    total_in_window: int | UnsetType = UNSET
    joined: int | UnsetType = UNSET
    """To her and to those who share a hint with her, so that they may be the same person."""
    joined_in_window: int | UnsetType = UNSET


class Refusal(Struct, frozen=True, gc=False):
    """The consent gate's answer when it was no: its code and facts."""

    code: str
    facts: Facts


class Inputs(Struct, frozen=True, gc=False):
    """All a decision sees apart from the definition. Stored with the decision, so that it can be recomputed."""

    at: datetime
    moment: MomentFacts
    place: PlaceFacts
    campaign_id: str
    campaign_version: int
    campaign_state: str
    no_consent: Refusal | None
    asked_for_fewer: bool
    counts: Counts
    draw: Draw | None = None
    """What experiment.py drew for her; None where the campaign draws nothing, and without consent."""
    audience: dict[str, Value] | UnsetType = UNSET
    """The facts its audience asks for, by key; in no record where it is meant for everybody, or without consent."""
    outside: Outlook | UnsetType = UNSET
    """What was known of the weather and of special days; in no record of a campaign that does not ask, or without consent."""


def _either(yes: ReasonCode, no: ReasonCode) -> tuple[str, str]:
    return str(no), str(yes)


def _weighed(held: bool, codes: tuple[str, str], facts: Facts) -> Weighed:
    return Weighed(codes[held], held, facts)


_AGREED = Weighed(str(ReasonCode.CONSENT_GIVEN), True, {})
_LIVE = Weighed(str(ReasonCode.CAMPAIGN_LIVE), True, {"state": "live"})
_OPEN = Weighed(str(ReasonCode.OPEN_TO_OFFERS), True, {})
"""What is said at nearly every moment is one value; nothing ever writes into the facts of a reason."""

# The two things a condition can say, looked up once: a dozen are weighed for each campaign at each moment.
_MOMENT_FRESH = _either(ReasonCode.MOMENT_FRESH, ReasonCode.MOMENT_TOO_OLD)
_PLACE_MATCHES = _either(ReasonCode.PLACE_MATCHES, ReasonCode.WRONG_PLACE)
_MOMENT_KIND_MATCHES = _either(ReasonCode.MOMENT_KIND_MATCHES, ReasonCode.WRONG_MOMENT_KIND)
_DWELL_LONG_ENOUGH = _either(ReasonCode.DWELL_LONG_ENOUGH, ReasonCode.DWELL_TOO_SHORT)
_VISIT_NUMBER_MATCHES = _either(ReasonCode.VISIT_NUMBER_MATCHES, ReasonCode.WRONG_VISIT_NUMBER)
_WITHIN_HOURS = _either(ReasonCode.WITHIN_HOURS, ReasonCode.OUTSIDE_HOURS)
_CAMPAIGN_STARTED = _either(ReasonCode.CAMPAIGN_STARTED, ReasonCode.CAMPAIGN_NOT_STARTED)
_CAMPAIGN_NOT_OVER = _either(ReasonCode.CAMPAIGN_NOT_OVER, ReasonCode.CAMPAIGN_OVER)
_TRUST_SUFFICIENT = _either(ReasonCode.TRUST_SUFFICIENT, ReasonCode.TRUST_TOO_LOW)
_IN_AUDIENCE = _either(ReasonCode.IN_AUDIENCE, ReasonCode.NOT_IN_AUDIENCE)
_UNDER_SHOPPER_CAP = _either(ReasonCode.UNDER_SHOPPER_CAP, ReasonCode.SHOPPER_CAP_REACHED)
_UNDER_SHOPPER_WINDOW_CAP = _either(ReasonCode.UNDER_SHOPPER_WINDOW_CAP, ReasonCode.SHOPPER_WINDOW_CAP_REACHED)
_UNDER_PERSON_CAP = _either(ReasonCode.UNDER_PERSON_CAP, ReasonCode.PERSON_CAP_REACHED)
_UNDER_PERSON_WINDOW_CAP = _either(ReasonCode.UNDER_PERSON_WINDOW_CAP, ReasonCode.PERSON_WINDOW_CAP_REACHED)
_UNDER_PLACE_CAP = _either(ReasonCode.UNDER_PLACE_CAP, ReasonCode.PLACE_CAP_REACHED)
_UNDER_TOTAL_WINDOW_CAP = _either(ReasonCode.UNDER_TOTAL_WINDOW_CAP, ReasonCode.TOTAL_WINDOW_CAP_REACHED)
_UNDER_TOTAL_CAP = _either(ReasonCode.UNDER_TOTAL_CAP, ReasonCode.TOTAL_CAP_REACHED)
_BUDGET_LEFT = _either(ReasonCode.BUDGET_LEFT, ReasonCode.BUDGET_EXHAUSTED)
_BUDGET_ON_PACE = _either(ReasonCode.BUDGET_ON_PACE, ReasonCode.BUDGET_AHEAD)
_NOT_HELD_OUT = _either(ReasonCode.NOT_HELD_OUT, ReasonCode.HELD_OUT)


def campaign_is_live(_: Definition, i: Inputs) -> Weighed:
    if i.campaign_state == "live":
        return _LIVE
    return Weighed(str(ReasonCode.CAMPAIGN_NOT_LIVE), False, {"state": i.campaign_state})


def consent(_: Definition, i: Inputs) -> Weighed:
    if i.no_consent is not None:
        return Weighed(i.no_consent.code, False, i.no_consent.facts)
    return _AGREED


def place_is_open(_: Definition, i: Inputs) -> Weighed | None:
    """Near a sensitive place no campaign may offer anything, whatever it asks for."""
    if isinstance(i.place.sensitive, UnsetType):
        return None
    return Weighed(str(ReasonCode.SENSITIVE_PLACE), False, {"sensitive": i.place.sensitive})


def moment_is_fresh(d: Definition, i: Inputs) -> Weighed:
    age_s = max(0, int((i.at - i.moment.occurred_at).total_seconds()))
    facts: Facts = {"age_s": age_s, "limit_s": d.trigger.max_age_s}
    return _weighed(age_s <= d.trigger.max_age_s, _MOMENT_FRESH, facts)


def place_covered(d: Definition, place: PlaceFacts) -> bool:
    """Is the place one of the campaign's? Any selector suffices."""
    t = d.trigger
    return (
        t.everywhere
        or place.id in t.place_ids
        or (place.chain is not None and place.chain in t.chains)
        or not set(place.tags).isdisjoint(t.tags)
    )


def place_matches(d: Definition, i: Inputs) -> Weighed:
    return _weighed(place_covered(d, i.place), _PLACE_MATCHES, {"place_id": i.place.id})


def moment_kind_matches(d: Definition, i: Inputs) -> Weighed:
    held = i.moment.kind in d.trigger.moment_kinds
    return _weighed(held, _MOMENT_KIND_MATCHES, {"kind": i.moment.kind})


def dwell(d: Definition, i: Inputs) -> Weighed | None:
    needed_s = d.trigger.min_dwell_s
    if not needed_s:
        return None
    facts: Facts = {"dwell_s": i.moment.dwell_s, "needed_s": needed_s}
    return _weighed(i.moment.dwell_s >= needed_s, _DWELL_LONG_ENOUGH, facts)


def ordinal(n: int) -> str:
    if 10 <= n % 100 <= 20:
        return f"{n}th"
    return f"{n}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th') }"


def _wanted(nth: NthVisit) -> str:
    parts: list[str] = []
    if nth.exactly is not None:
        parts.append(f"the {ordinal(nth.exactly)} visit")
    if nth.every is not None:
        parts.append("every visit" if nth.every == 1 else f"every {ordinal(nth.every)} visit")
    if nth.at_least is not None:
        parts.append(f"the {ordinal(nth.at_least)} visit or a later one")
    return " and ".join(parts)


def visit_number(d: Definition, i: Inputs) -> Weighed | None:
    nth = d.trigger.nth_visit
    if nth is None:
        return None
    n = i.moment.nth_visit
    held = (
        (nth.exactly is None or n == nth.exactly)
        and (nth.at_least is None or n >= nth.at_least)
        and (nth.every is None or n % nth.every == 0)
    )
    return _weighed(held, _VISIT_NUMBER_MATCHES, {"nth_visit": n, "wanted": _wanted(nth)})


def _needs_calendar(d: Definition) -> bool:
    return bool(d.schedule.starts_on or d.schedule.ends_on or d.schedule.weekly or d.schedule.store_hours)


def calendar(d: Definition, i: Inputs) -> tuple[Weighed, ...]:
    """Dates and weekly hours by the store's own wall clock at the moment; its end also by the clock when it is weighed.

    A moment of the last evening that reaches us after midnight finds the campaign over: its coupon could not be used.
    """
    if not _needs_calendar(d):
        return ()
    known = schedule.days(i.moment.occurred_at, i.at, i.place.timezone)
    if known is None:
        return (Weighed(str(ReasonCode.PLACE_ZONE_UNKNOWN), False, {"timezone": i.place.timezone}),)
    local, day, today = known
    dates = _dates(d.schedule, day, today)
    if not schedule.weekly_at(d.schedule, i.place.id):
        return dates
    held = schedule.within_weekly(d.schedule, local, i.place.id)
    facts: Facts = {"local_weekday": schedule.WEEKDAYS[local.weekday()], "local_time": local.strftime("%H:%M")}
    return (*dates, _weighed(held, _WITHIN_HOURS, facts))


@lru_cache(maxsize=4096)
def _dates(of: Schedule, day: str, today: str) -> tuple[Weighed, ...]:
    """By the day of the moment and the day it is weighed on: the same for everybody on that day."""
    out: list[Weighed] = []
    if of.starts_on:
        facts: Facts = {"starts_on": of.starts_on, "local_date": day}
        held = schedule.has_started(of, day)
        out.append(_weighed(held, _CAMPAIGN_STARTED, facts))
    if of.ends_on:
        facts = {"ends_on": of.ends_on, "local_date": day}
        over = schedule.is_over(of, day) or schedule.is_over(of, today)
        out.append(_weighed(not over, _CAMPAIGN_NOT_OVER, facts))
    return tuple(out)


def outside(d: Definition, i: Inputs) -> tuple[Weighed, ...]:
    """Weather and special days by what was known then: what is not known does not hold."""
    if isinstance(i.outside, UnsetType):
        return ()
    if not i.outside.today:
        return (Weighed(str(ReasonCode.PLACE_ZONE_UNKNOWN), False, {"timezone": i.place.timezone}),)
    return weighing.weighed(d.weather, d.special_days, i.outside)


def trust(d: Definition, i: Inputs) -> Weighed | None:
    if TRUST_ORDER.get(d.min_trust, 0) == 0:
        return None
    held = TRUST_ORDER.get(i.moment.trust, 0) >= TRUST_ORDER[d.min_trust]
    return _weighed(held, _TRUST_SUFFICIENT, {"trust": i.moment.trust, "needed": d.min_trust})


def fewer(_: Definition, i: Inputs) -> Weighed:
    return Weighed(str(ReasonCode.SHOPPER_ASKED_FOR_FEWER), False, {}) if i.asked_for_fewer else _OPEN


def audience(d: Definition, i: Inputs) -> tuple[Weighed, ...]:
    """Whether she belongs to those it is meant for, and then everything that keeps her out."""
    if d.audience is None or i.audience is UNSET:
        return ()
    missed = segments.missed(d.audience, i.audience)
    whole = _weighed(not missed, _IN_AUDIENCE, {})
    code = str(ReasonCode.AUDIENCE_PART_MISSED)
    return (whole, *(Weighed(code, False, audience_words.facts_of(c, i.audience[c.key], w)) for c, w in missed))


def _room(d: Definition, issued: int, cap: int) -> bool:
    """Caps count coupons, and an offer is a whole book of them."""
    return issued + d.coupon.uses <= cap


def shopper_cap(d: Definition, i: Inputs) -> Weighed | None:
    cap = d.caps.per_shopper
    if cap is None:
        return None
    facts: Facts = {"issued": i.counts.shopper, "cap": cap}
    return _weighed(_room(d, i.counts.shopper, cap), _UNDER_SHOPPER_CAP, facts)


def shopper_window_cap(d: Definition, i: Inputs) -> Weighed | None:
    cap = d.caps.per_shopper_window
    if cap is None:
        return None
    facts: Facts = {"issued": i.counts.shopper_in_window, "cap": cap.count, "window_s": cap.window_s}
    held = _room(d, i.counts.shopper_in_window, cap.count)
    return _weighed(held, _UNDER_SHOPPER_WINDOW_CAP, facts)


def joined_cap(d: Definition, i: Inputs) -> Weighed | None:
    """As `shopper_cap`, over all who may be the same person by the hints this campaign counts by."""
    cap = d.caps.per_shopper
    if cap is None or not d.caps.joined_by:
        return None
    issued = i.counts.joined or 0
    facts: Facts = {"issued": issued, "cap": cap, "counted_by": ", ".join(d.caps.joined_by)}
    return _weighed(_room(d, issued, cap), _UNDER_PERSON_CAP, facts)


def joined_window_cap(d: Definition, i: Inputs) -> Weighed | None:
    cap = d.caps.per_shopper_window
    if cap is None or not d.caps.joined_by:
        return None
    issued = i.counts.joined_in_window or 0
    facts: Facts = {
        "issued": issued,
        "cap": cap.count,
        "window_s": cap.window_s,
        "counted_by": ", ".join(d.caps.joined_by),
    }
    held = _room(d, issued, cap.count)
    return _weighed(held, _UNDER_PERSON_WINDOW_CAP, facts)


def room_besides(d: Definition, counts: Counts) -> bool:
    """Is there room for one more offer by all that is counted only where it is asked?"""
    caps = d.caps
    rooms = (
        (counts.joined, caps.per_shopper),
        (counts.joined_in_window, caps.per_shopper_window and caps.per_shopper_window.count),
        (counts.here, caps.per_place),
        (counts.total_in_window, caps.total_window and caps.total_window.count),
    )
    return all(counted is UNSET or cap is None or _room(d, counted, cap) for counted, cap in rooms)


def place_cap(d: Definition, i: Inputs) -> Weighed | None:
    cap = d.caps.per_place
    if cap is None:
        return None
    issued = i.counts.here or 0
    facts: Facts = {"issued": issued, "cap": cap}
    return _weighed(_room(d, issued, cap), _UNDER_PLACE_CAP, facts)


def total_window_cap(d: Definition, i: Inputs) -> Weighed | None:
    cap = d.caps.total_window
    if cap is None:
        return None
    issued = i.counts.total_in_window or 0
    facts: Facts = {"issued": issued, "cap": cap.count, "window_s": cap.window_s}
    return _weighed(_room(d, issued, cap.count), _UNDER_TOTAL_WINDOW_CAP, facts)


def total_cap(d: Definition, i: Inputs) -> Weighed | None:
    cap = d.caps.total
    if cap is None:
        return None
    return _weighed(_room(d, i.counts.total, cap), _UNDER_TOTAL_CAP, {"issued": i.counts.total, "cap": cap})


def budget(d: Definition, i: Inputs) -> Weighed | None:
    if d.budget_minor is None:
        return None
    committed, outlay_minor = i.counts.budget_committed_minor, d.outlay_minor
    facts: Facts = {
        "committed_minor": committed,
        "needed_minor": outlay_minor,
        "budget_minor": d.budget_minor,
        "currency": d.currency,
    }
    return _weighed(committed + outlay_minor <= d.budget_minor, _BUDGET_LEFT, facts)


def pace(d: Definition, i: Inputs) -> Weighed | None:
    """By the clock when it is weighed: that is when the coupon takes its share."""
    released_minor = pacing.released_minor(d, i.place.timezone, i.at) if d.pacing is not Pacing.NONE else None
    if released_minor is None:
        return None
    committed = i.counts.budget_committed_minor
    facts: Facts = {"committed_minor": committed, "released_minor": released_minor, "currency": d.currency}
    return _weighed(committed + d.outlay_minor <= released_minor, _BUDGET_ON_PACE, facts)


def version(d: Definition, i: Inputs) -> Weighed | None:
    """Not a condition that can fail: it says which version of the offer was weighed."""
    shown = experiment.variant_of(d.experiment, i.draw)
    if shown is None:
        return None
    return Weighed(str(ReasonCode.VERSION_DRAWN), True, {"version": shown.name, "versions": len(d.experiment.variants)})


def holdout(d: Definition, i: Inputs) -> Weighed | None:
    """Weighed last: whoever fails only here would have been made the offer, and is compared with those who were."""
    if i.draw is None or not d.experiment.holdout_bp:
        return None
    held = not experiment.held_out(d.experiment, i.draw)
    facts: Facts = {"share_bp": d.experiment.holdout_bp}
    return _weighed(held, _NOT_HELD_OUT, facts)
