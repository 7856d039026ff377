"""The published schedule: never earlier, at most a tenth later, and over after eleven tries."""

from __future__ import annotations

from datetime import timedelta

from notifications.webhooks.schedule import JITTER, TRIES, WAITS_S, next_try
from tests.conftest import START
from tests.paths import REPOSITORY


class TestNextTry:
    def test_within_what_is_published(self) -> None:
        for tries, wait_s in enumerate(WAITS_S, start=1):
            waits = {(next_try(tries=tries, now=START, retry_after_s=None, seed=str(n)) or START) - START for n in range(50)}
            assert timedelta(seconds=wait_s) <= min(waits) < max(waits) <= timedelta(seconds=wait_s * (1 + JITTER))

    def test_longer_than_three_days_and_then_over(self) -> None:
        assert sum(WAITS_S) > 72 * 3600
        assert next_try(tries=TRIES, now=START, retry_after_s=5, seed="x") is None

    def test_not_before_it_was_asked_for(self) -> None:
        due = next_try(tries=1, now=START, retry_after_s=900, seed="x")
        assert due is not None
        assert due >= START + timedelta(seconds=900)

    def test_what_is_published(self) -> None:
        page = (REPOSITORY / "docs" / "webhooks.md").read_text(encoding="utf-8")
        assert "after 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h" in page
        assert WAITS_S == (5, 60, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
