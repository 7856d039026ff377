"""The breaker of one provider in this process.

Owns the state between answers, and telling the log when it opens and closes. Each process has its own: a provider that one of them cannot
reach may answer another. The rules are in breaker.py.
"""

from __future__ import annotations

import threading
from datetime import datetime

from app.kernel.logs import get_logger
from notifications import breaker
from notifications.ports import Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason

log = get_logger(__name__)

_AWAY = {Reason.PROVIDER_UNAVAILABLE, Reason.PROVIDER_UNKNOWN, Reason.PROVIDER_AUTH}
"""What says that the provider does not work, for anybody. A quota or a bad address says that it does."""


class Breaker:
    """Safe to call from several threads."""

    def __init__(self, channel: str, rules: breaker.BreakerRules) -> None:
        self._channel, self._rules = channel, rules
        self._lock = threading.Lock()
        self._state = breaker.CLOSED

    @property
    def until(self) -> datetime | None:
        """When the next probe may go; None while it is closed."""
        return self._state.until

    def may_go(self, wanted: int, now: datetime) -> int:
        with self._lock:
            return breaker.may_go(self._state, wanted, now)

    def begun(self, now: datetime) -> None:
        with self._lock:
            self._state = breaker.begun(self._state, now)

    def heard(self, receipt: PushReceipt, now: datetime) -> None:
        worked = not (receipt.outcome is Outcome.RETRY and receipt.reason in _AWAY)
        with self._lock:
            before = self._state
            self._state = breaker.after(before, worked, now, self._rules)
            opened, closed = self._state.until not in (None, before.until), before.until is not None and self._state.until is None
        if opened:
            log.warning("provider_left_alone", channel=self._channel, until=str(self._state.until), failures=self._state.failures)
        if closed:
            log.info("provider_is_back", channel=self._channel)
