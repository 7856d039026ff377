"""Leave a provider alone that has failed many times in a row, and try it with one message before all follow.

Owns the states: closed (all may go), open until an instant (none may), half open after it (one probe). Pure; `Breaker` in breaking.py keeps the
state of a process. What waits keeps its attempts meanwhile: nobody gives up because a provider was away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """It opens after `failures` in a row, for `first_s`; each probe that fails doubles that, up to `most_s`."""

    failures: int
    first_s: float
    most_s: float


@dataclass(frozen=True, slots=True)
class BreakerState:
    """`failures` in a row; `opened` how often since it last worked; `until` when the next probe may go; `probing` one is on its way."""

    failures: int = 0
    opened: int = 0
    until: datetime | None = None
    probing: bool = False


CLOSED = BreakerState()


def may_go(state: BreakerState, wanted: int, now: datetime) -> int:
    """How many of `wanted` may be sent now."""
    if state.until is None:
        return wanted
    return 0 if now < state.until or state.probing else min(1, wanted)


def begun(state: BreakerState, now: datetime) -> BreakerState:
    """A message is on its way. In the half-open state it is the probe, and a second one must not follow."""
    if state.until is None or now < state.until:
        return state
    return BreakerState(state.failures, state.opened, state.until, probing=True)


def after(state: BreakerState, worked: bool, now: datetime, rules: BreakerRules) -> BreakerState:
    """An answer has come. Of several on their way when it opened, those that fail change nothing, and one that worked closes it."""
    if worked:
        return CLOSED
    failures = state.failures + 1
    if state.until is None:
        if failures < rules.failures:
            return BreakerState(failures)
    elif not state.probing:
        return state
    opened = state.opened + 1
    wait_s = min(rules.first_s * 2.0 ** min(opened - 1, 40), rules.most_s)
    return BreakerState(failures, opened, now + timedelta(seconds=wait_s))
