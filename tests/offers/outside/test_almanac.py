"""Which area a place lies in, and which forecast counts at an instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from msgspec import UNSET

from offers.outside.almanac import Almanac, Area, Calendar, Issue, area_of, span_of
from offers.outside.asked import DayKind, Rain, SpecialDays, Weather
from offers.outside.outlook import DayForecast, NamedDay, Outlook
from tests.conftest import START
from tests.offers.builders import KLUUVI, TOKYO

AREA = Area("helsinki", "Helsinki", 60.17, 24.95, 30_000, "Europe/Helsinki", "FI")
TODAY = date(2026, 11, 21)


def issue(known_at: datetime, rain_mm: float, good_for_h: int = 48, day: str = "2026-11-21") -> Issue:
    return Issue("helsinki", DayForecast(day, 5.0, rain_mm, None, "test", known_at), known_at + timedelta(hours=good_for_h))


def almanac(*issues: Issue) -> Almanac:
    by_key: dict[tuple[str, str], tuple[Issue, ...]] = {}
    for one in issues:
        key = one.area_id, one.forecast.day
        by_key[key] = (*by_key.get(key, ()), one)
    return Almanac((AREA,), by_key, {"FI": Calendar("FI", "2026-01-01", "2026-12-31", (NamedDay("2026-12-06", "independence_day", True),))})


class TestAreaOf:
    def test_the_nearest_of_those_it_lies_in(self) -> None:
        wide = replace(AREA, id="south", lat_deg=60.5, radius_m=100_000)
        assert area_of((wide, AREA), KLUUVI) == AREA
        assert area_of((wide,), KLUUVI) == wide
        assert area_of((wide, AREA), TOKYO) is None
        assert area_of((), KLUUVI) is None

    def test_its_edge(self) -> None:
        """One degree of latitude is 111.19 km on the sphere. Seen to fail with degrees taken for radians."""
        a_degree_off = replace(AREA, lat_deg=KLUUVI.lat_deg + 1, lon_deg=KLUUVI.lon_deg)
        assert area_of((replace(a_degree_off, radius_m=111_200),), KLUUVI) is not None
        assert area_of((replace(a_degree_off, radius_m=111_190),), KLUUVI) is None


class TestKnown:
    @pytest.mark.parametrize(
        ("after_h", "rain_mm"), [(-7, None), (-6, 3.0), (-1, 3.0), (0, 0.0), (5, 0.0), (6, None)]
    )
    def test_the_newest_that_was_known_and_had_not_run_out(self, after_h: int, rain_mm: float | None) -> None:
        """Seen to fail without `known_at <= at` (a simulation would know tomorrow's forecast) and without the end."""
        known = almanac(issue(START - timedelta(hours=6), 3.0, 8), issue(START, 0.0, 6))
        found = known.known("helsinki", "2026-11-21", START + timedelta(hours=after_h))
        assert (found.rain_mm if found else None) == rain_mm


class TestOutlook:
    def test_only_what_is_asked_for_is_in_it(self) -> None:
        known = almanac(issue(START, 1), issue(START, 2, day="2026-11-22"), issue(START, 3, day="2026-11-23"))
        seen = known.outlook(Weather(within_days=1, rain=Rain.DRY), None, KLUUVI, TODAY, START)
        assert isinstance(seen, Outlook)
        assert (seen.today, seen.area, seen.region) == ("2026-11-21", "helsinki", "FI")
        assert [one.day for one in seen.forecasts] == ["2026-11-21", "2026-11-22"]
        assert (seen.named_days, seen.calendar_from) == ((), None)
        assert known.outlook(None, None, KLUUVI, TODAY, START) is UNSET

    def test_an_eve_needs_the_day_after(self) -> None:
        """Seen to fail with the named days of the asked ones alone."""
        seen = almanac().outlook(None, SpecialDays(kinds=(DayKind.BEFORE_PUBLIC_HOLIDAY,)), KLUUVI, date(2026, 12, 5), START)
        assert isinstance(seen, Outlook)
        assert [one.name for one in seen.named_days] == ["independence_day"]
        assert (seen.calendar_from, seen.calendar_until, seen.forecasts) == ("2026-01-01", "2026-12-31", ())

    def test_where_nobody_watches_nothing_is_known(self) -> None:
        assert almanac(issue(START, 1)).outlook(Weather(rain=Rain.DRY), None, TOKYO, TODAY, START) == Outlook("2026-11-21")
        assert almanac().outlook(Weather(rain=Rain.DRY), None, KLUUVI, None, START) == Outlook("")


class TestSpanOf:
    def test_reaches_as_far_as_the_farthest_question(self) -> None:
        assert span_of([Weather(within_days=3), None, SpecialDays(9)], START, START + timedelta(days=1)) == ("2026-11-20", "2026-12-03")
        assert span_of([None], START, START) is None
