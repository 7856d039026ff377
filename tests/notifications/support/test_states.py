"""Each step leads where the table says, and nowhere else."""

from __future__ import annotations

import pytest

from app.kernel.verdict import Fail
from notifications.support.reasons import SENTENCES, SupportReason
from notifications.support.states import LIVE, OURS, CaseState, Move, after

S, M = CaseState, Move
TABLE = {
    (M.ASK, S.OPEN): S.OPEN, (M.ASK, S.WAITING_SHOPPER): S.WAITING_US, (M.ASK, S.WAITING_US): S.WAITING_US, (M.ASK, S.SOLVED): S.REOPENED, (M.ASK, S.REOPENED): S.REOPENED,
    (M.ANSWER, S.OPEN): S.WAITING_SHOPPER, (M.ANSWER, S.WAITING_SHOPPER): S.WAITING_SHOPPER, (M.ANSWER, S.WAITING_US): S.WAITING_SHOPPER, (M.ANSWER, S.REOPENED): S.WAITING_SHOPPER,
    (M.RESUME, S.WAITING_SHOPPER): S.WAITING_US,
    (M.SOLVE, S.OPEN): S.SOLVED, (M.SOLVE, S.WAITING_SHOPPER): S.SOLVED, (M.SOLVE, S.WAITING_US): S.SOLVED, (M.SOLVE, S.REOPENED): S.SOLVED,
    (M.REOPEN, S.SOLVED): S.REOPENED,
    (M.CLOSE, S.SOLVED): S.CLOSED,
    (M.MERGE, S.OPEN): S.CLOSED, (M.MERGE, S.WAITING_SHOPPER): S.CLOSED, (M.MERGE, S.WAITING_US): S.CLOSED, (M.MERGE, S.SOLVED): S.CLOSED, (M.MERGE, S.REOPENED): S.CLOSED,
}  # fmt: skip


class TestAfter:
    @pytest.mark.parametrize("move", Move)
    @pytest.mark.parametrize("state", CaseState)
    def test_the_whole_table(self, move: Move, state: CaseState) -> None:
        found, wanted = after(move, state), TABLE.get((move, state))
        if wanted is not None:
            assert found is wanted
        else:
            assert isinstance(found, Fail)
            assert found.reason == (SupportReason.CASE_CLOSED if state is S.CLOSED else SupportReason.CASE_NOT_THERE)

    def test_the_clock_runs_only_where_it_is_our_turn(self) -> None:
        assert {S.OPEN, S.WAITING_US, S.REOPENED} == OURS
        assert {S.WAITING_SHOPPER} == LIVE - OURS

    def test_every_reason_has_its_sentence(self) -> None:
        assert set(SENTENCES) == set(SupportReason)
