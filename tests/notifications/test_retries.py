"""The retry schedule: exact where there is no jitter, bounded where there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.verdict import Fail
from notifications.retries import RetryRules, fraction, next_attempt, retry_after_seconds

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RULES = RetryRules(first_s=2.0, most_s=60.0, attempts=6)
LATER = NOON + timedelta(days=1)


def wait_s(attempts: int, *, retry_after_s: float | None = None, seed: str = "dlv_1") -> float:
    due = next_attempt(
        attempts=attempts, now=NOON, expires_at=LATER, retry_after_s=retry_after_s, seed=seed, rules=RULES
    )
    assert isinstance(due, datetime)
    return (due - NOON).total_seconds()


class TestNextAttempt:
    @pytest.mark.parametrize(("attempts", "base_s"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32)])
    def test_doubles_within_jitter(self, attempts: int, base_s: float) -> None:
        assert base_s / 2 <= wait_s(attempts) <= base_s
        assert wait_s(attempts) == pytest.approx(base_s * (0.5 + 0.5 * fraction("dlv_1", attempts)), abs=1e-5)

    def test_same_seed_same_instant_other_seed_another(self) -> None:
        assert wait_s(1) == wait_s(1)
        assert wait_s(1) != wait_s(1, seed="dlv_2")

    @given(st.floats(min_value=0, max_value=20_000), st.integers(min_value=1, max_value=5), st.text(max_size=8))
    def test_never_before_retry_after(self, asked_s: float, attempts: int, seed: str) -> None:
        """Planted bug: `min` in place of `max` in next_attempt made this fail."""
        assert wait_s(attempts, retry_after_s=asked_s, seed=seed) >= asked_s - 1e-6

    def test_gives_up_after_the_last_attempt(self) -> None:
        stop = next_attempt(attempts=6, now=NOON, expires_at=LATER, retry_after_s=None, seed="x", rules=RULES)
        assert stop == Fail("gave_up", {"attempts": 6})

    def test_never_at_or_after_expiry(self) -> None:
        soon = NOON + timedelta(seconds=30)
        stop = next_attempt(attempts=1, now=NOON, expires_at=soon, retry_after_s=30, seed="x", rules=RULES)
        assert stop == Fail("expired_before_sent", {"attempts": 1})


class TestRetryAfterSeconds:
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            (None, None),
            ("7", 7.0),
            (" 120 ", 120.0),
            ("99999999999999999999", 21_600.0),
            ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
            ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
            ("soon", None),
            ("-5", None),
            ("٣", None),
            ("", None),
        ],
    )
    def test_number_date_or_nothing(self, header: str | None, expected: float | None) -> None:
        assert retry_after_seconds(header, NOON) == expected
