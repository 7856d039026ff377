"""When quiet hours end, by every clock there is."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.quiet import QuietHours, is_quiet, quiet_until

NIGHT = QuietHours(time(21), time(8))


class TestIsQuiet:
    def test_quiet_in_any_zone_is_quiet(self) -> None:
        assert is_quiet(NIGHT, ("Europe/Helsinki", "Pacific/Auckland"), datetime(2026, 11, 21, 12, tzinfo=UTC))
        assert not is_quiet(NIGHT, ("Europe/Helsinki",), datetime(2026, 11, 21, 12, tzinfo=UTC))


class TestQuietUntil:
    def test_not_quiet_at_all(self) -> None:
        noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
        assert quiet_until(NIGHT, ("Europe/Helsinki",), noon) == noon

    @pytest.mark.parametrize(
        ("at", "until"),
        [
            (datetime(2026, 11, 21, 19, 30, tzinfo=UTC), datetime(2026, 11, 22, 6, tzinfo=UTC)),  # before midnight
            (datetime(2026, 11, 22, 1, 0, tzinfo=UTC), datetime(2026, 11, 22, 6, tzinfo=UTC)),  # after it
            (datetime(2026, 3, 28, 20, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),  # the short night in spring
            (datetime(2026, 10, 24, 20, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),  # the long one in autumn
        ],
    )
    def test_helsinki(self, at: datetime, until: datetime) -> None:
        """Planted bug: adding the hours that the wall clock lacks to the instant was an hour late in spring. In autumn the next turn mended it."""
        assert quiet_until(NIGHT, ("Europe/Helsinki",), at) == until

    def test_an_end_the_wall_clock_leaps_over(self) -> None:
        """Half past two does not come that night: at three the clock has passed it."""
        quiet = QuietHours(time(22), time(2, 30))
        assert quiet_until(quiet, ("Europe/Berlin",), datetime(2026, 3, 29, 0, tzinfo=UTC)) == datetime(2026, 3, 29, 1, tzinfo=UTC)

    def test_an_end_the_wall_clock_reads_twice(self) -> None:
        quiet, berlin = QuietHours(time(22), time(2, 30)), ("Europe/Berlin",)
        first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
        assert quiet_until(quiet, berlin, first - timedelta(minutes=10)) == first
        assert quiet_until(quiet, berlin, second - timedelta(minutes=10)) == second  # it is 02:20 once more

    def test_two_zones_leave_an_hour_between_their_nights(self) -> None:
        zones = ("Europe/Helsinki", "America/New_York")  # 06:00-19:00 and 13:00-02:00 UTC in winter
        assert quiet_until(NIGHT, zones, datetime(2026, 11, 21, 19, 30, tzinfo=UTC)) == datetime(2026, 11, 22, 13, tzinfo=UTC)

    def test_two_nights_that_leave_nothing(self) -> None:
        long = QuietHours(time(18), time(9))
        assert quiet_until(long, ("Europe/London", "Pacific/Auckland"), datetime(2026, 11, 21, 12, tzinfo=UTC)) is None

    @given(
        at=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
        zone=st.sampled_from(["Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "America/St_Johns", "Asia/Kathmandu"]),
        starts=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
        ends=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    )
    def test_it_is_the_first_instant_that_is_not_quiet(self, at: datetime, zone: str, starts: time, ends: time) -> None:
        quiet = QuietHours(starts, ends)
        until = quiet_until(quiet, (zone,), at)
        assert until is not None
        assert not is_quiet(quiet, (zone,), until)
        step = (until - at) / 20
        assert all(is_quiet(quiet, (zone,), at + step * n) for n in range(20)) or until == at
        assert until == at or until.astimezone(ZoneInfo(zone)).second == 0
