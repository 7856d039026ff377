"""When a webhook is tried again, and when it is given up. Pure.

Owns the published schedule (docs/webhooks.md). Waits are never shorter than published; jitter makes them up to a tenth longer, so that
what failed together does not come back together. Jitter comes from a seed, so that a test can tell it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from notifications.retries import fraction

WAITS_S: tuple[int, ...] = (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Eleven tries in a little more than three days."""
TRIES = len(WAITS_S) + 1
JITTER = 0.1


def next_try(*, tries: int, now: datetime, retry_after_s: float | None, seed: str) -> datetime | None:
    """The instant of the next try after `tries` (>= 1) failed ones; None when it was the last.

    `retry_after_s` is what the receiver asked for: never earlier than that.
    """
    if tries >= TRIES:
        return None
    wait_s = max(WAITS_S[tries - 1], retry_after_s or 0.0)
    return now + timedelta(seconds=wait_s * (1 + JITTER * fraction(seed, tries)))
