"""Recorded weather from a file, and what a decision would go by now."""

from __future__ import annotations

import json
from pathlib import Path

from tests.app.cli.conftest import Moments
from tests.offers.outside.builders import FINLAND, recorded


class TestImport:
    def test_a_wrong_file_is_refused_in_one_line_and_nothing_is_known(self, migrated: Moments, tmp_path: Path) -> None:
        file = tmp_path / "weather.json"
        file.write_text(json.dumps(recorded(calendars=[FINLAND | {"last_day": "2025-01-01"}])))
        ran = migrated("weather", "import", str(file))
        assert (ran.code, ran.out, ran.err) == (1, "", "moments: calendars[0]: last_day is before first_day; exchange them\n")
        assert migrated("weather", "show").out.startswith("No forecast is known; bring some in with")

    def test_the_demo_s_file(self, migrated: Moments) -> None:
        file = Path(__file__).parents[3] / "app" / "demo" / "weather.json"
        assert migrated("weather", "import", str(file)).out == "1 areas, 20 days of forecasts, 1 calendars with 63 days\n"
        told = migrated("weather", "show").out
        assert "The calendar of FI is whole from 2026-01-01 to 2028-12-31." in told
