"""The two promises of a case: a first answer, and a solution, each within so much open time. Pure.

Owns when they run and what is left of them. It runs while it is our turn and stands while it is hers; what has run is not given back by standing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from notifications.hours import OpenHours, due_at, open_s


@dataclass(frozen=True, slots=True)
class Clock:
    """Open seconds left when it last began to run or stood still. `answer_left_s` None: she has had her first answer. `running_since` None: it stands."""

    answer_left_s: int | None
    solve_left_s: int
    running_since: datetime | None = None

    def started(self, at: datetime) -> Clock:
        return self if self.running_since is not None else replace(self, running_since=at)

    def stopped(self, at: datetime, hours: OpenHours) -> Clock:
        if self.running_since is None:
            return self
        run = open_s(self.running_since, at, hours)
        return Clock(None if self.answer_left_s is None else self.answer_left_s - run, self.solve_left_s - run)

    def answered(self) -> Clock:
        return replace(self, answer_left_s=None)

    def promised(self, answer_more_s: int, solve_more_s: int) -> Clock:
        """Another priority: so much more (or less) of each."""
        answer = None if self.answer_left_s is None else self.answer_left_s + answer_more_s
        return replace(self, answer_left_s=answer, solve_left_s=self.solve_left_s + solve_more_s)

    def answer_due(self, hours: OpenHours) -> datetime | None:
        if self.running_since is None or self.answer_left_s is None:
            return None
        return due_at(self.running_since, self.answer_left_s, hours)

    def solve_due(self, hours: OpenHours) -> datetime | None:
        return due_at(self.running_since, self.solve_left_s, hours) if self.running_since is not None else None
