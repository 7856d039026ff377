"""The table of keys beneath the edge: sweeping, and what two attempts may not both do."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.kernel import idempotency
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.idempotency import KEEP_ANSWER, Answer, IdempotencyRow, StillInProgress, begin, finish, sweep
from app.kernel.processes import this_process


class TestSweep:
    def test_forgets_what_is_older_than_a_day_and_nothing_else(self, database: Database, clock: ManualClock) -> None:
        for key in ("old", "new"):
            with database.transaction() as session:
                begin(session, key, "r", clock.now(), staged=False)
                finish(session, key, Answer(200, b"{}"))
            clock.advance(KEEP_ANSWER.total_seconds() / 2 + 1)
        with database.transaction() as session:
            assert sweep(session, clock.now()) == 1
        with database.reading() as session:
            assert session.scalars(select(IdempotencyRow.key_hash)).all() == ["new"]


class TestTakeOver:
    def test_of_two_retries_after_a_crash_one_goes_on(self, database: Database, clock: ManualClock) -> None:
        with database.transaction() as session:
            assert begin(session, "k", "r", clock.now(), staged=True) == (None, 1)
        clock.advance(31)
        with database.transaction() as session:
            assert begin(session, "k", "r", clock.now(), staged=True) == (None, 2)
        with pytest.raises(StillInProgress), database.transaction() as session:
            begin(session, "k", "r", clock.now(), staged=True)

    @pytest.mark.parametrize("dead", [True, False])
    def test_the_claim_of_a_process_that_has_ended_is_taken_over_at_once(
        self, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, dead: bool
    ) -> None:
        """Planted bug seen: without the question who made it, the retry of a killed checkout waited half a minute."""
        with monkeypatch.context() as before, database.transaction() as session:
            name = str(this_process())
            before.setattr(idempotency, "this_process", lambda: f"{name.rpartition('/')[0]}/1" if dead else name)
            begin(session, "k", "r", clock.now(), staged=True)
        if dead:
            with database.transaction() as session:
                assert begin(session, "k", "r", clock.now(), staged=True) == (None, 2)
        with pytest.raises(StillInProgress), database.transaction() as session:
            begin(session, "k", "r", clock.now(), staged=True)

    def test_a_late_first_attempt_cannot_change_the_stored_answer(self, database: Database, clock: ManualClock) -> None:
        with database.transaction() as session:
            begin(session, "k", "r", clock.now(), staged=False)
            finish(session, "k", Answer(201, b"first"))
        with database.transaction() as session:
            finish(session, "k", Answer(500, b"late"))
        with database.transaction() as session:
            assert begin(session, "k", "r", clock.now(), staged=False) == (Answer(201, b"first"), 1)
            assert session.scalar(select(func.count()).select_from(IdempotencyRow)) == 1
