"""The bugs that the proofs are there to notice, each one small and plausible, switched on in a child process alone.

Owns nothing of the product: each function replaces a piece of it by a version somebody might have written.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel import http, idempotency
from offers import ledger, moves
from offers.models import CouponRow

GAP_S = 0.1
"""What lies between looking and writing: long enough for somebody else to look too."""


def check_before_lock() -> None:
    """The coupon's state is looked at, and then written without asking again."""

    def move(session: Session, coupon: CouponRow, from_state: str, to_state: str, at: Any, *_: Any, **values: Any) -> bool:
        if session.scalar(select(CouponRow.state).where(CouponRow.id == coupon.id)) != from_state:
            return False
        time.sleep(GAP_S)
        row = update(CouponRow).where(CouponRow.id == coupon.id)
        session.execute(row.values(state=str(to_state), changed_at=at, **values))
        return True

    moves.move = move  # type: ignore[assignment]


def commit_split_in_two() -> None:
    """The coupon's move is committed before its ledger entry."""
    whole = moves.move

    def move(session: Session, *args: Any, **values: Any) -> bool:
        done = whole(session, *args, **values)
        session.commit()
        return done

    moves.move = move  # type: ignore[assignment]


def key_stored_after_the_effect() -> None:
    """The idempotent answer is stored in a transaction of its own, after that of the effect."""

    def run(call: http.CommandCall, work: Callable[[Session], Any], status: int = 200) -> Any:
        key_hash, at = call._key_hash(), call.clock.now()
        if key_hash is not None:
            with call.database.reading() as session:
                row = session.get(idempotency.IdempotencyRow, key_hash)
                if row is not None:
                    return http._replayed(idempotency.Answer(row.status or 200, row.body or b""))
        with call.database.transaction() as session:
            answer = idempotency.Answer(status, http.to_json(work(session)))
        time.sleep(GAP_S)
        if key_hash is not None:
            with call.database.transaction() as session:
                idempotency.begin(session, key_hash, call._request_hash(), at, staged=False)
                idempotency.finish(session, key_hash, answer)
        return http._respond(answer)

    http.CommandCall.run = run  # type: ignore[method-assign]


def skip_one_ledger_entry() -> None:
    """A use at the till is not written into the ledger."""
    enter = ledger.Books.enter

    def forgetful(books: ledger.Books, coupon: CouponRow, from_state: str, to_state: str, **named: Any) -> None:
        if to_state != "redeemed":
            enter(books, coupon, from_state, to_state, **named)

    ledger.Books.enter = forgetful  # type: ignore[method-assign]


PLANTS: dict[str, Callable[[], None]] = {
    plant.__name__: plant
    for plant in (check_before_lock, commit_split_in_two, key_stored_after_the_effect, skip_one_ledger_entry)
}
