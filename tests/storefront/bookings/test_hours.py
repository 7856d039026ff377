"""The hours a service is open, cut into times, on days when clocks change too."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from storefront.bookings.hours import Service, service_of
from storefront.bookings.schemas import ServiceIn, stored
from storefront.slots import calendar
from storefront.slots.calendar import Slot

ALL = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def service(**told: Any) -> Service:
    written = ServiceIn.model_validate({"duration_min": 45, "open": [{"days": ALL, "begins": "10:00", "ends": "13:00"}]} | told)
    return service_of("svc_1", "prd_course", "plc_kluuvi", stored(written, "Europe/Helsinki"))


def of_day(one: Service, day: date) -> list[Slot]:
    return calendar.of_day(one.id, one.calendar, day)


def local(one: Service, day: date) -> list[str]:
    zone = ZoneInfo(one.calendar.timezone)
    return [f"{s.starts_at.astimezone(zone):%H:%M}-{s.ends_at.astimezone(zone):%H:%M}" for s in of_day(one, day)]


class TestTimes:
    def test_follow_one_another_as_many_as_end_in_time(self) -> None:
        assert local(service(), date(2026, 11, 23)) == ["10:00-10:45", "10:45-11:30", "11:30-12:15", "12:15-13:00"]
        assert local(service(pause_min=15), date(2026, 11, 23)) == ["10:00-10:45", "11:00-11:45", "12:00-12:45"]

    def test_hold_as_many_as_the_staff_can_serve(self) -> None:
        assert {s.capacity for s in of_day(service(capacity=4, staff=2), date(2026, 11, 23))} == {8}

    def test_cost_what_their_hours_say(self) -> None:
        hours = [{"days": ["mon"], "begins": "10:00", "ends": "11:00", "prices_minor": {"EUR": 3000}}, {"days": ["mon"], "begins": "17:00", "ends": "18:00"}]
        assert [s.price_minor("EUR", 4500) for s in of_day(service(open=hours), date(2026, 11, 23))] == [3000, 4500]

    def test_another_day_holds_instead_and_may_be_closed(self) -> None:
        one = service(other_days=[{"date": "2026-12-24", "open": [{"begins": "09:00", "ends": "10:00"}]}, {"date": "2026-12-25"}])
        assert [local(one, date(2026, 12, d)) for d in (24, 25)] == [["09:00-09:45"], []]

    def test_cut_off_and_until_when_it_is_hers_to_move(self) -> None:
        one = service(closes_min_before=90, free_min_before=24 * 60)
        first = of_day(one, date(2026, 11, 23))[0]
        assert (first.starts_at, first.closes_at, one.free_until(first)) == (
            datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 23, 6, 30, tzinfo=UTC), datetime(2026, 11, 22, 8, tzinfo=UTC),
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            (date(2026, 3, 29), ["01:00-01:45", "02:00-02:45", "04:00-04:45"]),  # 03:00 becomes 04:00: what lies in it is not given
            (date(2026, 10, 25), ["01:00-01:45", "02:00-02:45", "03:00-03:45", "04:00-04:45"]),  # 04:00 becomes 03:00: nothing is given twice
        ],
    )
    def test_keep_their_length_when_clocks_change(self, day: date, expected: list[str]) -> None:
        """Planted bug: `lasts_min` left out; at 2:30 in spring half an hour was sold as three quarters, and at 3:30 in autumn it took 105 minutes."""
        hourly = service(pause_min=15, open=[{"days": ALL, "begins": "01:00", "ends": "04:45"}])
        assert local(hourly, day) == expected
        shifted = service(pause_min=15, open=[{"days": ALL, "begins": "01:30", "ends": "05:15"}])
        times = [*of_day(hourly, day), *of_day(shifted, day)]
        assert {s.ends_at - s.starts_at for s in times} == {timedelta(minutes=45)}
        for one in (hourly, shifted):
            spans = [(s.starts_at, s.ends_at) for s in of_day(one, day)]
            assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans))


class TestDocument:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"duration_min": 4}, {"duration_min": 181}, {"open": [{"days": ["mon"], "begins": "12:00", "ends": "12:00"}]}, {"capacity": -1}, {"staff": 0}, {"timezone": "Mars/Olympus"},
            {"open": [{"days": ["mon"], "begins": "10:00", "ends": "12:00"}, {"days": ["tue", "mon"], "begins": "11:00", "ends": "13:00"}]},
            {"other_days": [{"date": "2026-12-24"}, {"date": "2026-12-24"}]}, {"other_days": [{"date": "2026-12-24", "open": [{"begins": "10:00", "ends": "10:30"}]}]}, {"colour": "red"},
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            service(**wrong)
