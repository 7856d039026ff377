"""The ledger: a month's budget is spent once for each question, never overdrawn, and the same question gets the same answer."""

from __future__ import annotations

import threading
from itertools import count
from typing import Any

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.privacy import budget
from app.privacy.budget import PrivacyBudgetSpent, answered

NUMBERS = count()


def ask(database: Database, what: str, epsilon_micro: int = 400_000, limit_micro: int = 1_000_000, dataset: str = "visits") -> tuple[Any, bool]:
    with database.transaction() as session:
        return answered(session, dataset, {"what": what}, lambda: {"n": next(NUMBERS)}, epsilon_micro=epsilon_micro, limit_micro=limit_micro, at=database.clock.now())


def spent(database: Database) -> list[tuple[str, str, int]]:
    with database.reading() as session:
        return budget.spent(session)


class TestAnswered:
    def test_the_same_question_gets_the_same_noise_and_pays_once(self, database: Database) -> None:
        """Seen to fail on: a stored answer that pays again."""
        first, repeated = ask(database, "a")
        assert not repeated
        assert ask(database, "a") == (first, True)
        assert spent(database) == [("visits", "2026-11", 400_000)]

    def test_asked_more_exactly_it_is_another_question(self, database: Database) -> None:
        first, _ = ask(database, "a")
        assert ask(database, "a", 500_000)[0] != first
        assert spent(database) == [("visits", "2026-11", 900_000)]

    def test_what_would_overdraw_is_refused_and_keeps_nothing(self, database: Database) -> None:
        """Seen to fail on: `<` for `<=`."""
        ask(database, "a")
        ask(database, "b")
        with pytest.raises(PrivacyBudgetSpent):
            ask(database, "c")
        assert ask(database, "d", 200_000)[1] is False
        assert ask(database, "a")[1] is True
        assert spent(database) == [("visits", "2026-11", 1_000_000)]
        with pytest.raises(PrivacyBudgetSpent):
            ask(database, "c", 1)

    def test_datasets_and_months_have_their_own(self, database: Database, clock: ManualClock) -> None:
        ask(database, "a", 1_000_000)
        ask(database, "a", 1_000_000, dataset="orders")
        clock.advance(20 * 86_400)
        ask(database, "z", 1_000_000)
        assert spent(database) == [("visits", "2026-12", 1_000_000), ("orders", "2026-11", 1_000_000), ("visits", "2026-11", 1_000_000)]

    def test_asked_by_many_at_once_the_budget_is_not_overdrawn(self, database: Database) -> None:
        start, outcomes = threading.Barrier(8), list[str]()

        def one(what: str) -> None:
            start.wait()
            try:
                outcomes.append("repeated" if ask(database, what)[1] else "paid")
            except PrivacyBudgetSpent:
                outcomes.append("refused")

        threads = [threading.Thread(target=one, args=(what,)) for what in "aabbccdd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert spent(database) == [("visits", "2026-11", 800_000)]
        assert outcomes.count("paid") == 2
        assert len(outcomes) == 8
