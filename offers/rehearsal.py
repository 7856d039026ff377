"""Deciding moments one after the other without a database: the same decisions, with what was given kept in memory.

Owns the state between two decisions: counts, windows, coupons that are out and when they end. The rules are those of
decision.py and the inputs are made by gathering.py, as when it counts; a test holds this against executing. It assumes that
nobody uses a coupon: one frees its money when it ends, as the expiry job does.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from geofences.contracts import MomentView, Place
from offers import affinity, audience, counting, decision, experiment, gathering
from offers.affinity import Past
from offers.audience import Had, Known
from offers.conditions import Inputs, PlaceFacts, Refusal, place_covered
from offers.counting import Besides
from offers.decision import Record, Result
from offers.definition import Definition, Hint
from offers.gathering import Hers, Listener
from offers.identity import Others
from offers.minting import ends_at
from offers.outside.almanac import Almanac
from offers.segments import OF_COUPONS, Segment, Value, asked_by


@dataclass(frozen=True, slots=True)
class Wish:
    """That she asked for fewer of a campaign."""

    times: int
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who is weighed: all ids her coupons count under, the one she is drawn by, and whether she agrees."""

    ids: tuple[str, ...]
    drawn_as: str
    refusal: Refusal | None = None
    wishes: Mapping[str, Wish] = field(default_factory=dict[str, Wish])
    others: Others = field(default_factory=dict[Hint, frozenset[str]])
    """Who shares a card or a contact with her, as it is known today; phones are learned on the way."""
    known: Known = field(default_factory=Known)
    """What audiences ask about her, over the whole span; of coupons only those given here count."""


@dataclass(slots=True)
class _Given:
    """By one campaign so far."""

    issued: int = 0
    committed_minor: int = 0
    times: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict[str, list[datetime]](list))
    by_place: Counter[str] = field(default_factory=Counter[str])
    all_times: list[datetime] = field(default_factory=list[datetime])
    """In order, since moments come in order."""


@dataclass(frozen=True, slots=True)
class _Here:
    """Those that listen at a place for a kind of moment, and what they ask for: looked at once, not at every moment."""

    versions: Mapping[str, int]
    definitions: Mapping[str, Definition]
    windows: Mapping[str, timedelta]
    asking: Mapping[str, Definition]
    wanted: Mapping[str, Segment]


class Phones:
    """Whose phone was seen in whose hand, as identity.py remembers it."""

    def __init__(self) -> None:
        self._held_by: defaultdict[str, set[str]] = defaultdict(set)
        self._of: defaultdict[str, set[str]] = defaultdict(set)

    def note(self, moment: MomentView, her: Shopper) -> None:
        self._held_by[moment.device_id] |= {*her.ids, her.drawn_as}
        self._of[moment.shopper_id].add(moment.device_id)

    def others(self, her: Shopper, in_hand: str) -> frozenset[str]:
        hers = {in_hand, *(d for i in her.ids for d in self._of[i])}
        return frozenset(i for d in hers for i in self._held_by[d])


