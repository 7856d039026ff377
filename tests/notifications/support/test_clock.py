"""The clock of a case: it runs in open hours while it is our turn, stands while it is hers, and nothing that has run comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from notifications.hours import ALWAYS
from notifications.support.clock import Clock
from tests.notifications.test_hours import SATURDAY_18, SHOP

FRIDAY = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
"""10:00 in Helsinki: the store opens."""


class TestClock:
    def test_both_are_due_in_open_time(self) -> None:
        clock = Clock(3 * 3600, 12 * 3600).started(SATURDAY_18)
        assert clock.answer_due(SHOP) == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
        assert clock.solve_due(SHOP) == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)

    def test_standing_it_is_due_never_and_goes_on_with_what_was_left(self) -> None:
        stood = Clock(3600, 7200).started(FRIDAY).stopped(FRIDAY + timedelta(minutes=10), SHOP)
        assert (stood.answer_left_s, stood.solve_left_s, stood.answer_due(SHOP), stood.solve_due(SHOP)) == (3000, 6600, None, None)
        assert stood.started(FRIDAY + timedelta(hours=5)).solve_due(SHOP) == FRIDAY + timedelta(hours=5, seconds=6600)

    def test_begun_or_stopped_twice_is_once(self) -> None:
        clock = Clock(3600, 7200).started(FRIDAY)
        assert clock.started(FRIDAY + timedelta(hours=1)) == clock
        stood = clock.stopped(FRIDAY + timedelta(seconds=60), ALWAYS)
        assert stood.stopped(FRIDAY + timedelta(hours=1), ALWAYS) == stood

    def test_an_answered_one_owes_only_the_solution(self) -> None:
        clock = Clock(3600, 7200).answered().started(FRIDAY)
        assert (clock.answer_due(SHOP), clock.solve_due(SHOP)) == (None, FRIDAY + timedelta(hours=2))

    def test_another_priority_takes_off_what_it_promises_less(self) -> None:
        assert Clock(3600, 7200).promised(-3000, -7000) == Clock(600, 200)
        assert Clock(None, 7200).promised(-3000, 100) == Clock(None, 7300)

    def test_what_is_overdrawn_is_due_at_once(self) -> None:
        assert Clock(-10, -10).started(FRIDAY).answer_due(SHOP) == FRIDAY
