"""Time as a port: nothing else in the house reads the wall clock.

Owns `Clock`, the system clock and a manual one (tests and simulations move it by hand).
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """`now()` is an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until `advance` or `set_to`; safe to share between threads."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._at = at.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._at

    def advance(self, seconds: float) -> datetime:
        with self._lock:
            self._at += timedelta(seconds=seconds)
            return self._at

    def set_to(self, at: datetime) -> None:
        with self._lock:
            self._at = at.astimezone(UTC)


def epoch_s(at: datetime) -> float:
    """Seconds since 1970-01-01 UTC."""
    return at.timestamp()


def from_epoch_s(seconds: float) -> datetime:
    """Aware UTC datetime of `seconds` since 1970; raises ValueError/OverflowError outside year 1..9999."""
    return datetime.fromtimestamp(seconds, UTC)


def utc_text(at: datetime) -> str:
    """ISO 8601 of a UTC time, with Z: as every answer writes it."""
    return at.isoformat().replace("+00:00", "Z")
