from __future__ import annotations

import pytest
from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.errors import LimitReached
from app.security.limits import spend
from app.security.models import LimitRow
from app.security.windows import LimitRule

from .racing import race

RULE = LimitRule("till_code", 20, 60)


class TestSpend:
    def test_raced_tries_are_admitted_exactly_as_often_as_allowed(self, database: Database) -> None:
        """Seen to fail on both engines with reading the times in one transaction and writing them in another."""
        results = race(32, lambda _: spend(database, RULE, "clerk:1"))
        assert sum(r is None for r in results) == 20
        assert sum(isinstance(r, LimitReached) for r in results) == 12

    def test_says_when_to_come_again_and_lets_in_then(self, database: Database, clock: ManualClock) -> None:
        rule = LimitRule("x", 2, 60)
        spend(database, rule, "ip:1")
        clock.advance(10)
        spend(database, rule, "ip:1")
        with pytest.raises(LimitReached) as refusal:
            spend(database, rule, "ip:1")
        assert refusal.value.status == 429
        assert refusal.value.extra == {"limit": "x", "tries": 2, "window_s": 60, "retry_after_s": 50}
        clock.advance(50)
        spend(database, rule, "ip:1")

    def test_identities_and_rules_do_not_share(self, database: Database) -> None:
        one = LimitRule("a", 1, 60)
        spend(database, one, "ip:1")
        spend(database, one, "ip:2")
        spend(database, LimitRule("b", 1, 60), "ip:1")
        with pytest.raises(LimitReached):
            spend(database, one, "ip:1")

    def test_each_of_several_identities_counts_and_a_refusal_counts_for_none(self, database: Database) -> None:
        """Seen to fail with the times written before all have been asked, in transactions of their own."""
        one = LimitRule("a", 1, 60)
        spend(database, one, "shopper:1", "device:1")
        with pytest.raises(LimitReached):
            spend(database, one, "shopper:2", "device:1")
        spend(database, one, "shopper:2", "device:2")
        for spent, other in (("shopper:1", "device:1"), ("device:1", "shopper:1")):  # whichever of the two is asked first
            rule = LimitRule(spent, 1, 60)
            spend(database, rule, spent)
            with pytest.raises(LimitReached):
                spend(database, rule, spent, other)
            spend(database, rule, other)

    def test_those_who_name_the_same_two_in_either_order_do_not_lock_each_other_out(self, database: Database) -> None:
        pairs = (("device:1", "shopper:1"), ("shopper:1", "device:1"))
        assert race(12, lambda i: spend(database, RULE, *pairs[i % 2])) == [None] * 12

    def test_a_failed_use_case_gives_no_try_back(self, database: Database) -> None:
        one = LimitRule("a", 1, 60)
        spend(database, one, "ip:1")
        with pytest.raises(RuntimeError, match="boom"), database.transaction():
            raise RuntimeError("boom")
        with pytest.raises(LimitReached):
            spend(database, one, "ip:1")

    def test_no_address_is_stored(self, database: Database) -> None:
        spend(database, RULE, "ip:203.0.113.9")
        with database.reading() as session:
            row = session.scalars(select(LimitRow)).one()
            assert (row.rule, len(row.identity_hash), len(row.times_ms)) == ("till_code", 64, 1)

    def test_ten_thousand_guesses_from_a_hundred_identities(self, database: Database) -> None:
        """At most 20 a minute each, however they come. A tenth of the guesses here; each identity is far over its limit."""

        def guess(worker: int) -> int:
            admitted = 0
            for i in range(250):
                try:
                    spend(database, LimitRule("till_code", 2, 60), f"clerk:{(worker * 250 + i) % 10}")
                    admitted += 1
                except LimitReached:
                    pass
            return admitted

        results = race(4, guess)
        assert sum(r for r in results if isinstance(r, int)) == 20
