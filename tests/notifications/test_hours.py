"""Open hours are counted as clocks there show them, and what is due lies where that much of them has passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.hours import ALWAYS, WEEK, OpenHours, due_at, is_late, open_s

SHOP = OpenHours("Europe/Helsinki", tuple((day, "closed" if day == "sun" else "10:00-20:00") for day in WEEK))
BAR = OpenHours("Europe/Helsinki", tuple((day, "22:00-04:00") for day in WEEK))
SATURDAY_18 = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
"""18:00 in Helsinki."""


class TestDueAt:
    def test_within_the_day_and_over_a_closed_one(self) -> None:
        assert due_at(SATURDAY_18, 3600, SHOP) == SATURDAY_18 + timedelta(hours=1)
        assert due_at(SATURDAY_18, 3 * 3600, SHOP) == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # Monday 11:00

    def test_what_fits_to_the_minute_is_due_at_closing(self) -> None:
        assert due_at(SATURDAY_18, 7200, SHOP) == datetime(2026, 11, 21, 18, 0, tzinfo=UTC)

    def test_begun_while_closed_it_counts_from_opening(self) -> None:
        assert due_at(datetime(2026, 11, 22, 3, 0, tzinfo=UTC), 60, SHOP) == datetime(2026, 11, 23, 8, 1, tzinfo=UTC)

    def test_day_and_night_where_no_hours_are_known_or_it_never_opens(self) -> None:
        assert due_at(SATURDAY_18, 60) == SATURDAY_18 + timedelta(seconds=60)
        assert due_at(SATURDAY_18, 60, OpenHours("UTC", tuple((day, "closed") for day in WEEK))) == SATURDAY_18 + timedelta(seconds=60)

    def test_nothing_left_is_due_at_once(self) -> None:
        assert due_at(SATURDAY_18, 0, SHOP) == due_at(SATURDAY_18, -5, SHOP) == SATURDAY_18

    def test_the_night_the_clocks_go_forward_and_back(self) -> None:
        """In March 03:00 to 04:00 is left out, in October it comes twice. Planted bug: local times subtracted instead of moments."""
        begins = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)  # 22:00
        assert open_s(begins, datetime(2026, 3, 29, 12, 0, tzinfo=UTC), BAR) == 5 * 3600
        assert due_at(begins, 5 * 3600, BAR) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 04:00 there
        begins = datetime(2026, 10, 24, 19, 0, tzinfo=UTC)
        assert open_s(begins, datetime(2026, 10, 25, 12, 0, tzinfo=UTC), BAR) == 7 * 3600


class TestOpenS:
    def test_only_what_is_open_counts(self) -> None:
        assert open_s(SATURDAY_18, SATURDAY_18 + timedelta(days=2), SHOP) == 2 * 3600 + 8 * 3600
        assert open_s(SATURDAY_18, SATURDAY_18 - timedelta(days=1), SHOP) == 0
        assert open_s(SATURDAY_18, SATURDAY_18 + timedelta(seconds=90)) == 90

    def test_until_midnight(self) -> None:
        late = OpenHours("UTC", (("sat", "20:00-24:00"),))
        assert open_s(datetime(2026, 11, 21, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC), late) == 3600

    @given(st.integers(0, 365 * 86_400), st.integers(1, 400_000), st.sampled_from([SHOP, BAR, ALWAYS]))
    def test_what_is_due_lies_where_so_much_has_passed(self, since_s: int, within_s: int, hours: OpenHours) -> None:
        begins = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=since_s)
        assert open_s(begins, due_at(begins, within_s, hours), hours) == within_s


class TestIsLate:
    @pytest.mark.parametrize(("due", "late"), [(None, False), (SATURDAY_18, False), (SATURDAY_18 - timedelta(seconds=1), True)])
    def test_after_the_moment_and_not_on_it(self, due: datetime | None, late: bool) -> None:
        assert is_late(due, SATURDAY_18) is late
