"""Which link an order is owed to, and what is worth a reward."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.kernel.verdict import PASS, Fail
from storefront.sharing.rules import Facts, Touch, deserved, last_touch
from tests.conftest import START

DAY = timedelta(days=1)
GOOD = Facts(first_order=True, stands=True, same_by=(), rewarded=0)


class TestLastTouch:
    def test_the_last_before_the_order_within_the_days(self) -> None:
        touches = [Touch("old", START - 31 * DAY), Touch("a", START - 2 * DAY), Touch("b", START - DAY), Touch("later", START + DAY)]
        found = last_touch(touches, ordered_at=START, within_days=30)
        assert found is not None
        assert found.share_id == "b"
        assert last_touch(touches[:1], ordered_at=START, within_days=30) is None
        assert last_touch([Touch("edge", START - 30 * DAY)], ordered_at=START, within_days=30) is None


class TestDeserved:
    def test_each_thing_that_stands_against_it(self) -> None:
        def why(**changes: object) -> str | None:
            verdict = deserved(replace(GOOD, **changes), most_a_year=10)  # type: ignore[arg-type]
            return str(verdict.reason) if isinstance(verdict, Fail) else None

        assert deserved(GOOD, most_a_year=10) is PASS
        assert why(first_order=False) == "referral_not_first_order"
        assert why(same_by=("device",)) == "referral_same_person"
        assert why(stands=False) == "referral_went_back"
        assert (why(rewarded=9), why(rewarded=10)) == (None, "referral_cap_reached")
