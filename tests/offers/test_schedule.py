"""A store's own calendar: zones, clock changes, nights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from offers import schedule
from offers.definition import Schedule, StoreHours, WeeklyHours

HELSINKI = ZoneInfo("Europe/Helsinki")


def local(text: str, zone: str = "Europe/Helsinki") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))


class TestZone:
    @pytest.mark.parametrize(
        "name", ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "Europe", "a\x00b", "x" * 5000]
    )
    def test_unknown_is_none(self, name: str) -> None:
        assert schedule.zone(name) is None

    def test_known(self) -> None:
        assert schedule.zone("Asia/Kathmandu") == ZoneInfo("Asia/Kathmandu")


class TestDates:
    def test_the_last_day_is_the_store_s(self) -> None:
        until = Schedule(starts_on="2026-11-21", ends_on="2026-11-21")
        assert schedule.is_over(until, schedule.day_of(local("2026-11-21T22:00:00")))
        assert not schedule.is_over(until, schedule.day_of(local("2026-11-21T21:59:59")))
        assert schedule.is_over(until, schedule.day_of(local("2026-11-21T15:00:00", "Asia/Tokyo")))
        assert not schedule.has_started(until, schedule.day_of(local("2026-11-20T21:59:59")))
        assert schedule.has_started(until, schedule.day_of(local("2026-11-20T22:00:00")))

    def test_one_instant_has_two_days(self) -> None:
        """Planted bug seen: the day remembered by the clock's time, which counts as equal in two zones, was the first one's."""
        assert schedule.day_of(local("2026-11-20T16:00:00")) == "2026-11-20"
        assert schedule.day_of(local("2026-11-20T16:00:00", "Asia/Tokyo")) == "2026-11-21"

    def test_no_dates_no_bounds(self) -> None:
        assert schedule.has_started(Schedule(), schedule.day_of(local("2026-01-01T00:00:00")))
        assert not schedule.is_over(Schedule(), schedule.day_of(local("9998-01-01T00:00:00")))


class TestLastInstant:
    def test_midnight_in_the_store(self) -> None:
        assert schedule.last_instant(Schedule(ends_on="2026-11-21"), HELSINKI) == datetime(2026, 11, 21, 22, tzinfo=UTC)
        assert schedule.last_instant(Schedule(ends_on="2026-06-21"), HELSINKI) == datetime(2026, 6, 21, 21, tzinfo=UTC)
        assert schedule.last_instant(Schedule(), HELSINKI) is None

    def test_where_midnight_does_not_exist(self) -> None:
        """Beirut skips 00:00-01:00 when summer begins: the day ends at the jump."""
        assert schedule.last_instant(Schedule(ends_on="2026-03-28"), ZoneInfo("Asia/Beirut")) == datetime(
            2026, 3, 28, 22, tzinfo=UTC
        )


class TestWithinWeekly:
    def test_to_the_minute(self) -> None:
        hours = Schedule(weekly=(WeeklyHours((5,), 9 * 60, 18 * 60),))
        assert not schedule.within_weekly(hours, local("2026-11-21T06:59:59"))
        assert schedule.within_weekly(hours, local("2026-11-21T07:00:00"))
        assert schedule.within_weekly(hours, local("2026-11-21T15:59:59"))
        assert not schedule.within_weekly(hours, local("2026-11-21T16:00:00"))
        assert not schedule.within_weekly(hours, local("2026-11-22T10:00:00"))

    def test_past_midnight_belongs_to_the_evening_s_day(self) -> None:
        hours = Schedule(weekly=(WeeklyHours((5,), 22 * 60, 2 * 60),))
        assert schedule.within_weekly(hours, local("2026-11-21T20:00:00"))
        assert schedule.within_weekly(hours, local("2026-11-21T23:59:00"))
        assert not schedule.within_weekly(hours, local("2026-11-22T00:00:00"))
        assert not schedule.within_weekly(hours, local("2026-11-20T23:59:00"))

    def test_sunday_night_runs_into_monday(self) -> None:
        hours = Schedule(weekly=(WeeklyHours((6,), 22 * 60, 2 * 60),))
        assert schedule.within_weekly(hours, local("2026-11-22T23:30:00"))

    def test_whole_day(self) -> None:
        hours = Schedule(weekly=(WeeklyHours((5,), 0, 24 * 60),))
        assert schedule.within_weekly(hours, local("2026-11-21T21:59:00"))
        assert not schedule.within_weekly(hours, local("2026-11-21T22:00:00"))

    def test_the_repeated_hour_counts_twice_and_the_skipped_one_never_comes(self) -> None:
        night = Schedule(weekly=(WeeklyHours((6,), 3 * 60, 4 * 60),))
        autumn = [local(f"2026-10-25T{h:02d}:30:00") for h in (0, 1)]
        assert [t.strftime("%H:%M") for t in autumn] == ["03:30", "03:30"]
        assert all(schedule.within_weekly(night, t) for t in autumn)
        spring = [local(f"2026-03-29T{h:02d}:{m}:00") for h in (0, 1) for m in ("00", "30")]
        assert not any(schedule.within_weekly(night, t) for t in spring)


class TestOverlap:
    @pytest.mark.parametrize(
        ("first", "second", "clash"),
        [
            (((0,), 540, 1020), ((0,), 1020, 1080), None),
            (((0,), 540, 1020), ((1,), 540, 1020), None),
            (((0, 2), 540, 1020), ((2,), 1019, 1080), (0, 1, 2)),
            (((0,), 0, 1440), ((0,), 600, 660), (0, 1, 0)),
            (((4,), 1320, 120), ((5,), 60, 180), (0, 1, 5)),
            (((6,), 1320, 120), ((0,), 60, 180), (0, 1, 0)),
            (((0,), 60, 180), ((6,), 1320, 120), (0, 1, 0)),
            (((6,), 1320, 120), ((0,), 120, 180), None),
        ],
    )
    def test_two_entries(
        self, first: tuple[Any, ...], second: tuple[Any, ...], clash: tuple[int, int, int] | None
    ) -> None:
        assert schedule.overlap([WeeklyHours(*first), WeeklyHours(*second)]) == clash

    def test_every_day_round_the_clock_is_one_entry(self) -> None:
        assert schedule.overlap([WeeklyHours(tuple(range(7)), 0, 1440)]) is None


SUNDAY_NIGHT = Schedule(weekly=(WeeklyHours((6,), 60, 300),))
"""Sundays, 01:00 to 05:00: the night in which the clocks change, in Europe and in America alike."""


class TestClockChanges:
    """Both changes of two zones: what the store's wall clock shows decides, so an hour lived twice counts twice."""

    @pytest.mark.parametrize(
        ("zone_name", "midnight", "hours"),
        [
            ("Europe/Helsinki", "2026-03-28T22:00", 3),  # 03:00 becomes 04:00
            ("Europe/Helsinki", "2026-10-24T21:00", 5),  # 04:00 becomes 03:00
            ("America/New_York", "2026-03-08T05:00", 3),  # 02:00 becomes 03:00
            ("America/New_York", "2026-11-01T04:00", 5),  # 02:00 becomes 01:00
            ("Asia/Tokyo", "2026-03-28T15:00", 4),  # never
        ],
    )
    def test_how_long_the_night_is(self, zone_name: str, midnight: str, hours: int) -> None:
        begins = datetime.fromisoformat(midnight).replace(tzinfo=UTC)
        where = ZoneInfo(zone_name)
        assert begins.astimezone(where).hour == 0
        minutes = [begins + timedelta(minutes=n) for n in range(24 * 60)]
        inside = sum(schedule.within_weekly(SUNDAY_NIGHT, at.astimezone(where)) for at in minutes)
        assert inside == hours * 60

    @pytest.mark.parametrize(
        ("zone_name", "day", "hours"),
        [
            ("Europe/Helsinki", "2026-03-29", 23),
            ("Europe/Helsinki", "2026-10-25", 25),
            ("America/New_York", "2026-03-08", 23),
            ("America/New_York", "2026-11-01", 25),
        ],
    )
    def test_a_campaign_of_that_one_day(self, zone_name: str, day: str, hours: int) -> None:
        where, only = ZoneInfo(zone_name), Schedule(starts_on=day, ends_on=day)
        end = schedule.last_instant(only, where)
        begins = schedule.last_instant(
            Schedule(ends_on=(date.fromisoformat(day) - timedelta(days=1)).isoformat()), where
        )
        assert end is not None
        assert begins is not None
        assert end - begins == timedelta(hours=hours)
        assert not schedule.is_over(only, schedule.day_of((end - timedelta(seconds=1)).astimezone(where)))
        assert schedule.is_over(only, schedule.day_of(end.astimezone(where)))
        assert schedule.has_started(only, schedule.day_of(begins.astimezone(where)))
        assert not schedule.has_started(only, schedule.day_of((begins - timedelta(seconds=1)).astimezone(where)))


class TestWeeklyAt:
    def test_a_store_s_own_hours_instead(self) -> None:
        evening = (WeeklyHours((0,), 1080, 1200),)
        both = Schedule(weekly=(WeeklyHours((0,), 540, 1020),), store_hours=(StoreHours("plc_late", evening),))
        assert schedule.weekly_at(both, "plc_late") == evening
        monday_ten, monday_seven = local("2026-11-23T08:00"), local("2026-11-23T17:00")
        assert schedule.within_weekly(both, monday_ten, "plc_other")
        assert not schedule.within_weekly(both, monday_ten, "plc_late")
        assert schedule.within_weekly(both, monday_seven, "plc_late")
        assert not schedule.within_weekly(both, monday_seven, "plc_other")

    def test_only_one_store_has_hours(self) -> None:
        late = Schedule(store_hours=(StoreHours("plc_late", (WeeklyHours((0,), 1080, 1200),)),))
        assert schedule.within_weekly(late, local("2026-11-23T08:00"), "plc_other")
        assert not schedule.within_weekly(late, local("2026-11-23T08:00"), "plc_late")