class Rehearsal:
    """Of one campaign. `campaigns`: version and definition by id, all taken for live, none of which has given anything yet."""

    def __init__(
        self,
        campaign_id: str,
        campaigns: Mapping[str, tuple[int, Definition]],
        *,
        fewer_mute_s: int,
        explore: bool = True,
        almanac: Almanac | None = None,
    ) -> None:
        self._campaign_id = campaign_id
        self._campaigns = dict(sorted(campaigns.items()))
        self._mute = timedelta(seconds=fewer_mute_s)
        self._explore = explore
        self._almanac = almanac or Almanac()
        self._given = {cid: _Given() for cid in self._campaigns}
        self._out: list[tuple[datetime, datetime, str, str, int]] = []
        """Ends at, given at, campaign, shopper, money held."""
        self._past: defaultdict[str, list[tuple[datetime, Past]]] = defaultdict(list)
        self._phones = Phones()
        self._heard: dict[tuple[str, str], _Here] = {}
        self._places: dict[str, PlaceFacts] = {}
        self._draw = lru_cache(maxsize=None)(experiment.draw)

    def decide(
        self, at: datetime, moment: MomentView, place: Place, her: Shopper
    ) -> tuple[Record, Result] | None:
        """Weigh one moment, not earlier than the one before; what it gives counts from now on. None: it does not listen there."""
        self._expire(at)
        here = self._listening(moment.kind.value, place)
        if not here.definitions:
            return None
        heard: dict[str, Listener] = {}
        for cid, definition in here.definitions.items():
            given = self._given[cid]
            heard[cid] = Listener(cid, here.versions[cid], "live", definition, given.issued, 0, given.committed_minor)
        facts = gathering.moment_facts(moment)
        known = Hers() if her.refusal is not None else self._hers(her, here, moment, at)
        outside = gathering.looking(self._almanac, place, moment.occurred_at, at)
        inputs = gathering.inputs_of(facts, self._places[place.id], her.refusal, heard, known, at, self._draw, outside)
        winner, decided = decision.decide_one(
            self._campaign_id,
            here.definitions,
            inputs,
            gathering.learning(facts, heard, lambda: self._before(her.ids), explore=self._explore),
        )
        if winner is not None:
            self._give(winner, moment, her, inputs[winner], at)
        return decided

    def _listening(self, kind: str, place: Place) -> _Here:
        found = self._heard.get((kind, place.id))
        if found is None:
            facts = self._places[place.id] = gathering.place_facts(place)
            there = {
                cid: (version, d)
                for cid, (version, d) in self._campaigns.items()
                if kind in d.trigger.moment_kinds and place_covered(d, facts)
            }
            capped = {cid: w for cid, (_, d) in there.items() if (w := d.caps.per_shopper_window) is not None}
            found = self._heard[kind, place.id] = _Here(
                {cid: version for cid, (version, _) in there.items()},
                {cid: d for cid, (_, d) in there.items()},
                {cid: timedelta(seconds=window.window_s) for cid, window in capped.items()},
                {cid: d for cid, (_, d) in there.items() if counting.asks(d)},
                asked_by(d.audience for _, d in there.values()),
            )
        return found

    def _hers(self, her: Shopper, here: _Here, moment: MomentView, at: datetime) -> Hers:
        given: dict[str, int] = {}
        within: dict[str, int] = {}
        for cid in here.definitions:
            times = [t for i in her.ids for t in self._given[cid].times.get(i, ())]
            given[cid] = len(times)
            window = here.windows.get(cid)
            if window is not None:
                begun = at - window
                within[cid] = len([t for t in times if t > begun])
        muted = frozenset(
            cid
            for cid, wish in her.wishes.items()
            if wish.asked_at <= at and (wish.times > 1 or wish.asked_at > at - self._mute)
        )
        besides = {cid: self._besides(cid, d, her, moment, at) for cid, d in here.asking.items()}
        return Hers(her.ids, her.drawn_as, given, within, muted, self._facts(her, here.wanted, at), besides)

    def _facts(self, her: Shopper, wanted: Mapping[str, Segment], at: datetime) -> dict[str, Value]:
        if not wanted:
            return {}
        known = her.known
        if any(one.fact in OF_COUPONS for one in wanted.values()):
            over = [Had(p.campaign_id, given_at, used=p.used) for i in her.ids for given_at, p in self._past.get(i, ())]
            out = [Had(cid, given_at, used=None) for _, given_at, cid, who, _ in self._out if who in her.ids]
            known = replace(known, had=[*over, *out])
        return {key: audience.fact(one, known, at) for key, one in wanted.items()}

    def _besides(self, campaign_id: str, d: Definition, her: Shopper, moment: MomentView, at: datetime) -> Besides:
        given, window, to_them = self._given[campaign_id], d.caps.total_window, list[datetime]()
        lately = 0
        if window is not None:
            lately = len(given.all_times) - bisect_right(given.all_times, at - timedelta(seconds=window.window_s))
        if d.caps.joined_by:
            shared = {**her.others, Hint.DEVICE: self._phones.others(her, moment.device_id)}
            them = {i for i in given.times if i in her.ids or counting.counts_as_her(shared, i, d)}
            to_them = [t for i in them for t in given.times[i]]
        return counting.together(d, given.by_place[moment.place_id], lately, to_them, at)

    def _before(self, ids: Sequence[str]) -> list[Past]:
        over = sorted((p for i in ids for p in self._past.get(i, ())), key=lambda p: p[0], reverse=True)
        return [p for _, p in over[: gathering.MOST_PAST]]

    def _give(self, campaign_id: str, moment: MomentView, her: Shopper, inputs: Inputs, at: datetime) -> None:
        drawn = experiment.as_drawn(self._campaigns[campaign_id][1], inputs.draw)
        given = self._given[campaign_id]
        uses = drawn.coupon.uses
        given.issued += uses
        given.committed_minor += drawn.outlay_minor
        given.times[moment.shopper_id].extend([at] * uses)
        given.by_place[moment.place_id] += uses
        given.all_times.extend([at] * uses)
        if Hint.DEVICE in drawn.caps.joined_by:
            self._phones.note(moment, her)
        end = ends_at(drawn, inputs.place.timezone, at)
        for _ in range(uses):
            heapq.heappush(self._out, (end, at, campaign_id, moment.shopper_id, drawn.face_minor))

    def _expire(self, at: datetime) -> None:
        while self._out and self._out[0][0] <= at:
            _, given_at, campaign_id, shopper_id, face_minor = heapq.heappop(self._out)
            self._given[campaign_id].committed_minor -= face_minor
            scope = affinity.scope_of(self._campaigns[campaign_id][1])
            self._past[shopper_id].append((given_at, Past(campaign_id, scope, used=False)))
