"""Late fixes: in whatever order the same fixes come, in the end the same is told."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from geofences.geometry import Circle
from geofences.index import Fence, FenceIndex
from geofences.revision import Revision, revise
from geofences.track import Sample, TrackRules, TrackState, advance_many, revived
from geofences.transitions import Transition, TransitionKind
from geofences.visits import Visit, detect, fold
from tests.geofences.tracks import FENCES, K_LON, KEY, LAT, LON, sample, walk

RULES = TrackRules()
HOUR = 3600.0

Identity = tuple[str, str, float, int]


def identity(t: Transition) -> Identity:
    crossed = t.kind is TransitionKind.CROSSED
    return (t.kind.value, t.fence_id if crossed else t.visit_id, t.at_s if crossed else 0.0, t.dwell_s if t.kind is TransitionKind.DWELLED else 0)  # fmt: skip


def as_told(v: Visit) -> tuple[str, float | None, int, str | None, str]:
    return v.id, v.ended_s, v.dwell_s, v.ended_by, v.parent_id


TOWN = FenceIndex(
    [
        Fence("fen_a", "plc_a", "A", Circle(LAT, LON, 60.0)),
        Fence("fen_b", "plc_b", "B", Circle(LAT, LON + 100 / K_LON, 55.0)),
        Fence("fen_mall", "plc_mall", "Mall", Circle(LAT, LON + 50 / K_LON, 400.0), -1),
        Fence("fen_kiosk", "plc_kiosk", "Kiosk", Circle(LAT, LON + 5 / K_LON, 15.0)),
    ]
)
"""Neighbours that overlap, in a mall, one with a kiosk inside."""


@dataclass
class Teller:
    """What a runner does with one track, in memory: applies, forgets, revives, revises. `told` is what the world knows."""

    fences: FenceIndex = FENCES
    state: TrackState | None = None
    history: dict[str, Sample] = field(default_factory=dict)
    told: dict[Identity, Transition] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    watermark_s: float = -math.inf
    dropped: int = 0
    revisions: int = 0

    def deliver(self, samples: Sequence[Sample], watermark_s: float) -> None:
        if self.state is None:
            decided_s = max((v.decided_s for v in self.visits.values()), default=-math.inf)
            self.state = revived(sorted(self.history.values()), decided_s, self.watermark_s, RULES)
        self.watermark_s = max(self.watermark_s, watermark_s)
        new = [s for s in samples if s.id not in self.history]
        found, _ = advance_many({KEY: self.state}, {KEY: new}, watermark_s, self.fences, RULES)
        self.tell(found)
        for s in samples:
            self.history.setdefault(s.id, s)
        if late := self.state.take_overdue():
            self.apply(revise(KEY, self.state, late, self.since, self.spans, watermark_s=watermark_s, fences=self.fences, rules=RULES))  # fmt: skip
        if self.state.idle(watermark_s, RULES):
            self.state = None

    def since(self, since_s: float) -> list[Sample]:
        return sorted(s for s in self.history.values() if s.at_s >= since_s)

    def spans(self) -> list[tuple[float, float]]:
        return [(v.started_s, v.decided_s if v.ended_s is not None else math.inf) for v in self.visits.values()]

    def tell(self, found: Sequence[Transition]) -> None:
        for t in sorted(found, key=lambda t: (t.decided_s, t.started_s, t.fence_id)):
            self.told[identity(t)] = t
        fold(self.visits, found)

    def apply(self, revision: Revision) -> None:
        self.state = revision.state
        self.dropped += revision.dropped
        self.revisions += revision.changes
        for t in revision.retracted:
            self.told.pop(identity(t), None)
        for visit_id in revision.retracted_visits:
            self.visits.pop(visit_id, None)
        self.tell(revision.told)
        for visit in revision.visits:
            if visit.id not in self.visits:
                continue
            self.visits[visit.id] = visit
            left = ("exited", visit.id, 0.0, 0)
            assert (left in self.told) == (visit.ended_s is not None)

    def check(self, samples: Sequence[Sample]) -> None:
        """The world knows what it would know had all come in order."""
        ordered = detect(KEY, samples, self.fences, RULES)
        assert sorted(self.told) == sorted(identity(t) for t in ordered.transitions)
        assert sorted(map(as_told, self.visits.values())) == sorted(map(as_told, ordered.visits))
        kinds = [k for k, *_ in self.told]
        assert kinds.count("entered") == kinds.count("exited") == len(self.visits)


def deliver_late(teller: Teller, arrivals: list[tuple[float, Sample]], rng: random.Random) -> None:
    """Batches in order of arrival with idle ticks between; then a day and a half of silence."""
    arrivals = sorted(arrivals)
    at = 0
    while at < len(arrivals):
        size = rng.choice((1, 1, 2, 5, 20))
        batch = [a for a in arrivals[at : at + size] if a[0] <= arrivals[at][0] + 600]
        at += len(batch)
        teller.deliver([s for _, s in batch], batch[-1][0] - 1)
        if rng.random() < 0.3:
            until_s = arrivals[at][0] - 1 if at < len(arrivals) else batch[-1][0]
            teller.deliver([], rng.uniform(batch[-1][0] - 1, max(until_s, batch[-1][0] - 1)))
    teller.deliver([], arrivals[-1][0] + 36 * HOUR)


class TestRevise:
    def test_a_phone_offline_inside_that_then_sends_its_queue_was_there_all_the_time(self) -> None:
        """The dwell and the silent exit that were told meanwhile are put right: one stay, one visit."""
        track = walk((0, 300), (200, 0), (16_000, 5), (16_300, 300), (16_800, 320), every_s=30)
        teller = Teller()
        seen = [s for s in track if s.at_s <= 400]
        queue = [s for s in track if s.at_s > 400]
        teller.deliver(seen, 400)
        teller.deliver([], 400 + 3.5 * HOUR)
        assert [v.ended_by for v in teller.visits.values()] == ["silent"]
        teller.deliver(queue, 17_000)
        (visit,) = teller.visits.values()
        assert visit.ended_by == "left"
        assert abs(visit.dwell_s - 15_860) < 60
        teller.deliver([], 90_000)
        teller.check(track)

    def test_a_dwell_told_for_a_silence_that_was_none_is_taken_back(self) -> None:
        track = walk((0, 300), (200, 0), (260, 5), (460, 400), (1400, 420), every_s=10)
        teller = Teller()
        teller.deliver([s for s in track if s.at_s <= 250], 250)
        teller.deliver([], 1300)
        assert ("dwelled", 900) in [(k, d) for k, _, _, d in teller.told]
        teller.deliver([s for s in track if s.at_s > 250], 1400)
        assert [(k, d) for k, _, _, d in sorted(teller.told)] == [("dwelled", 120), ("entered", 0), ("exited", 0)]
        teller.check(track)

    def test_a_late_fix_far_away_splits_a_visit_in_two(self) -> None:
        away = [sample(3000.0 + 30 * i, 2500 + i) for i in range(20)]
        track = walk((0, 300), (200, 0), (2000, 5), every_s=30) + walk((4500, 8), (6000, 2), every_s=30)
        teller = Teller()
        teller.deliver(track, 6100)
        assert len(teller.visits) == 1
        teller.deliver(away, 6200)
        assert [v.ended_s is None for v in sorted(teller.visits.values(), key=lambda v: v.started_s)] == [False, True]
        teller.deliver([], 60_000)
        teller.check(track + away)

    def test_a_visit_by_silence_that_was_a_way_through_is_retracted(self) -> None:
        inside = sample(100, -15, accuracy_m=120)
        on = [sample(110.0 + 5 * i, 130 + 60.0 * i, accuracy_m=5, speed_mps=12) for i in range(10)]
        teller = Teller()
        teller.deliver([inside], 400)
        assert [v.ended_s for v in teller.visits.values()] == [None]
        teller.deliver(on, 500)
        assert teller.visits == {}
        assert [k for k, *_ in teller.told] == ["crossed"]
        teller.check([inside, *on])

    def test_a_duplicate_that_comes_late_changes_nothing(self) -> None:
        track = walk((0, 300), (200, 0), (1400, 5), (1600, 300), (2400, 320))
        teller = Teller()
        for s in track:
            teller.deliver([s], s.at_s)
        told = dict(teller.told)
        teller.deliver(track[:400:7], 2500)
        assert teller.told == told
        assert teller.revisions == 0

    def test_older_than_the_window_is_dropped_and_counted(self) -> None:
        teller = Teller()
        teller.deliver([sample(100_000, 900)], 100_000)
        teller.deliver([sample(13_000, 0), sample(14_000, 900)], 100_000)
        assert (teller.dropped, teller.told) == (1, {})

    def test_without_the_history_nothing_is_guessed(self) -> None:
        state = TrackState(floor_s=5000.0)
        revision = revise(
            KEY, state, [sample(4000, 0)], lambda _: None, lambda: (), watermark_s=5000, fences=FENCES, rules=RULES
        )
        assert (revision.state, revision.changes, revision.dropped) == (state, False, 1)

    def test_what_was_told_of_a_fence_that_has_moved_since_stays(self) -> None:
        teller = Teller()
        track = walk((0, 300), (200, 0), (800, 5), every_s=10)
        teller.deliver(track, 800)
        before = dict(teller.told)
        teller.fences = FenceIndex([Fence("fen_shop", "plc_shop", "Shop", Circle(LAT + 1, LON, 60.0))])
        teller.deliver([sample(505, 2)], 800)
        assert teller.told == before
        assert teller.state is not None
        assert teller.state.presences["fen_shop"].is_open


class TestAnyOrder:
    """The same set of fixes in any order, late by up to 24 h, doubled, in any batches with any ticks between: told the same.

    Seen to fail when a deadline fired did not make earlier fixes late, and when what the first run had told was not taken back.
    """

    @settings(max_examples=150, deadline=None)
    @given(
        points=st.lists(
            st.tuples(
                st.one_of(st.floats(1, 300), st.floats(1, 15_000)),
                st.sampled_from([0.0, 10.0, 55.0, 70.0, 100.0, 130.0, 400.0, 3000.0]),
                st.sampled_from([5.0, 20.0, 65.0, 1000.0]),
                st.sampled_from([None, None, 0.5, 12.0]),
                st.one_of(st.just(0.0), st.floats(0, 600), st.floats(0, 70_000)),
            ),
            min_size=1,
            max_size=40,
        ),
        seed=st.integers(0, 1000),
        fences=st.sampled_from([FENCES, TOWN]),
    )
    def test_any_track(
        self, points: list[tuple[float, float, float, float | None, float]], seed: int, fences: FenceIndex
    ) -> None:
        rng, at_s = random.Random(seed), 1_000_000.0
        samples: list[Sample] = []
        arrivals: list[tuple[float, Sample]] = []
        for gap_s, east_m, accuracy_m, speed_mps, delay_s in points:
            at_s += gap_s
            fix = sample(at_s, east_m, accuracy_m=accuracy_m, speed_mps=speed_mps)
            samples.append(fix)
            arrivals.append((at_s + delay_s, fix))
            if rng.random() < 0.2:
                arrivals.append((at_s + delay_s + rng.uniform(0, 3000), fix))
        teller = Teller(fences)
        deliver_late(teller, arrivals, rng)
        assert teller.dropped == 0
        teller.check(samples)
