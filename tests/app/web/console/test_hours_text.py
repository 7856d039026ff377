"""Hours as a person writes them, there and back."""

from __future__ import annotations

import pytest

from app.web.console.hours_text import NotHours, days_of, text_of_days, text_of_week, week_of


class TestWeek:
    def test_days_hours_and_a_price(self) -> None:
        assert week_of("tue thu 16:00-20:00\n\n Sat 10:00 – 14:00  EUR 55,5 SEK 600 \nmon-wed 08:00-09:00") == [
            {"days": ["tue", "thu"], "begins": "16:00", "ends": "20:00", "prices_minor": {}},
            {"days": ["sat"], "begins": "10:00", "ends": "14:00", "prices_minor": {"EUR": 5550, "SEK": 60000}},
            {"days": ["mon", "tue", "wed"], "begins": "08:00", "ends": "09:00", "prices_minor": {}},
        ]

    def test_there_and_back(self) -> None:
        text = "tue thu 16:00-20:00\nsat 10:00-14:00 EUR 55.50 JPY 900"
        assert text_of_week(week_of(text)) == text

    @pytest.mark.parametrize("line", ["16:00-20:00", "fun 16:00-20:00", "tue 16-20", "tue 16:00-20:00 cheap", "tue 16:00-20:00 EUR 5.555", "tue 16:00-20:00 EURO 5"])
    def test_what_cannot_be_read_is_named(self, line: str) -> None:
        with pytest.raises(NotHours, match=line.split(maxsplit=1)[0]):
            week_of(f"mon 08:00-09:00\n{line}")


class TestDays:
    def test_closed_or_at_other_hours(self) -> None:
        text = "2026-12-23 10:00-12:00 EUR 40\n2026-12-23 13:00-14:00\n2026-12-24 closed"
        found = days_of(text)
        assert [(one["date"], len(one["open"])) for one in found] == [("2026-12-23", 2), ("2026-12-24", 0)]
        assert text_of_days(found) == text

    @pytest.mark.parametrize("line", ["christmas closed", "2026-12-24", "2026-12-24 shut"])
    def test_what_cannot_be_read_is_named(self, line: str) -> None:
        with pytest.raises(NotHours):
            days_of(line)
