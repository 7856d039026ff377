"""The bugs that the proofs are there to notice, each one small and plausible, switched on for one process alone.

Owns nothing of the product: each function puts a version that somebody might have written in the place of a piece of it.
`put` is `setattr` in a child process, and `monkeypatch.setattr` where the threads of a test are the server.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.kernel import http, idempotency
from app.kernel.db import Database, insert_new
from app.kernel.verdict import Fail
from app.security import access, sealing
from app.security.errors import LimitReached
from app.security.models import LimitRow
from app.security.windows import LimitRule, admit
from offers import issuance, ledger, moves
from offers.definition import Definition
from offers.models import Counter, CouponRow

Put = Callable[[Any, str, Any], None]

GAP_S = 0.1
"""What lies between the effect and the key: long enough for a repeat to come in between."""
MEET_WITHIN_S = 2.0

_meeting = threading.Barrier(2)


def _meet() -> None:
    """Whoever has looked waits here, before it writes, for a second who has looked too: the bug then shows every time.

    On SQLite nobody comes, since one writer is let in at a time; that hides the bug, and after a while one goes on alone.
    """
    try:
        _meeting.wait(MEET_WITHIN_S)
    except threading.BrokenBarrierError:
        with contextlib.suppress(threading.BrokenBarrierError):
            _meeting.reset()


def count_then_insert(put: Put) -> None:
    """The coupons that there are are counted, and if they are fewer than the cap there is one more; the budget likewise."""

    def claim(session: Session, campaign_id: str, definition: Definition, budget_minor: int | None) -> None:
        counter = update(Counter).where(Counter.campaign_id == campaign_id)
        cap, face_minor = definition.caps.total, definition.face_minor
        given = session.scalar(select(func.count()).select_from(CouponRow).where(CouponRow.campaign_id == campaign_id)) or 0
        held_minor = session.scalar(select(Counter.budget_reserved_minor + Counter.budget_spent_minor).where(Counter.campaign_id == campaign_id)) or 0
        if (cap is not None and given >= cap) or (budget_minor is not None and held_minor + face_minor > budget_minor):
            raise issuance._Lost
        _meet()
        session.execute(counter.values(issued=Counter.issued + 1, budget_reserved_minor=Counter.budget_reserved_minor + face_minor))

    put(issuance, "_claim_counter", claim)


def limit_counted_apart(put: Put) -> None:
    """The tries of the last minute are counted, and if they are fewer than allowed there is one more."""

    def looked(session: Session, rule: LimitRule, identity_hash: str, at: datetime) -> list[int]:
        found = session.scalar(select(LimitRow.times_ms).where(LimitRow.rule == rule.name, LimitRow.identity_hash == identity_hash)) or []
        admission = admit(rule, found, int(at.timestamp() * 1000))
        if isinstance(admission.verdict, Fail):
            raise LimitReached(extra=admission.verdict.facts)
        return list(admission.times_ms)

    def written(database: Database, rule: LimitRule, identity_hash: str, times_ms: list[int]) -> None:
        values = {"times_ms": times_ms, "updated_at": database.clock.now()}
        with database.transaction() as session:
            if not insert_new(session, LimitRow, {"rule": rule.name, "identity_hash": identity_hash, **values}, unique=["rule", "identity_hash"]):
                session.execute(update(LimitRow).where(LimitRow.rule == rule.name, LimitRow.identity_hash == identity_hash).values(**values))

    def spend(database: Database, rule: LimitRule, *identities: str) -> None:
        for identity_hash in {sealing.keyed_hash("limit", identity) for identity in identities}:
            with database.reading() as session:
                times_ms = looked(session, rule, identity_hash, database.clock.now())
            written(database, rule, identity_hash, times_ms)

    class Apart:
        def __init__(self, rule: LimitRule, *identities: str) -> None:
            self.rule, self.identities, self.counted = rule, identities, False

        def within(self, session: Session) -> None:
            for identity_hash in {sealing.keyed_hash("limit", identity) for identity in self.identities}:
                times_ms = looked(session, self.rule, identity_hash, session.info["clock"].now())
                session.info["afterwards"].append(partial(written, rule=self.rule, identity_hash=identity_hash, times_ms=times_ms))
            self.counted = True

        def alone(self, database: Database) -> None:
            if not self.counted:
                spend(database, self.rule, *self.identities)

    put(access, "spend", spend)
    put(access, "tries", Apart)


def check_before_lock(put: Put) -> None:
    """The coupon's state is looked at, and then written without asking again."""

    def move(session: Session, coupon: CouponRow, from_state: str, to_state: str, at: Any, *_: Any, of_use: str | None = None, **values: Any) -> bool:
        if session.scalar(select(CouponRow.state).where(CouponRow.id == coupon.id)) != from_state:
            return False
        _meet()
        row = update(CouponRow).where(CouponRow.id == coupon.id)
        session.execute(row.values(state=str(to_state), changed_at=at, **values))
        return True

    put(moves, "move", move)


def commit_split_in_two(put: Put) -> None:
    """The coupon's move is committed before its ledger entry."""
    whole = moves.move

    def move(session: Session, *args: Any, **values: Any) -> bool:
        done = whole(session, *args, **values)
        session.commit()
        return done

    put(moves, "move", move)


def key_stored_after_the_effect(put: Put) -> None:
    """The idempotent answer is stored in a transaction of its own, after that of the effect."""

    def run(call: http.CommandCall, work: Callable[[Session], Any], status: int = 200) -> Any:
        key_hash, at = call._key_hash(), call.clock.now()
        if key_hash is not None:
            with call.database.reading() as session:
                row = session.get(idempotency.IdempotencyRow, key_hash)
                if row is not None:
                    return http._replayed(idempotency.Answer(row.status or 200, call.database.answers.given(key_hash, row.body or b"")))
        with call.database.transaction() as session:
            answer = idempotency.Answer(status, http.to_json(work(session)))
        time.sleep(GAP_S)
        if key_hash is not None:
            with call.database.transaction() as session:
                idempotency.begin(session, key_hash, call._request_hash(), at, staged=False)
                idempotency.finish(session, key_hash, answer, call._caller)
        return http._respond(answer)

    put(http.CommandCall, "run", run)


def skip_one_ledger_entry(put: Put) -> None:
    """A use at the till is not written into the ledger."""
    enter = ledger.Books.enter

    def forgetful(books: ledger.Books, coupon: CouponRow, from_state: str, to_state: str, **named: Any) -> None:
        if to_state != "redeemed":
            enter(books, coupon, from_state, to_state, **named)

    put(ledger.Books, "enter", forgetful)


PLANTS: dict[str, Callable[[Put], None]] = {
    plant.__name__: plant
    for plant in (count_then_insert, limit_counted_apart, check_before_lock, commit_split_in_two, key_stored_after_the_effect, skip_one_ledger_entry)
}
