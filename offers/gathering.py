"""What a decision sees, read from the tables: the campaigns that listen, the inputs of each, and what is known of their use.

Owns these reads, a fixed number of statements however many campaigns there are. Must not write and must not decide. Without
consent nothing about the shopper is looked up.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import BigInteger, and_, bindparam, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from app.kernel.db import Instant, prepared
from app.kernel.verdict import Fail, Verdict
from app.security import people
from geofences.contracts import MomentView, Place
from offers import affinity, audience_facts, bandit, chunks, experiment, repository, schedule
from offers.affinity import Past
from offers.conditions import Counts, Inputs, MomentFacts, PlaceFacts, Refusal
from offers.contracts import CouponState
from offers.counting import NOTHING, Besides
from offers.decision import Learning
from offers.definition import Definition, Experiment
from offers.experiment import Draw
from offers.models import Campaign, CampaignVersion, Counter, CouponRow, FewerWish, Tally, TriggerRow
from offers.outside import repository as outside_rows
from offers.outside.almanac import Almanac
from offers.outside.outlook import Outlook
from offers.ranking import Candidate, Learned
from offers.segments import Value, asked

MOST_PAST = 200
"""So many of her finished coupons tell what she likes; older ones say little."""

# Each is built once: building a statement costs several times what running it does.
_IDS = bindparam("ids", expanding=True)
_C, _V, _N, _T, _W, _P = Campaign, CampaignVersion, Counter, Tally, FewerWish, CouponRow
_HEAR = select(TriggerRow.campaign_id).where(
    TriggerRow.moment_kind == bindparam("kind"), TriggerRow.selector.in_(bindparam("named", expanding=True))
)
_IN_CHUNKS, _GIVEN = chunks.given(_HEAR)
_LISTENERS = (
    select(
        _C.id,
        _C.version,
        _C.state,
        _V.definition,
        _GIVEN.issued - _GIVEN.revoked,
        _GIVEN.redeemed,
        _GIVEN.budget_reserved_minor + _GIVEN.budget_spent_minor,
    )
    .join(_V, and_(_V.campaign_id == _C.id, _V.version == _C.version))
    .join(_N, _N.campaign_id == _C.id)
    .outerjoin(_IN_CHUNKS, _IN_CHUNKS.c.campaign_id == _C.id)
    .where(_C.id.in_(_HEAR))
    .order_by(_C.id)
)
_OVER = (
    select(_P.state, _P.campaign_id, _P.campaign_version)
    .where(_P.shopper_id.in_(_IDS), _P.state.in_((CouponState.REDEEMED, CouponState.EXPIRED)))
    .order_by(_P.issued_at.desc(), _P.id)
    .limit(MOST_PAST)
    .subquery()
)
_HERS = union_all(
    select(literal("given"), _T.campaign_id, cast(func.sum(_T.issued - _T.revoked), BigInteger))
    .where(_T.shopper_id.in_(_IDS))
    .group_by(_T.campaign_id),
    select(literal("muted"), _W.campaign_id, _W.times).where(
        _W.shopper_id.in_(_IDS), or_(_W.times > 1, _W.asked_at > bindparam("since", type_=Instant))
    ),
    select(_OVER),
)

RandomBits = Callable[[int], int]
Drawing = Callable[[Experiment, str, str], Draw | None]
Looking = Callable[[Definition], Outlook | UnsetType]
"""What a campaign may see of weather and special days."""


class Places(Protocol):
    """As geofences.facade.directory gives it."""

    by_id: Mapping[str, Place]

    def named(self, ids: Collection[str], chains: Collection[str], tags: Collection[str]) -> list[Place]: ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What one decision needs besides the moment. `places` finds those of a whole campaign, for a coupon good at all of them."""

    place: Place
    consent: Verdict
    places: Places
    fewer_mute_s: int
    random_bits: RandomBits = secrets.randbits
    explore: bool = True


class Listener(Struct, frozen=True, gc=False):
    """A live campaign that listens, with what it has given so far (`issued` without the revoked)."""

    campaign_id: str
    version: int
    state: str
    definition: Definition
    issued: int = 0
    redeemed: int = 0
    committed_minor: int = 0


class Hers(Struct, frozen=True, gc=False):
    """What is known of the shopper, by campaign id; nothing without consent."""

    ids: tuple[str, ...] = ()
    drawn_as: str = ""
    """The id she is known by today: with it experiments draw."""
    given: Mapping[str, int] | None = None
    """Coupons in all (by all ids she is known by), less the revoked ones."""
    within: Mapping[str, int] | None = None
    muted: frozenset[str] = frozenset()
    """She asked to see less of these: for a while after the first wish, for good after the second."""
    facts: Mapping[str, Value] | None = None
    """What the audiences of the campaigns that listen ask for, by key."""
    besides: Mapping[str, Besides] = {}
    over: Sequence[tuple[str, int, bool]] = ()
    """Her last coupons that are over: of which campaign and version, and whether used."""


def selectors(place: Place) -> list[str]:
    """What a campaign may have named this place by; the same strings as in offers_trigger."""
    chain = [f"chain:{place.chain}"] if place.chain is not None else []
    return ["*", f"place:{place.id}", *chain, *(f"tag:{tag}" for tag in place.tags)]


def place_facts(place: Place) -> PlaceFacts:
    sensitive = UNSET if place.refused is None else str(place.refused)
    return PlaceFacts(place.id, place.name, place.chain, tuple(place.tags), place.timezone, sensitive)


