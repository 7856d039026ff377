"""What is remembered of a track, and which fixes come too late for it."""

from __future__ import annotations

import copy
import math

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from geofences.track import TrackRules, TrackState, advance, pass_by, revived
from tests.geofences.tracks import FENCES, KEY, sample

RULES = TrackRules()


class TestPassBy:
    """What lets a runner handle most fixes without a look at any fence.

    Seen to fail when `advance` counted every sample for the spacing of checkpoints, and when it kept a checkpoint of nothing.
    """

    @settings(max_examples=80)
    @given(
        points=st.lists(
            st.tuples(st.floats(0, 400), st.floats(200, 2000), st.floats(3, 2000), st.booleans()),
            min_size=1,
            max_size=40,
        )
    )
    def test_a_sample_that_hits_and_crosses_nothing_changes_four_fields(
        self, points: list[tuple[float, float, float, bool]]
    ) -> None:
        whole, by_hand, at_s = TrackState(), TrackState(), 0.0
        for gap_s, east_m, accuracy_m, mocked in points:
            at_s += gap_s
            fix = sample(at_s, east_m, accuracy_m=accuracy_m, mocked=mocked)
            if by_hand.is_overdue(fix) or fix.id in {s.id for s in by_hand.recent}:
                continue
            before = copy.deepcopy(whole)
            _, found, wake = advance(whole, [fix], at_s, FENCES, KEY)
            pass_by(by_hand, fix, RULES)
            assert (found, wake) == ([], None)
            assert whole == by_hand
            changed = {name for name in whole.__struct_fields__ if getattr(whole, name) != getattr(before, name)}
            assert changed <= {"last", "recent", "floor_s", "floor_ids"}
            assert whole.quiet

    def test_recent_holds_sixteen_and_nothing_too_old(self) -> None:
        state = TrackState()
        advance(state, [sample(10.0 * i, 900) for i in range(20)], 1000, FENCES, KEY)
        assert [s.at_s for s in state.recent] == [10.0 * i for i in range(4, 20)]
        assert state.last is state.recent[-1]
        advance(state, [sample(480, 900)], 1000, FENCES, KEY)
        assert [s.at_s for s in state.recent] == [180, 190, 480]


class TestIsOverdue:
    def test_before_a_deadline_that_was_fired(self) -> None:
        state = TrackState()
        advance(state, [sample(0, 0)], 130, FENCES, KEY)  # dwelled at 120
        assert state.is_overdue(sample(119, 0))
        assert not state.is_overdue(sample(120, 0))
        assert not state.is_overdue(sample(125, 0))  # below the watermark, but nothing has happened since

    def test_a_tie_is_decided_by_id(self) -> None:
        state = TrackState()
        advance(state, [sample(100, 500)], 100, FENCES, KEY)
        assert state.is_overdue(msgspec.structs.replace(sample(100, 500), id="0"))
        assert not state.is_overdue(msgspec.structs.replace(sample(100, 500), id="z"))

    def test_a_duplicate_is_not(self) -> None:
        state = TrackState()
        track = [sample(10.0 * i, 900) for i in range(5)]
        advance(state, track, 100, FENCES, KEY)
        advance(state, track, 200, FENCES, KEY)
        assert (state.late, state.overdue) == (0, [])


class TestRevived:
    def test_as_if_it_had_been_kept(self) -> None:
        kept = TrackState()
        track = [sample(10.0 * i, 900) for i in range(20)]
        advance(kept, track, 1000, FENCES, KEY)
        again = revived(track, -math.inf, 1000, RULES)
        assert msgspec.structs.replace(again, fired_s=-math.inf) == kept
        assert again.is_overdue(sample(400, 0))  # a candidate may have been forgotten since
        assert not again.is_overdue(sample(600, 0))

    def test_what_was_decided_is_decided(self) -> None:
        again = revived([], 5000.0, 9000.0, RULES)
        assert again.is_overdue(sample(4999, 0))
        assert not again.is_overdue(sample(5000, 0))
