"""The ring of lately heard fixes: chains by device, forgetting the oldest, and saying how far back it can be asked."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geofences.columns import fix_id, of_samples
from geofences.history import FIRST_ROWS, History
from geofences.track import Key, Sample

KEY = Key("shp_1", "dev_1")


def fix(at_s: float, lat: float = 60.17) -> Sample:
    return Sample(at_s, fix_id(at_s, lat, 24.94), lat, 24.94, 8.0, 1.0, False, 0.5)


def put(history: History, no: int, *times: float) -> None:
    columns = of_samples({KEY: [fix(t) for t in times]})
    history.append(columns, np.full(len(times), no, dtype=np.int64))


class TestSamples:
    def test_each_device_for_itself_in_order_of_time(self) -> None:
        history = History(FIRST_ROWS)
        put(history, 0, 1, 2, 3)
        put(history, 4, 2.5)
        put(history, 0, 1.5)  # late
        assert history.samples(0, 0) == [fix(t) for t in (1, 1.5, 2, 3)]
        assert history.samples(0, 2) == [fix(2), fix(3)]
        assert history.samples(4, 0) == [fix(2.5)]
        assert history.samples(3, 0) == history.samples(9_999_999, 0) == []

    def test_a_long_past_is_not_walked_through(self) -> None:
        history = History(FIRST_ROWS)
        put(history, 0, *range(1000))
        put(history, 0, 500.5)
        put(history, 0, 1000, 1001)
        assert len(history._walk(0, since_s=998)) == 5  # 1001, 1000, the late one, 999, 998
        assert [s.at_s for s in history.samples(0, 998)] == [998, 999, 1000, 1001]

    def test_a_fix_is_remembered_once(self) -> None:
        history = History(FIRST_ROWS)
        put(history, 0, 1, 2)
        put(history, 0, 2)
        assert history.samples(0, 0) == [fix(1), fix(2)]

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10**6)), min_size=1, max_size=1500), max_size=8), st.sampled_from([4096, 5000]))
    def test_equals_plain_lists(self, batches: list[list[tuple[int, int]]], most: int) -> None:
        """However it grows and wraps: of each device exactly its fixes among the last `most`, all of them or those since some time.
        Seen to fail with the chain not cut at what was overwritten, and with the walk ended at the first fix that is too old."""
        history, plain = History(most), list[tuple[int, int]]()
        for batch in batches:
            columns = of_samples({KEY: [fix(at) for _, at in batch]})
            history.append(columns, np.array([no for no, _ in batch]))
            plain += batch
        for no in range(6):
            wanted = {float(at) for device, at in plain[-most:] if device == no}
            for since_s in (-1, 1000, 500_000, *sorted(wanted)[-2:]):
                assert [s.at_s for s in history.samples(no, since_s)] == sorted(at for at in wanted if at >= since_s)


class TestRecent:
    def test_the_newest_few(self) -> None:
        history = History(FIRST_ROWS)
        put(history, 0, *range(1, 50))
        assert [s.at_s for s in history.recent(0, 3, 0)] == [47, 48, 49]
        assert [s.at_s for s in history.recent(0, 16, 48)] == [48, 49]
        assert history.recent(7, 16, 0) == []


class TestBefore:
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=60), max_size=6),
        st.integers(0, 1),
        st.integers(0, 41),
        st.integers(1, 40),
    )
    def test_is_the_last_of_what_was_remembered_before(self, batches: list[list[tuple[int, int, int]]], no: int, at_s: int, back_s: int) -> None:
        """Whatever came late or twice, or from several places at once. Seen to fail with the walk ended at the first fix that is old enough."""
        history = History(FIRST_ROWS)
        for batch in batches:
            columns = of_samples({KEY: [fix(at, 60.0 + place) for _, at, place in batch]})
            history.append(columns, np.array([who for who, _, _ in batch]))
        before = [s for s in history.samples(no, at_s - back_s) if s.at_s < at_s]
        assert history.before(no, at_s, at_s - back_s) == (before[-1] if before else None)

    def test_nobody_was_heard_of_whom_nothing_is_known(self) -> None:
        assert History(FIRST_ROWS).before(7, 10.0, 0.0) is None


class TestReachesBack:
    def test_until_something_was_forgotten_for_ever(self) -> None:
        history = History(FIRST_ROWS)
        put(history, 1, 10, 20)
        assert history.reaches_back_s(1) == history.reaches_back_s(2) == -np.inf
        for start in range(100, 100 + 2 * FIRST_ROWS, 1000):
            put(history, 0, *range(start, start + 1000))
        assert history.reaches_back_s(0) > 100
        assert history.samples(1, 0) == []
        assert history.reaches_back_s(1) == np.inf

    def test_what_is_expired_is_wiped(self) -> None:
        history = History(FIRST_ROWS)
        put(history, 0, *range(10))
        history.expire(before_s=6)
        assert [s.at_s for s in history.samples(0, 0)] == [6, 7, 8, 9]
        assert history.reaches_back_s(0) == 6
        history.expire(before_s=100)
        assert history.samples(0, 0) == []
        put(history, 0, 200)
        assert [s.at_s for s in history.samples(0, 0)] == [200]


class TestForget:
    def test_one_device_alone(self) -> None:
        history = History(FIRST_ROWS)
        put(history, 0, 1, 2)
        put(history, 1, 1)
        history.forget(0)
        assert history.samples(0, 0) == []
        assert history.samples(1, 0) == [fix(1)]
