"""When to try again, and when to stop.

Owns the schedule: exponential with jitter, a provider's Retry-After as the least wait, an end at the offer's expiry or after
so many attempts. Must not sleep: the answer is an instant that is stored in a row. Pure; jitter comes from a seed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from app.kernel.verdict import Fail
from notifications.reasons import NotificationReason

RETRY_AFTER_MOST_S = 6 * 3600.0
"""A longer wait than this is taken as this: a provider's typing error must not silence us for a year."""


@dataclass(frozen=True, slots=True)
class RetryRules:
    """Waits grow from `first_s` by doubling to `most_s`; `attempts` is how often we try in all."""

    first_s: float
    most_s: float
    attempts: int


def next_attempt(
    *, attempts: int, now: datetime, expires_at: datetime, retry_after_s: float | None, seed: str, rules: RetryRules
) -> datetime | Fail:
    """The instant of the next try after `attempts` (>= 1) failed ones, or the reason to stop.

    The wait is between half and the whole of the doubled base, so that a crowd that failed together does not return
    together; it is never shorter than `retry_after_s`. A try at or after `expires_at` would come too late.
    """
    if attempts >= rules.attempts:
        return Fail(NotificationReason.GAVE_UP, {"attempts": attempts})
    base_s = min(rules.first_s * 2.0 ** min(attempts - 1, 40), rules.most_s)
    jitter = fraction(seed, attempts)
    wait_s = base_s * (0.5 + 0.5 * jitter)
    if retry_after_s is not None:
        # The crowd was told the same number: spread it after, never before.
        wait_s = max(wait_s, min(retry_after_s, RETRY_AFTER_MOST_S) + jitter * min(rules.first_s, 1.0))
    due_at = now + timedelta(seconds=wait_s)
    if due_at >= expires_at:
        return Fail(NotificationReason.EXPIRED_BEFORE_SENT, {"attempts": attempts})
    return due_at


def fraction(seed: str, attempt: int) -> float:
    """A number in [0, 1), the same for the same seed and attempt."""
    digest = hashlib.sha256(f"{seed}\x1f{attempt}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3: a number or a date); None if absent or unreadable."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), RETRY_AFTER_MOST_S) if len(text) < 12 else RETRY_AFTER_MOST_S
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if at.tzinfo is None:
        return None
    return min(max((at - now).total_seconds(), 0.0), RETRY_AFTER_MOST_S)
