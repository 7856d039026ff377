"""The fast way past the detector tells the same story as the detector alone, whatever the batches."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geofences.columns import FixColumns, fix_id, joined, of_samples
from geofences.geometry import Circle
from geofences.index import Fence, FenceIndex
from geofences.memory import Memory
from geofences.track import Key, Sample, TrackRules, TrackState, advance_many
from geofences.transitions import Transition
from tests.geofences.tracks import K_LON, LAT, LON, K

RULES = TrackRules()
FENCES = FenceIndex(
    [
        Fence("fen_a", "plc_a", "A", Circle(LAT, LON, 60.0)),
        Fence("fen_b", "plc_b", "B", Circle(LAT, LON + 300 / K_LON, 40.0)),
    ]
)
KEYS = [Key(f"shp_{i}", f"dev_{i}") for i in range(4)]


def fix(at_s: float, east_m: float, north_m: float = 0.0) -> Sample:
    lat, lon = LAT + north_m / K, LON + east_m / K_LON
    return Sample(at_s, fix_id(at_s, lat, lon), lat, lon, 8.0)


def story(tracks: dict[Key, list[Sample]]) -> list[Transition]:
    """Straight through the rules."""
    states = {key: TrackState() for key in tracks}
    found, _ = advance_many(states, tracks, math.inf, FENCES, RULES)
    return sorted(found, key=_order)


def _order(t: Transition) -> tuple[object, ...]:
    return t.decided_s, t.device_id, t.fence_id, t.kind.value, t.at_s


def by_memory(tracks: dict[Key, list[Sample]], cuts_s: Sequence[float]) -> tuple[list[Transition], int]:
    """The same in turns, as a runner does it: (transitions, samples that had to go through the rules)."""
    memory, found, ruled = Memory(RULES, 10_000), list[Transition](), 0
    wakes: dict[int, float] = {}
    since = -math.inf
    for until in [*cuts_s, math.inf]:
        some = {key: [s for s in samples if since < s.at_s <= until] for key, samples in tracks.items()}
        work = memory.take_in(_sorted(memory, of_samples({k: v for k, v in some.items() if v})), FENCES)
        ruled += sum(map(len, work.for_rules.values()))
        due = [no for no, at in wakes.items() if at <= until]
        states = {memory.live.keys[no]: memory.awake(no) for no in sorted({*due, *work.for_rules})}
        more, woken = advance_many(states, {memory.live.keys[no]: s for no, s in work.for_rules.items()}, until, FENCES, RULES)
        memory.remember(work)
        for key, wake in woken.items():
            no = memory.live.number(key)
            wakes.pop(no, None)
            again = memory.settle(no, wake)
            if again is not None:
                wakes[no] = again
        found += more
        since = until
    return sorted(found, key=_order), ruled


def _sorted(memory: Memory, columns: FixColumns) -> FixColumns:
    numbered = joined([(columns, memory.live.numbers(columns.keys))])
    return numbered.take(np.lexsort((numbered.at_s, numbered.key_no)))


STEPS = st.tuples(st.integers(1, 200), st.sampled_from([-400, -90, -55, 0, 20, 70, 150, 290, 300, 330, 600]), st.sampled_from([0, 0, 30, 200]))


class TestTakeIn:
    """Seen to fail with the way between two fixes not looked at, and with a device's deadline forgotten when it became quiet."""

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.lists(STEPS, max_size=25), min_size=1, max_size=4), st.lists(st.integers(0, 3000), max_size=6))
    def test_the_same_transitions(self, walks: list[list[tuple[int, int, int]]], cuts: list[int]) -> None:
        tracks: dict[Key, list[Sample]] = {}
        for key, walk in zip(KEYS, walks, strict=False):
            at, samples = 0.0, list[Sample]()
            for step_s, east_m, north_m in walk:
                at += step_s
                samples.append(fix(at, east_m, north_m))
            if samples:
                tracks[key] = samples
        found, _ = by_memory(tracks, sorted(float(c) for c in cuts))
        assert found == story(tracks)

    def test_who_is_nowhere_passes_by(self) -> None:
        tracks = {KEYS[0]: [fix(10.0 * i, 5000.0 + 14 * i) for i in range(300)], KEYS[1]: [fix(10.0 * i, 0) for i in range(5)]}
        found, ruled = by_memory(tracks, [500, 1000, 2000])
        assert found == story(tracks) != []
        assert ruled == 5

    def test_late_known_and_harmless_are_told_apart(self) -> None:
        memory = Memory(RULES, 10_000)
        far = {key: [fix(t, 5000) for t in (1.0, 2.0, 3.0)] for key in KEYS[:2]}
        memory.remember(memory.take_in(_sorted(memory, of_samples(far)), FENCES))
        late = {KEYS[0]: [fix(2.0, 5000), fix(2.4, 5000), fix(2.5, 0), fix(3.0, 5000), fix(4.0, 5000)], KEYS[1]: [fix(1.5, 5000), fix(2.0, 5000)]}
        work = memory.take_in(_sorted(memory, of_samples(late)), FENCES)
        memory.remember(work)
        # at 2.5 something may have happened: what came too late is told with it, and what comes after
        assert work.overdue == {0: [fix(2.4, 5000), fix(2.5, 0), fix(4.0, 5000)]}
        assert work.for_rules == {}
        assert [[s.at_s for s in memory.heard(no, 0) or []] for no in (0, 1)] == [[1.0, 2.0, 3.0], [1.0, 1.5, 2.0, 3.0]]


class TestRecall:
    def test_what_was_too_much_to_read_back_is_not_taken_for_nothing(self) -> None:
        """Seen to fail when a memory that was cut short was asked as if it were whole."""
        batches = [of_samples({KEYS[0]: [fix(t, 5000), fix(t + 1, 5000)]}) for t in (100.0, 200.0, 300.0)]
        whole, cut = Memory(RULES, 10_000), Memory(RULES, 7)
        for memory in (whole, cut):
            memory.recall({}, batches, {})
        assert [s.at_s for s in whole.heard(0, 0) or []] == [100, 101, 200, 201, 300, 301]
        assert cut.heard(0, 0) is None
        assert [s.at_s for s in cut.heard(0, 150) or []] == [200, 201, 300, 301]