def listeners(session: Session, kind: str, named: Sequence[str]) -> dict[str, Listener]:
    """Campaigns that listen for this kind of moment at a place with these selectors, by id and in its order."""
    rows = prepared(session, _LISTENERS, {"kind": kind, "named": list(named)})
    return {
        cid: Listener(cid, version, state, repository.parsed(text), issued, redeemed, committed)
        for cid, version, state, text, issued, redeemed, committed in rows
    }


def hers(
    session: Session, shopper_id: str, heard: Mapping[str, Listener], fewer_mute_s: int, at: datetime
) -> Hers:
    """Two statements and one more for rolling windows, and the kinds of facts audiences ask for."""
    ids, owner = people.ids_and_owner(session, shopper_id)
    windows_s = {cid: w.window_s for cid, h in heard.items() if (w := h.definition.caps.per_shopper_window) is not None}
    given: dict[str, int] = {}
    muted: set[str] = set()
    over: list[tuple[str, int, bool]] = []
    for what, cid, number in prepared(session, _HERS, {"ids": list(ids), "since": at - timedelta(seconds=fewer_mute_s)}):
        if what == "given":
            given[cid] = number
        elif what == "muted":
            muted.add(cid)
        else:
            over.append((cid, number, what == CouponState.REDEEMED))
    return Hers(
        ids,
        owner,
        given,
        repository.given_since(session, ids, windows_s, at),
        frozenset(muted),
        audience_facts.facts_for(session, ids, (h.definition.audience for h in heard.values()), at),
        over=over,
    )


def almanac(session: Session, definitions: Iterable[Definition], first: datetime, last: datetime, place: Place | None = None) -> Almanac:
    """What these campaigns may ask of weather and calendars between two instants: nothing is read where none of them asks."""
    return outside_rows.almanac(session, [one for d in definitions for one in (d.weather, d.special_days)], first, last, place)


def looking(known: Almanac, place: Place, occurred_at: datetime, at: datetime) -> Looking:
    """Into the almanac from a store: what was known at `at` of its day of the moment and those after it."""
    local = schedule.wall_clock(occurred_at, place.timezone)
    today = local.date() if local is not None else None
    return lambda d: known.outlook(d.weather, d.special_days, place, today, at)


def inputs_of(
    moment: MomentFacts,
    place: PlaceFacts,
    refusal: Refusal | None,
    heard: Mapping[str, Listener],
    her: Hers,
    at: datetime,
    draw: Drawing = experiment.draw,
    outside: Looking = lambda _: UNSET,
) -> dict[str, Inputs]:
    """The logged inputs per campaign, from what was read."""
    given, within = her.given or {}, her.within or {}
    out: dict[str, Inputs] = {}
    for cid, listener in heard.items():
        counts, drawn = Counts(), None
        known: dict[str, Value] | UnsetType = UNSET
        if refusal is None:
            counts = Counts(given.get(cid, 0), within.get(cid, 0), listener.issued, listener.committed_minor, *her.besides.get(cid, NOTHING))
            drawn = draw(listener.definition.experiment, cid, her.drawn_as)
            if (segment := listener.definition.audience) is not None:
                known = {one.key: (her.facts or {})[one.key] for one in asked(segment)}
        out[cid] = Inputs(
            at, moment, place, cid, listener.version, listener.state, refusal, cid in her.muted, counts, drawn, known,
            outside(listener.definition) if refusal is None else UNSET,
        )  # fmt: skip
    return out


def moment_facts(moment: MomentView) -> MomentFacts:
    return MomentFacts(
        moment.id, str(moment.kind), moment.occurred_at, moment.dwell_s, moment.nth_visit, str(moment.trust)
    )


def refusal_of(consent: Verdict) -> Refusal | None:
    return Refusal(consent.reason, dict(consent.facts)) if isinstance(consent, Fail) else None


def past_of(session: Session, over: Sequence[tuple[str, int, bool]]) -> list[Past]:
    """`Hers.over`, with what each was about."""
    known = repository.names_of(session, ((cid, version) for cid, version, _ in over))
    return [Past(cid, affinity.scope_of(known[cid, version]), used) for cid, version, used in over]


def learning(
    moment: MomentFacts, heard: Mapping[str, Listener], past: Callable[[], Sequence[Past]], *, explore: bool
) -> Learning:
    """What decides among offers of one priority. The draws are seeded by the moment: weighed again, they fall the same."""

    def learn(rivals: Sequence[Candidate]) -> dict[str, Learned]:
        before = past()
        fits = {
            c.campaign_id: affinity.fit(c.campaign_id, heard[c.campaign_id].definition, before, moment.nth_visit)
            for c in rivals
        }
        arms = [
            bandit.Arm(c.campaign_id, c.expected_value_minor * fits[c.campaign_id].affinity_bp, h.issued, h.redeemed)
            for c in rivals
            for h in (heard[c.campaign_id],)
        ]
        drawn = bandit.play(arms, f"offers/bandit\x1f{moment.id}", explore=explore)
        return {
            a.campaign_id: Learned(f.given, f.used, f.affinity_bp, a.issued, a.redeemed, d.use_ppm, d.propensity_ppm)
            for a in arms
            for f, d in ((fits[a.campaign_id], drawn[a.campaign_id]),)
        }

    return learn
