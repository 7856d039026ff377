"""Recorded forecasts: what a file says was known, whenever one asks.

Owns nothing but the list; it is the source of `moments weather import`, and the twin of a live one in tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from offers.outside.almanac import Area, Issue


class RecordedGateway:
    def __init__(self, issues: Iterable[Issue]) -> None:
        self._issues = tuple(issues)

    def issues(self, area: Area, at: datetime) -> Sequence[Issue]:
        """All that was known by then, the earliest first."""
        known = [one for one in self._issues if one.area_id == area.id and one.forecast.known_at <= at]
        return sorted(known, key=lambda one: (one.forecast.known_at, one.forecast.day))
