"""A week of hours as a picture: stretches by day, over midnight too."""

from __future__ import annotations

from app.web.console.week import week


class TestWeek:
    def test_hours_of_a_day_and_over_midnight_into_monday(self) -> None:
        found = {row.day: row.stretches for row in week([{"days": ["mon", "sun"], "from": "22:30", "until": "02:00"}, {"days": ["mon"], "from": "09:00", "until": "24:00"}])}
        assert found["Monday"] == ((0, 120), (540, 900), (1350, 90))
        assert (found["Tuesday"], found["Wednesday"], found["Sunday"]) == (((0, 120),), (), ((1350, 90),))

    def test_no_hours_are_the_whole_week(self) -> None:
        assert [row.stretches for row in week([])] == [((0, 1440),)] * 7
