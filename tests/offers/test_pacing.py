"""Even pacing: what is released on which day, by the store's calendar, and that no day gives more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.db import Database
from app.kernel.errors import Invalid
from offers import facade, pacing, schemas
from offers.definition import Definition
from tests.offers.builders import KLUUVI, document, go_live, moment, race, weigh

FOUR_DAYS = {"starts_on": "2026-11-21", "ends_on": "2026-11-24"}
FIRST = datetime(2026, 11, 21, 12, tzinfo=UTC)
EURO = {"kind": "amount", "amount_minor": 100}


def definition(**changes: Any) -> Definition:
    given = {"pacing": "even", "budget_minor": 1000, "schedule": FOUR_DAYS, "benefit": EURO} | changes
    return schemas.checked(document(**given))


class TestReleasedMinor:
    def test_a_share_each_day(self) -> None:
        d = definition()
        days = [pacing.released_minor(d, "Europe/Helsinki", FIRST + timedelta(days=n)) for n in range(-1, 6)]
        assert days == [250, 250, 500, 750, 1000, 1000, 1000]

    def test_the_day_is_the_store_s(self) -> None:
        evening = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)  # half past midnight in Helsinki
        assert pacing.released_minor(definition(), "Europe/Helsinki", evening) == 500
        assert pacing.released_minor(definition(), "UTC", evening) == 250

    def test_never_less_than_one_coupon(self) -> None:
        assert pacing.released_minor(definition(budget_minor=120), "UTC", FIRST) == 100

    def test_without_pacing_all_of_it(self) -> None:
        assert pacing.released_minor(definition(pacing="none"), "UTC", FIRST) == 1000
        assert pacing.released_minor(definition(pacing="none", budget_minor=None), "UTC", FIRST) is None

    def test_a_day_of_23_hours_is_a_day(self) -> None:
        d = definition(schedule={"starts_on": "2027-03-27", "ends_on": "2027-03-30"})
        local_midnight = datetime(2027, 3, 28, 21, 0, tzinfo=UTC)  # the night after the clocks went forward
        assert pacing.released_minor(d, "Europe/Helsinki", local_midnight - timedelta(seconds=1)) == 500
        assert pacing.released_minor(d, "Europe/Helsinki", local_midnight) == 750

    @given(st.integers(100, 10**9), st.integers(0, 400), st.integers(-5, 405))
    def test_it_only_grows_and_ends_at_the_budget(self, budget_minor: int, days: int, day: int) -> None:
        last = (FIRST + timedelta(days=days)).date().isoformat()
        d = definition(budget_minor=budget_minor, schedule={"starts_on": "2026-11-21", "ends_on": last})
        today = pacing.released_minor(d, "UTC", FIRST + timedelta(days=day))
        tomorrow = pacing.released_minor(d, "UTC", FIRST + timedelta(days=day + 1))
        assert today is not None
        assert tomorrow is not None
        assert 100 <= today <= tomorrow <= budget_minor
        assert day < days or today == budget_minor


class TestClaim:
    def test_no_day_gives_more_than_is_released(self, database: Database) -> None:
        """Sixteen shoppers at once each day. Seen to fail with the whole budget in the counter's UPDATE."""
        with database.transaction() as session:
            changes = {"pacing": "even", "budget_minor": 1000, "schedule": FOUR_DAYS, "benefit": EURO}
            go_live(session, experiment={"holdout_bp": 0}, **changes)
        given: list[int] = []
        for day in range(4):
            at = FIRST + timedelta(days=day)

            def visit(n: int, day: int = day, at: datetime = at) -> None:
                with database.transaction() as session:
                    weigh(session, moment(f"mom_{day}_{n}", f"shp_{day}_{n}", at=at), at)

            race([lambda n=n: visit(n) for n in range(16)])
            with database.reading() as session:
                view = facade.campaign(session, "cam_bonbon")
            assert view is not None
            given.append(view.figures.issued)
        assert given == [2, 5, 7, 10]

    def test_says_why_not_today(self, database: Database) -> None:
        with database.transaction() as session:
            changes = {"pacing": "even", "budget_minor": 400, "schedule": FOUR_DAYS, "benefit": EURO}
            go_live(session, experiment={"holdout_bp": 0}, **changes)
            weigh(session, moment("mom_1", "shp_1", at=FIRST), FIRST, place=KLUUVI)
            (decision_id,) = weigh(session, moment("mom_2", "shp_2", at=FIRST), FIRST, place=KLUUVI)
            view = facade.decision(session, decision_id)
            assert view is not None
            (against,) = [r for r in view.reasons if not r.passed]
            stored, again = facade.replay_decision(session, decision_id)
        assert (against.code, against.facts) == (
            "budget_ahead",
            {"committed_minor": 100, "released_minor": 100, "currency": "EUR"},
        )
        assert stored == again


class TestSchema:
    @pytest.mark.parametrize("missing", [{"budget_minor": None}, {"schedule": {"starts_on": "2026-11-21"}}])
    def test_even_needs_money_and_days(self, missing: dict[str, Any]) -> None:
        with pytest.raises(Invalid, match="pacing even needs"):
            definition(**missing)
