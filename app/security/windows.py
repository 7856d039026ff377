"""How many tries fit into a sliding window: the rule behind every limit.

Owns the decision alone. Must not know who is limited or where the times are kept (app/security/limits.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.kernel.verdict import PASS, Fail, Verdict


@dataclass(frozen=True, slots=True)
class LimitRule:
    """At most `tries` in any `window_s` seconds; `name` is part of the stored key."""

    name: str
    tries: int
    window_s: int

    def __post_init__(self) -> None:
        if not (0 < self.tries <= 10_000 and 0 < self.window_s <= 86_400):
            raise ValueError("a limit needs 1..10000 tries in 1..86400 seconds")


@dataclass(frozen=True, slots=True)
class Admission:
    """The verdict on one try and the times to remember (epoch milliseconds, oldest first, at most `tries` of them)."""

    verdict: Verdict
    times_ms: tuple[int, ...]


def admit(rule: LimitRule, times_ms: Sequence[int], now_ms: int) -> Admission:
    """May one more try be made at `now_ms`, after the admitted tries at `times_ms`?

    Exact for every window, not only aligned ones: a try counts for `window_s` seconds after it was made. A refused try
    is not remembered, so hammering does not lock the door for longer. Times ahead of `now_ms` (a clock set back) count.
    """
    window_ms = rule.window_s * 1000
    live = tuple(sorted(t for t in times_ms if t > now_ms - window_ms))
    if len(live) < rule.tries:
        return Admission(PASS, tuple(sorted((*live, now_ms))))
    free_at_ms = live[len(live) - rule.tries] + window_ms
    retry_after_s = min(rule.window_s, max(1, -(-(free_at_ms - now_ms) // 1000)))
    return Admission(
        Fail("too_many_requests", {"limit": rule.name, "tries": rule.tries, "window_s": rule.window_s, "retry_after_s": retry_after_s}),
        live,
    )
