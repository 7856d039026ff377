"""Services in the console: seen with how full they are, written as lines, what is wrong beside what was typed."""

from __future__ import annotations

from collections.abc import Callable

from app.demo.city.curation import OOEY_GOOEY, PLACES
from app.security.principals import Role
from tests.app.web.conftest import Browser

HERE = "/console/services"
[FIRST, SECOND, THIRD, *_] = [p.id for p in PLACES if p.chain == OOEY_GOOEY]
TIMES = {"product_id": "prd_praline_course", "place_id": THIRD, "duration_min": "30", "capacity": "2", "open": "sat 10:00-12:00 EUR 12.50", "other_days": "2026-12-26 closed"}


class TestServices:
    def test_written_seen_and_taken_away(self, browser: Callable[..., Browser]) -> None:
        mari = browser(Role.MARKETER)
        assert mari.get(HERE).text.count("data-service=") == 2
        wrong = mari.post(HERE, TIMES | {"open": "sat 10-12"})
        assert (wrong.status_code, "say from when to when" in wrong.text, "sat 10-12" in wrong.text) == (422, True, True)
        assert mari.post(HERE, TIMES | {"place_id": "plc_none"}).status_code == 422
        assert mari.post(HERE, TIMES | {"duration_min": "180"}).status_code == 422
        assert mari.post(HERE, TIMES).status_code == 303
        assert mari.get(HERE).text.count("data-service=") == 3
        written = mari.get(f"{HERE}/write?product_id=prd_praline_course&place_id={THIRD}").text
        assert ("sat 10:00-12:00 EUR 12.50" in written, "2026-12-26 closed" in written, "Change the times" in written) == (True, True, True)
        assert "New times" in mari.get(f"{HERE}/write").text
        assert mari.post(f"{HERE}/remove", TIMES).status_code == 303
        assert mari.get(HERE).text.count("data-service=") == 2
        assert mari.post(f"{HERE}/remove", TIMES).status_code == 404
