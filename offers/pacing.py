"""How much of a campaign's budget is released by now, so that the first days do not spend what the last were meant to have.

Pure. Even pacing: on day k of the n days from `starts_on` to `ends_on`, by the calendar of the store, `budget * k // n` is released
in all (never less than one offer can cost). What one day leaves, the next may spend. Must not read a clock or a table.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from offers import schedule
from offers.definition import Definition, Pacing


def released_minor(definition: Definition, timezone: str, at: datetime) -> int | None:
    """Minor units that coupons may hold and have spent by `at`, at a store in `timezone`; None without a budget."""
    budget_minor, first, last = definition.budget_minor, definition.schedule.starts_on, definition.schedule.ends_on
    if budget_minor is None or definition.pacing is not Pacing.EVEN or first is None or last is None:
        return budget_minor
    begins, days = date.fromisoformat(first), (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    day = (at.astimezone(schedule.zone(timezone) or UTC).date() - begins).days + 1
    share_minor = budget_minor * min(max(day, 1), days) // days
    return min(budget_minor, max(share_minor, definition.outlay_minor))
