"""Where a case stands, and which step leads where. Pure.

Owns the table of moves. What is not in it is refused; the row is held by whoever moves it, so that of two at once the second sees where the first went.
"""

from __future__ import annotations

from enum import StrEnum

from app.kernel.verdict import Fail
from notifications.support.reasons import SupportReason


class CaseState(StrEnum):
    """Stored: never renamed, only added. `open`: nobody of ours has answered yet; `reopened`: it was solved, and she wrote again."""

    OPEN = "open"
    WAITING_SHOPPER = "waiting_shopper"
    WAITING_US = "waiting_us"
    SOLVED = "solved"
    CLOSED = "closed"
    REOPENED = "reopened"


class Move(StrEnum):
    """`ask`: she writes; `answer`: one of us does; `resume`: there is something to do for us though she has not written."""

    ASK = "ask"
    ANSWER = "answer"
    RESUME = "resume"
    SOLVE = "solve"
    REOPEN = "reopen"
    CLOSE = "close"
    MERGE = "merge"


_S = CaseState
OURS = frozenset({_S.OPEN, _S.WAITING_US, _S.REOPENED})
"""It is our turn: the clock runs."""
LIVE = OURS | {_S.WAITING_SHOPPER}

_TABLE: dict[Move, dict[CaseState, CaseState]] = {
    Move.ASK: {_S.OPEN: _S.OPEN, _S.WAITING_US: _S.WAITING_US, _S.REOPENED: _S.REOPENED, _S.WAITING_SHOPPER: _S.WAITING_US, _S.SOLVED: _S.REOPENED},
    Move.ANSWER: dict.fromkeys(LIVE, _S.WAITING_SHOPPER),
    Move.RESUME: {_S.WAITING_SHOPPER: _S.WAITING_US},
    Move.SOLVE: dict.fromkeys(LIVE, _S.SOLVED),
    Move.REOPEN: {_S.SOLVED: _S.REOPENED},
    Move.CLOSE: {_S.SOLVED: _S.CLOSED},
    Move.MERGE: dict.fromkeys((*LIVE, _S.SOLVED), _S.CLOSED),
}


def after(move: Move, state: CaseState) -> CaseState | Fail:
    """Where it leads from there; Fail where it leads nowhere."""
    found = _TABLE[move].get(state)
    if found is None:
        return Fail(SupportReason.CASE_CLOSED if state is _S.CLOSED else SupportReason.CASE_NOT_THERE, {"state": state.value, "move": move.value})
    return found
