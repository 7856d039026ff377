"""Whether what is known of the days ahead is what a campaign asks for: it is, it is not, nobody knows, and the value on the edge."""

from __future__ import annotations

from typing import Any

import pytest

from offers.outside import outlook
from offers.outside.asked import DayKind, Rain, SpecialDays, Weather, WeatherOn
from offers.outside.outlook import DayForecast, Found, NamedDay, Outlook
from tests.conftest import START

THURSDAY, FRIDAY, SATURDAY, SUNDAY = "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"


def told(day: str, high_c: float = 18.0, rain_mm: float = 0.0, cloud_pct: int | None = 20) -> DayForecast:
    return DayForecast(day, high_c, rain_mm, cloud_pct, "test", START)


def found(asked: Weather, *days: DayForecast, today: str = THURSDAY) -> tuple[str, str | None]:
    answer = outlook.weather(asked, Outlook(today, "helsinki", "FI", days))
    return answer.found.value, answer.day.day if answer.day else None


class TestWeather:
    """Seen to fail with `dry` taking 1 mm for dry, with `<` for `<=` in the clouds, and with weekends that begin on Fridays."""

    @pytest.mark.parametrize(
        ("asked", "day", "fits"),
        [
            (Weather(rain=Rain.DRY), {"rain_mm": 0.9}, True),
            (Weather(rain=Rain.DRY), {"rain_mm": 1.0}, False),
            (Weather(rain=Rain.WET), {"rain_mm": 1.0}, True),
            (Weather(rain=Rain.WET), {"rain_mm": 0.9}, False),
            (Weather(sunny=True), {"cloud_pct": 40}, True),
            (Weather(sunny=True), {"cloud_pct": 41}, False),
            (Weather(sunny=True), {"cloud_pct": None}, False),
            (Weather(min_high_c=18), {"high_c": 18.0}, True),
            (Weather(min_high_c=18), {"high_c": 17.9}, False),
            (Weather(max_high_c=0), {"high_c": 0.0}, True),
            (Weather(max_high_c=0), {"high_c": 0.1}, False),
        ],
    )
    def test_each_part_and_its_edge(self, asked: Weather, day: dict[str, Any], fits: bool) -> None:
        assert found(asked, told(THURSDAY, **day)) == ("fits" if fits else "misses", THURSDAY)

    def test_all_of_it_on_one_and_the_same_day(self) -> None:
        asked = Weather(within_days=1, rain=Rain.DRY, min_high_c=18)
        assert found(asked, told(THURSDAY, 25, 4), told(FRIDAY, 10, 0)) == ("misses", THURSDAY)  # as near as the other, and earlier
        assert found(asked, told(THURSDAY, 25, 4), told(FRIDAY, 18, 0)) == ("fits", FRIDAY)

    def test_so_far_ahead_and_no_farther(self) -> None:
        fine = told(SATURDAY)
        assert found(Weather(within_days=2, rain=Rain.DRY), fine) == ("fits", SATURDAY)
        assert found(Weather(within_days=1, rain=Rain.DRY), fine) == ("unknown", None)

    def test_only_a_weekend_counts_where_that_is_asked(self) -> None:
        asked = Weather(within_days=3, on=WeatherOn.WEEKEND, rain=Rain.DRY)
        assert found(asked, told(FRIDAY), told(SATURDAY, rain_mm=9), told(SUNDAY)) == ("fits", SUNDAY)
        assert found(asked, told(THURSDAY), told(FRIDAY), told(SATURDAY, rain_mm=9), told(SUNDAY, rain_mm=9)) == ("misses", SATURDAY)
        assert found(Weather(within_days=1, on=WeatherOn.WEEKEND, rain=Rain.DRY), told(THURSDAY), told(FRIDAY)) == ("far", None)

    def test_days_nobody_forecast_are_counted_and_never_fit(self) -> None:
        asked = Weather(within_days=3, rain=Rain.DRY)
        answer = outlook.weather(asked, Outlook(THURSDAY, "helsinki", "FI", (told(FRIDAY, rain_mm=2),)))
        assert (answer.found, answer.unknown_days) == (Found.MISSES, 3)
        assert outlook.weather(asked, Outlook(THURSDAY)).found is Found.UNKNOWN


INDEPENDENCE = NamedDay("2026-12-06", "independence_day", True)
BLACK_FRIDAY = NamedDay("2026-11-27", "black_friday", False)


def special(asked: SpecialDays, today: str, *, until: str | None = "2026-12-31") -> tuple[str, str, str]:
    answer = outlook.special(asked, Outlook(today, "helsinki", "FI", (), (BLACK_FRIDAY, INDEPENDENCE), "2026-01-01" if until else None, until))
    return answer.found.value, answer.day, answer.name


class TestSpecial:
    """Seen to fail with an eve that counts any named day for a holiday, and with silence of a calendar that does not reach taken for a no."""

    @pytest.mark.parametrize(
        ("asked", "today", "answer"),
        [
            (SpecialDays(kinds=(DayKind.PUBLIC_HOLIDAY,)), "2026-12-06", ("fits", "2026-12-06", "independence_day")),
            (SpecialDays(kinds=(DayKind.PUBLIC_HOLIDAY,)), "2026-12-05", ("misses", "", "")),
            (SpecialDays(1, (DayKind.PUBLIC_HOLIDAY,)), "2026-12-05", ("fits", "2026-12-06", "independence_day")),
            (SpecialDays(kinds=(DayKind.BEFORE_PUBLIC_HOLIDAY,)), "2026-12-05", ("fits", "2026-12-05", "day_before_public_holiday: independence_day")),
            (SpecialDays(kinds=(DayKind.BEFORE_PUBLIC_HOLIDAY,)), "2026-11-26", ("misses", "", "")),
            (SpecialDays(kinds=(DayKind.PUBLIC_HOLIDAY,)), "2026-11-27", ("misses", "", "")),
            (SpecialDays(named=("black_friday",)), "2026-11-27", ("fits", "2026-11-27", "black_friday")),
            (SpecialDays(4, named=("black_friday",)), "2026-11-22", ("misses", "", "")),
            (SpecialDays(5, named=("black_friday",)), "2026-11-22", ("fits", "2026-11-27", "black_friday")),
            (SpecialDays(kinds=(DayKind.WEEKEND,)), SUNDAY, ("fits", SUNDAY, "weekend")),
            (SpecialDays(kinds=(DayKind.WEEKEND,)), FRIDAY, ("misses", "", "")),
            (SpecialDays(1, (DayKind.WEEKEND,)), FRIDAY, ("fits", SATURDAY, "weekend")),
        ],
    )
    def test_each_kind_and_its_edge(self, asked: SpecialDays, today: str, answer: tuple[str, str, str]) -> None:
        assert special(asked, today) == answer

    def test_beyond_the_calendar_nobody_knows_but_a_weekend(self) -> None:
        eve = SpecialDays(kinds=(DayKind.BEFORE_PUBLIC_HOLIDAY,))
        assert special(eve, "2026-12-31") == ("unknown", "", "")
        assert special(eve, "2026-12-30") == ("misses", "", "")
        assert special(eve, "2026-11-26", until=None) == ("unknown", "", "")
        assert special(SpecialDays(kinds=(DayKind.WEEKEND,)), FRIDAY, until=None) == ("misses", "", "")

    def test_what_is_found_counts_also_where_the_calendar_ends_soon(self) -> None:
        assert special(SpecialDays(30, named=("independence_day",)), "2026-12-05", until="2026-12-10")[0] == "fits"
