from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.verdict import PASS, Fail
from app.security.windows import LimitRule, admit

RULE = LimitRule("r", 3, 10)


class TestLimitRule:
    @pytest.mark.parametrize(("tries", "window_s"), [(0, 10), (10_001, 10), (1, 0), (1, 86_401)])
    def test_refuses_what_cannot_be_kept(self, tries: int, window_s: int) -> None:
        with pytest.raises(ValueError, match="a limit needs"):
            LimitRule("r", tries, window_s)


class TestAdmit:
    def test_the_try_after_the_last_is_refused_until_the_first_is_old(self) -> None:
        times = (1_000, 2_000, 3_000)
        refused = admit(RULE, times, 10_999)
        assert refused.verdict == Fail("too_many_requests", {"limit": "r", "tries": 3, "window_s": 10, "retry_after_s": 1})
        assert refused.times_ms == times
        assert admit(RULE, times, 11_000).verdict is PASS
        assert admit(RULE, times, 11_000).times_ms == (2_000, 3_000, 11_000)

    def test_retry_after_is_rounded_up(self) -> None:
        verdict = admit(RULE, (1_000, 2_000, 3_000), 3_001).verdict
        assert isinstance(verdict, Fail)
        assert verdict.facts["retry_after_s"] == 8

    @given(st.lists(st.integers(0, 60_000), max_size=200))
    def test_no_window_ever_holds_more_than_the_rule_allows(self, gaps: list[int]) -> None:
        """Seen to fail with aligned windows (now // window): six tries fit around the edge of two."""
        times: tuple[int, ...] = ()
        admitted: list[int] = []
        now = 0
        for gap in gaps:
            now += gap % 4_000
            admission = admit(RULE, times, now)
            times = admission.times_ms
            if admission.verdict is PASS:
                admitted.append(now)
        for start in admitted:
            assert sum(start <= t < start + 10_000 for t in admitted) <= 3
        assert len(times) <= 3

    @given(st.lists(st.integers(0, 20_000), min_size=3, max_size=3), st.integers(0, 20_000))
    def test_waiting_as_long_as_told_is_enough(self, times: list[int], now: int) -> None:
        admission = admit(RULE, times, now)
        if isinstance(admission.verdict, Fail):
            wait_s = admission.verdict.facts["retry_after_s"]
            assert isinstance(wait_s, int)
            if max(times) <= now:  # a clock that was set back is another matter
                assert admit(RULE, admission.times_ms, now + wait_s * 1000).verdict is PASS
