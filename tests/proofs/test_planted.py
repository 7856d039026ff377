"""Every proof fails when its bug is switched on: else it would prove nothing.

SQLite lets one writer in at a time, which hides the bugs of two who look at once; those are planted on PostgreSQL.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.proofs.rig import Rig, scan
from tests.proofs.test_kill import killed_at
from tests.proofs.test_repeats import insist
from tests.proofs.test_single_use import check, once
from tests.proofs.wire import ask


class TestOnEither:
    def test_skip_one_ledger_entry(self, rig: Rig) -> None:
        rig.start(plant="skip_one_ledger_entry")
        rig.campaign()
        check(once(rig, rig.clerks(2)))
        with pytest.raises(AssertionError):
            rig.in_order()

    def test_key_stored_after_the_effect(self, rig: Rig) -> None:
        rig.start(plant="key_stored_after_the_effect")
        _, shopper = rig.shopper()
        told: Counter[str] = Counter()
        for n in range(12):
            told += insist(rig.url, shopper, f"planted.{n}", random.Random(n))
        pieces = sum(line["quantity"] for line in ask(rig.url, "GET", "/v1/cart", **shopper).json["lines"])
        assert pieces > 12

    @pytest.mark.full
    def test_commit_split_in_two(self, rig: Rig) -> None:
        """Killed between the two commits, the coupon is used and no book knows."""
        rig.start(plant="commit_split_in_two")
        rig.campaign()
        coupon, clerk = rig.coupon(), rig.clerk()
        drifted = 0
        for point in range(60):
            if not killed_at(rig, scan(coupon, clerk), point):
                break
            rig.start(plant="commit_split_in_two")
            drifted += rig.counted().drift != ()
            if drifted:
                break
        assert drifted


@pytest.mark.parametrize("rig", ["postgresql"], indirect=True)
class TestOnPostgresql:
    @pytest.mark.full
    def test_check_before_lock(self, rig: Rig) -> None:
        rig.start(plant="check_before_lock")
        rig.campaign(benefit={"kind": "percent", "percent": 20})
        with pytest.raises(AssertionError):
            check(once(rig, rig.clerks(30)))
