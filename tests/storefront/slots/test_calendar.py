"""The calendar against the wall clock, across both changes of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from storefront.slots import calendar as slots
from storefront.slots.calendar import Calendar, Slot, Window

HELSINKI = ZoneInfo("Europe/Helsinki")


ZONES = ["Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "UTC"]
CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 4), date(2011, 12, 30)]
"""When clocks change there; the last is a whole day that Apia left out."""


def window(begins_h: float, ends_h: float, *, capacity: int = 5, closes_min_before: int = 60, **prices_minor: int) -> Window:
    return Window(int(begins_h * 60), int(ends_h * 60), capacity, closes_min_before, prices_minor)


def calendar(*windows: Window, other: dict[date, Sequence[Window]] | None = None, ahead_days: int = 1, timezone: str = "Europe/Helsinki") -> Calendar:
    return Calendar(timezone, [windows] * 7, other or {}, ahead_days)


def local(slot: Slot) -> str:
    return f"{slot.starts_at.astimezone(HELSINKI):%d %H:%M}-{slot.ends_at.astimezone(HELSINKI):%H:%M}"


def at(text: str) -> datetime:
    """In Helsinki."""
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI).astimezone(UTC)


class TestOfDay:
    def test_is_in_local_time_and_named_by_it(self) -> None:
        [slot] = slots.of_day("bike", calendar(window(10, 12, EUR=290)), date(2026, 11, 23))
        assert (slot.id, slot.starts_at, slot.ends_at, slot.closes_at) == (
            "bike.20261123.1000", datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 7, tzinfo=UTC),
        )  # fmt: skip
        assert (slot.price_minor("EUR", 490), slot.price_minor("SEK", 5500)) == (290, 5500)

    def test_the_grid_of_that_weekday(self) -> None:
        week = [[window(h, h + 1)] for h in range(7)]
        grid = Calendar("Europe/Helsinki", week, {}, 7)
        monday = date(2026, 11, 23)
        assert [local(slots.of_day("a", grid, monday + timedelta(days=d))[0]) for d in (0, 6)] == ["23 00:00-01:00", "29 06:00-07:00"]

    def test_another_day_holds_instead_and_may_hold_nothing(self) -> None:
        grid = calendar(window(10, 12), other={date(2026, 12, 24): [window(9, 10)], date(2026, 12, 25): []})
        assert [[local(s) for s in slots.of_day("a", grid, date(2026, 12, d))] for d in (23, 24, 25)] == [["23 10:00-12:00"], ["24 09:00-10:00"], []]

    def test_when_an_hour_is_left_out_what_lies_in_it_is_cut_or_not_there(self) -> None:
        """On 29 March 2026 the clocks go from 03:00 to 04:00."""
        grid = calendar(window(2, 3), window(3, 4), window(3.5, 5), window(4, 5), window(10, 12))
        assert [local(s) for s in slots.of_day("a", grid, date(2026, 3, 29))] == ["29 02:00-04:00", "29 04:00-05:00", "29 04:00-05:00", "29 10:00-12:00"]
        assert slots.of_day("a", grid, date(2026, 3, 29))[0].ends_at - slots.of_day("a", grid, date(2026, 3, 29))[0].starts_at == timedelta(hours=1)

    def test_an_hour_that_comes_twice_leaves_no_gap_and_no_overlap(self) -> None:
        """On 25 October 2026 the clocks go from 04:00 back to 03:00."""
        grid = calendar(window(2, 3), window(3, 3.5), window(3.5, 4), window(4, 5))
        found = slots.of_day("a", grid, date(2026, 10, 25))
        assert all(a.ends_at == b.starts_at for a, b in itertools.pairwise(found))
        assert found[-1].ends_at - found[0].starts_at == timedelta(hours=4)

    def test_midnight_is_the_end_of_the_day(self) -> None:
        [slot] = slots.of_day("a", calendar(window(22, 24)), date(2026, 11, 23))
        assert local(slot) == "23 22:00-00:00"

    @pytest.mark.parametrize("timezone", ZONES)
    @pytest.mark.parametrize("day", CHANGES)
    def test_a_day_that_is_filled_has_slots_of_its_own_that_never_overlap(self, day: date, timezone: str) -> None:
        """Windows that follow one another on the wall do so in UTC, on the day of any change; each has an id of its own and a length, and they
        fill the day from midnight to midnight.

        Planted bug: a time that is left out taken as Python takes it, an hour further on."""
        zone = ZoneInfo(timezone)
        found = slots.of_day("a", calendar(*(window(quarter / 4, (quarter + 1) / 4) for quarter in range(96)), timezone=timezone), day)
        assert all(slot.starts_at < slot.ends_at for slot in found)
        assert len({slot.id for slot in found}) == len(found)
        assert all(a.ends_at == b.starts_at for a, b in itertools.pairwise(found))
        if found:  # Apia had no such day
            lasts = datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC) - datetime.combine(day, time(0), zone).astimezone(UTC)
            assert found[-1].ends_at - found[0].starts_at == lasts


class TestBookable:
    def test_from_today_on_so_many_days_ahead_of_the_areas_own_day(self) -> None:
        grid = calendar(window(10, 12), ahead_days=2)
        assert [s.day.day for s in slots.bookable("a", grid, at("2026-11-23T00:30"))] == [23, 24, 25]  # 22:30 of the 22nd in UTC

    @pytest.mark.parametrize(("now", "there"), [("2026-11-23T08:59:59", True), ("2026-11-23T09:00", False), ("2026-11-23T11:00", False)])
    def test_until_the_cut_off_and_not_at_it(self, now: str, there: bool) -> None:
        found = slots.bookable("a", calendar(window(10, 12), ahead_days=0), at(now))
        assert bool(found) is there

    def test_a_cut_off_may_lie_on_the_day_before(self) -> None:
        grid = calendar(window(8, 10, closes_min_before=14 * 60), ahead_days=1)  # by six in the evening
        assert [local(s) for s in slots.bookable("a", grid, at("2026-11-23T17:59"))] == ["24 08:00-10:00"]
        assert slots.bookable("a", grid, at("2026-11-23T18:00")) == []


class TestFind:
    def test_what_can_be_booked_and_nothing_else(self) -> None:
        grid, now = calendar(window(10, 12), ahead_days=3), at("2026-11-23T08:00")
        found = slots.find("a", grid, "a.20261124.1000", now)
        assert found is not None
        assert local(found) == "24 10:00-12:00"
        for slot_id in ("a.20261128.1000", "b.20261124.1000", "a.20261124.1001", "a.20261122.1000", "", "a.20261124", "a.99999999.9999"):
            assert slots.find("a", grid, slot_id, now) is None
