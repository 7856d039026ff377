"""Marks to retell a track from: which are taken, which are kept."""

from __future__ import annotations

import itertools

from geofences.checkpoints import EVERY, Checkpoint, before, keep, take
from geofences.track import TrackState, advance
from tests.geofences.tracks import FENCES, KEY, sample


def mark(weighed: int) -> Checkpoint:
    return Checkpoint(float(weighed), float(weighed), weighed)


class TestTake:
    def test_one_before_anything_is_remembered_then_one_every_few_samples(self) -> None:
        state = TrackState()
        track = [sample(0, 500), *(sample(10.0 * i, 0) for i in range(1, 2 * EVERY + 3))]
        advance(state, track, 1000, FENCES, KEY)
        assert [(m.floor_s, m.fired_s, sorted(m.presences)) for m in state.checkpoints] == [
            (0.0, float("-inf"), []),
            (160.0, 140.0, ["fen_shop"]),  # on foot since 20, so the first step of the ladder had fired
            (320.0, 320.0, ["fen_shop"]),
        ]

    def test_what_is_marked_stays_as_it_was(self) -> None:
        state = TrackState()
        advance(state, [sample(0, 0)], 0, FENCES, KEY)
        state.checkpoints = []
        marked = take(state, 10)
        assert marked is not None
        advance(state, [sample(500, 0)], 500, FENCES, KEY)
        assert marked.presences["fen_shop"].dwelled == 0
        assert state.presences["fen_shop"].dwelled == 2

    def test_none_between_samples_of_nearly_the_same_time(self) -> None:
        assert take(TrackState(floor_s=100.0), 100.005) is None


class TestKeep:
    def test_gaps_grow_with_age(self) -> None:
        marks: list[Checkpoint] = []
        for n in range(0, 10_000, EVERY):
            marks = keep([*marks, mark(n)], float("-inf"))
        assert len(marks) <= 12
        assert marks[0].weighed == 0
        newest = marks[-1].weighed
        for older, younger in itertools.pairwise(marks):
            assert younger.weighed - older.weighed <= EVERY + 4 * (newest - older.weighed)

    def test_of_those_before_the_window_the_newest_alone(self) -> None:
        assert [m.weighed for m in keep([mark(0), mark(1000), mark(2000), mark(3000)], 1500.0)] == [1000, 2000, 3000]


class TestBefore:
    def test_the_newest_that_the_sample_leaves_as_it_is(self) -> None:
        marks = [mark(0), Checkpoint(100.0, 250.0, 100), mark(300)]
        assert before(marks, 301.0) is marks[2]
        assert before(marks, 300.0) is marks[1]  # a sample at the very time of the mark may come before its last one
        assert before(marks, 200.0) is marks[0]  # a deadline at 250 has been fired in the second
        assert before(marks, -1.0) is None
