"""A file of recorded data: taken whole, or not at all; a corrected one takes the place of what it says anew."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from app.kernel.db import Database
from app.kernel.errors import Invalid
from offers import facade
from offers.outside.importing import Imported
from tests.conftest import START
from tests.offers.outside.builders import FINLAND, HELSINKI, day, forecast, recorded

FILE = recorded(forecast(day("2026-11-21", 3.25, 0.04), day("2026-11-22", -1, 5, None)), forecast(day("2026-11-22", 2, 0.2), known_at="2026-11-21T12:30:00+02:00"))

WRONG: list[tuple[tuple[Any, ...], Any, str]] = [
    (("areas", 0, "timezone"), "Mars/Olympus", "areas[0].timezone: use an IANA time zone"),
    (("areas", 0, "lat"), 91, "areas[0].lat: Input should be less than or equal to 90"),
    (("forecasts", 0, "area"), "tampere", "forecasts: there is no area tampere"),
    (("forecasts", 0, "known_at"), "2026-11-21T06:00:00", "forecasts[0].known_at: Input should have timezone info"),
    (("forecasts", 0, "days", 0, "rain_mm"), -1, "forecasts[0].days[0].rain_mm: Input should be greater than or equal to 0"),
    (("forecasts", 0, "days", 0, "day"), "someday", "forecasts[0].days[0].day: Input should be a valid date"),
    (("calendars", 0, "last_day"), "2026-11-30", "calendars[0]: independence_day on 2026-12-06 is not between"),
    (("calendars", 0, "region"), "Finland", "calendars[0].region: String should match pattern"),
]


def known(database: Database, after_h: float = 0) -> dict[str, Any]:
    with database.reading() as session:
        return facade.outside_known(session, START + timedelta(hours=after_h))


class TestTake:
    def test_what_is_known_then_is_what_the_file_says(self, database: Database) -> None:
        for _ in range(2):  # the same file again changes nothing
            with database.transaction() as session:
                assert facade.import_outside(session, FILE) == Imported(1, 3, 1, 2)
        found = known(database)
        days = [(d["day"], d["high_c"], d["rain_mm"], d["cloud_pct"]) for d in found["areas"][0]["days"]]
        assert days == [("2026-11-21", 3.2, 0.0, 20), ("2026-11-22", 2.0, 0.2, 20)]
        assert [d["high_c"] for d in known(database, -2)["areas"][0]["days"]] == [3.2, -1.0]
        assert known(database, 100)["areas"][0]["days"] == []
        assert found["calendars"] == [
            {
                "region": "FI", "first_day": "2026-01-01", "last_day": "2026-12-31",
                "days": [
                    {"day": "2026-11-27", "name": "black_friday", "holiday": False, "title": {"en": "Black Friday"}},
                    {"day": "2026-12-06", "name": "independence_day", "holiday": True, "title": {"en": "Independence Day", "fi": "Itsenäisyyspäivä"}},
                ],
            }
        ]  # fmt: skip

    def test_a_corrected_file_replaces(self, database: Database) -> None:
        """Seen to fail with rows that are left as they are."""
        with database.transaction() as session:
            facade.import_outside(session, FILE)
            wider = {"areas": [HELSINKI | {"name": "Helsinki and around"}], "forecasts": [forecast(day("2026-11-21", 9))]}
            facade.import_outside(session, wider | {"calendars": [FINLAND | {"days": FINLAND["days"][1:]}]})
        found = known(database)
        assert (found["areas"][0]["name"], found["areas"][0]["days"][0]["high_c"]) == ("Helsinki and around", 9.0)
        assert [d["name"] for d in found["calendars"][0]["days"]] == ["independence_day"]

    def test_a_wrong_field_is_named_and_nothing_written(self, database: Database) -> None:
        for path, value, says in WRONG:
            wrong = copy.deepcopy(FILE)
            inner: Any = wrong
            for part in path[:-1]:
                inner = inner[part]
            inner[path[-1]] = value
            with pytest.raises(Invalid) as refused, database.transaction() as session:
                facade.import_outside(session, wrong)
            assert str(refused.value.detail).startswith(says)
        assert known(database) == {"areas": [], "calendars": []}

    @pytest.mark.parametrize("document", [None, [], "{}", {"forecast": []}])
    def test_what_is_no_such_file_is_refused(self, document: object) -> None:
        with pytest.raises(Invalid):
            facade.import_outside(None, document)  # type: ignore[arg-type]
